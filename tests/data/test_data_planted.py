"""Samples from a known dictionary."""

from pathlib import Path

import pytest
import torch

from dicttui.data.seeds import generator
from dicttui.data.source import open_source
from dicttui.preset.data import PlantedData

CPU = torch.device("cpu")


def planted(**keys):
    return PlantedData(kind="planted", **keys)


def draw(seed=0, **keys):
    return open_source(planted(**keys), seed, Path()).draw()


def codes_of(samples):
    """Codes of noiseless samples whose atoms are independent."""
    x, atoms = samples.train.double(), samples.true_atoms.double()
    return torch.linalg.lstsq(atoms.T, x.T).solution.T


def test_true_atoms_are_unit_rows():
    samples = draw(n=10)
    assert samples.true_atoms.shape == (64, 32)
    torch.testing.assert_close(samples.true_atoms.norm(dim=1), torch.ones(64))


def test_codes_are_sparse_non_negative_and_in_range():
    samples = draw(n=5000, d_in=48, n_atoms=40, mean_l0=4, noise=0)
    codes = codes_of(samples)
    active = codes.abs() > 1e-4
    l0 = active.sum(dim=1).double()
    assert l0.mean().item() == pytest.approx(4, abs=0.12)
    assert l0.var().item() == pytest.approx(40 * 0.1 * 0.9, rel=0.1)
    assert codes[active].min() > 0.5 - 1e-3
    assert codes[active].max() < 1.5 + 1e-3
    assert codes[active].mean().item() == pytest.approx(1, abs=0.01)
    assert codes[active].var().item() == pytest.approx(1 / 12, rel=0.05)
    frequency = active.double().mean(dim=0)
    assert (frequency - 0.1).abs().max() < 0.025


def test_exponential_amplitudes_have_their_mean_and_spread():
    samples = draw(
        n=5000, d_in=48, n_atoms=40, noise=0, amplitudes="exponential", amplitude_mean=2.5
    )
    codes = codes_of(samples)
    amplitudes = codes[codes.abs() > 1e-4]
    assert amplitudes.min() > 0
    assert amplitudes.mean().item() == pytest.approx(2.5, rel=0.03)
    assert amplitudes.std().item() == pytest.approx(2.5, rel=0.05)


def test_every_atom_takes_part_where_mean_l0_says_so():
    codes = codes_of(draw(n=20, d_in=8, n_atoms=4, mean_l0=4, noise=0))
    assert (codes > 0.49).all()


def test_equal_amplitude_bounds_give_that_amplitude():
    codes = codes_of(
        draw(n=20, d_in=8, n_atoms=4, mean_l0=4, noise=0, amplitude_min=1, amplitude_max=1)
    )
    torch.testing.assert_close(codes, torch.ones_like(codes), atol=1e-4, rtol=0)


def test_noise_has_its_standard_deviation_on_every_feature():
    clean, noisy = draw(n=4000, noise=0), draw(n=4000, noise=0.05)
    noise = noisy.train - clean.train
    assert noise.mean().abs().item() < 0.001
    torch.testing.assert_close(noise.std(dim=0), torch.full((32,), 0.05), rtol=0.1, atol=0)


def test_held_out_samples_share_the_atoms_and_change_no_train_sample():
    without, with_held_out = draw(n=300), draw(n=300, held_out=0.5)
    assert torch.equal(without.train, with_held_out.train)
    assert torch.equal(without.true_atoms, with_held_out.true_atoms)
    assert with_held_out.held_out.shape == (150, 32)
    assert not (with_held_out.held_out[:, None] == without.train[None]).all(dim=2).any()


def test_the_atoms_are_not_what_a_network_is_started_at():
    torch.manual_seed(0)
    start = torch.nn.functional.normalize(torch.randn(64, 32))
    cosines = draw(seed=0, n=10).true_atoms @ start.T
    assert cosines.diagonal().abs().mean() < 0.3


def test_more_samples_than_one_chunk_are_all_drawn():
    samples = draw(n=9001, noise=0)
    assert len(samples.train.unique(dim=0)) > 8500


def test_fresh_batches_follow_from_seed_and_step():
    keys = {"n": 100, "fresh": True, "batch_size": 16, "noise": 0}
    one, two = draw(**keys), draw(**keys)
    late_first = one.batch(1000, CPU)
    one.batch(3, CPU)
    assert torch.equal(late_first, two.batch(1000, CPU))
    assert late_first.shape == (16, 32)
    assert not torch.equal(late_first, two.batch(1001, CPU))
    assert not torch.equal(late_first, draw(seed=1, **keys).batch(1000, CPU))


def test_fresh_batches_are_distributed_as_the_train_set():
    samples = draw(n=4096, fresh=True, batch_size=4096)
    batch = samples.batch(0, CPU)
    torch.testing.assert_close(batch.mean(dim=0), samples.mean, atol=0.03, rtol=0)
    torch.testing.assert_close(
        batch.std(dim=0), samples.train.std(dim=0), atol=0.03, rtol=0
    )  # fmt: skip
    assert torch.equal(samples.fvu_set(CPU), samples.train)


def test_fresh_batches_are_scaled_as_the_train_set_was():
    keys = {"n": 500, "fresh": True, "batch_size": 16}
    raw, scaled = draw(**keys), draw(scaling="standardize", **keys)
    expected = (raw.batch(2, CPU) - raw.mean) / raw.train.std(dim=0, correction=0)
    torch.testing.assert_close(scaled.batch(2, CPU), expected)


@pytest.mark.parametrize("scaling", ["none", "center", "unit_norm", "expected_average_only_in"])
def test_scalings_that_turn_no_direction_keep_the_atoms(scaling):
    assert torch.equal(draw(n=100, scaling=scaling).true_atoms, draw(n=100).true_atoms)


@pytest.mark.parametrize(
    "scaling",
    ["none", "center", "standardize", "expected_average_only_in", "unit_norm", "layer_norm"],
)
def test_scaled_samples_move_along_the_scaled_atoms(scaling):
    """One atom a sample, no noise: a scaled sample is its scaled atom, up to scale and shift."""
    keys = {"d_in": 6, "n_atoms": 3, "mean_l0": 1, "noise": 0, "n": 3000}
    raw, scaled = draw(**keys), draw(scaling=scaling, **keys)
    atoms = scaled.true_atoms
    torch.testing.assert_close(atoms.norm(dim=1), torch.ones(3))
    active = codes_of(raw).abs() > 1e-4
    silent = scaled.train[active.sum(dim=1) == 0][0]
    for index in range(3):
        alone = active[:, index] & (active.sum(dim=1) == 1)
        moved = scaled.train[alone] - silent
        cosines = torch.nn.functional.cosine_similarity(moved, atoms[index][None])
        assert cosines.min() > 0.999


def test_generators_of_different_purposes_give_different_numbers():
    first = torch.rand(5, generator=generator(0, "planted", "atoms"))
    assert not torch.equal(first, torch.rand(5, generator=generator(0, "planted", "train")))
