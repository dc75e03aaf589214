"""Whether Adam's second moment is what it should be."""

import math

import pytest
import torch

from dicttui.measures.adaptivity import epsilon_share, staleness


def after(scales, betas=(0.9, 0.99)):
    """exp_avg_sq of torch's Adam after steps with gradients of these scales, [2, 50]."""
    generator = torch.Generator().manual_seed(0)
    rows = torch.nn.Parameter(torch.zeros(2, 50))
    optimizer = torch.optim.Adam([rows], betas=betas)
    for scale in scales:
        rows.grad = torch.randn(2, 50, generator=generator) * torch.tensor(scale)[:, None]
        optimizer.step()
    return optimizer.state[rows]["exp_avg_sq"], generator


def test_epsilon_share_by_hand():
    second = torch.tensor([[1.0, 9.0], [0.0, 0.0]]) * (1 - 0.9**3)
    found = epsilon_share(second, 3, 0.9, 1.0).tolist()
    assert found == pytest.approx([(1 / 2 + 1 / 4) / 2, 1.0])
    assert epsilon_share(torch.zeros(4), 1, 0.9, 0.0).isnan().all()
    assert epsilon_share(torch.ones(4), 1, 0.9, 1e-8).shape == (1,)


def test_staleness_says_by_which_power_of_ten_steps_are_too_short_or_too_long():
    """Gradients that shrink a hundredfold leave v̂ behind; those that grow are ahead of it."""
    second, generator = after([(1.0, 1.0)] * 400 + [(0.01, 100.0)] * 2)
    recent = [
        torch.randn(2, 50, generator=generator) * torch.tensor([[0.01], [100.0]]) for _ in range(8)
    ]
    shrunk, grown = staleness(second, 402, 0.99, recent).tolist()
    assert shrunk == pytest.approx(2, abs=0.1)
    # Two of the last hundred or so gradients that v̂ remembers are the large ones.
    assert grown == pytest.approx(math.log10(math.sqrt(0.02)), abs=0.1)


def test_staleness_is_zero_where_nothing_changed_and_as_by_hand():
    second, generator = after([(1.0, 3.0)] * 300)
    recent = [
        torch.randn(2, 50, generator=generator) * torch.tensor([[1.0], [3.0]]) for _ in range(8)
    ]
    found = staleness(second, 300, 0.99, recent).tolist()
    assert found == pytest.approx([0, 0], abs=0.1)
    for row, value in enumerate(found):
        squares = [float(g) ** 2 for step in recent for g in step[row]]
        roots = second[row].double() / (1 - 0.99**300)
        by_hand = math.sqrt(float(roots.mean())) / math.sqrt(sum(squares) / len(squares))
        assert value == pytest.approx(math.log10(by_hand), abs=1e-4)


def test_staleness_where_something_is_zero():
    second = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    gradient = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    both, no_moment, no_gradient = staleness(second, 5, 0.9, [gradient]).tolist()
    assert math.isnan(both)
    assert no_moment == -math.inf
    assert no_gradient == math.inf
    assert staleness(second, 5, 0.9, []).isnan().all()
