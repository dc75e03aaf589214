"""Gradients: their size, their origin, their noise."""

import math

import pytest
import torch

from dicttui.measures.gradients import noise_scale, noise_scale_of_norms, norm, penalty_share


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_norm_is_of_all_gradients_together():
    assert float(norm([torch.tensor([3.0]), None, torch.tensor([[0.0, 4.0]])])) == 5
    assert float(norm([])) == 0
    assert math.isnan(float(norm([torch.tensor([1.0, math.nan])])))


def test_penalty_share_by_hand():
    error = [torch.tensor([3.0, 0.0]), torch.tensor([[1.0]]), None, torch.tensor([2.0]), None]
    penalty = [torch.tensor([-4.0, 3.0]), None, torch.tensor([5.0]), torch.tensor([-2.0]), None]
    found = penalty_share(error, penalty)
    assert found.shares.tolist()[:4] == pytest.approx([5 / 8, 0, 1, 1 / 2])
    assert math.isnan(found.shares[4])
    assert found.cosines[[0, 3]].tolist() == pytest.approx([-0.8, -1])
    assert found.cosines[[1, 2, 4]].isnan().all()
    errors, penalties = math.sqrt(9 + 1 + 4), math.sqrt(25 + 25 + 4)
    assert float(found.share) == pytest.approx(penalties / (errors + penalties))
    assert float(found.cosine) == pytest.approx(-16 / (errors * penalties))
    assert math.isnan(penalty_share([], []).share)


def test_noise_and_signal_are_those_of_the_single_samples_gradients():
    """A linear regression with 1600 samples, in minibatches of 8: all of its samples' gradients are
    known.
    """
    x, target = drawn(1600, 3), drawn(1600, 2, seed=1)
    weight = torch.nn.Parameter(drawn(2, 3, seed=2))
    bias = torch.nn.Parameter(torch.zeros(2))

    def gradients(rows):
        loss = (x[rows] @ weight.T + bias - target[rows]).square().mean(dim=1).mean()
        return torch.autograd.grad(loss, [weight, bias])

    singly = 2 / 2 * (x @ weight.T + bias - target).detach()
    samples = torch.cat([(singly[:, :, None] * x[:, None, :]).flatten(1), singly], dim=1)
    noise = float(samples.var(dim=0).sum())
    signal = float(samples.mean(dim=0).square().sum())

    batches = torch.arange(1600).split(8)
    found = noise_scale((gradients(rows) for rows in batches), batch=8)
    assert found.noise == pytest.approx(noise, rel=0.1)
    assert found.signal == pytest.approx(signal - noise / 1600, rel=0.01)
    assert found.scale == pytest.approx(found.noise / found.signal)

    squares = [float(norm(gradients(rows)) ** 2) for rows in batches]
    whole = float(norm(gradients(slice(None))) ** 2)
    by_norms = noise_scale_of_norms(sum(squares) / len(squares), whole, 8, 1600)
    assert by_norms.noise == pytest.approx(found.noise, rel=1e-3)
    assert by_norms.signal == pytest.approx(found.signal, rel=1e-3)


def test_signal_is_without_bias_also_from_two_minibatches():
    truth = torch.tensor([1.0, -1.0])
    found = [
        noise_scale([[truth + drawn(2, seed=2 * i)], [truth + drawn(2, seed=2 * i + 1)]], batch=1)
        for i in range(400)
    ]
    assert sum(f.signal for f in found) / 400 == pytest.approx(2, abs=0.3)
    assert sum(f.noise for f in found) / 400 == pytest.approx(2, abs=0.3)


def test_noise_scale_without_enough_to_tell():
    one = [torch.ones(2)]
    assert math.isnan(noise_scale([], 4).noise)
    assert math.isnan(noise_scale([one], 4).scale)
    assert noise_scale([one, one], 4) == (0, 2, 0)
    assert noise_scale([one, [-torch.ones(2)]], 4).scale == math.inf
    assert math.isnan(noise_scale([one, [torch.full((2,), math.nan)]], 4).scale)
    assert noise_scale([[None, one[0]], [one[0], one[0]]], 1).noise == pytest.approx(1)
    assert math.isnan(noise_scale_of_norms(1.0, 1.0, 8, 8).scale)
