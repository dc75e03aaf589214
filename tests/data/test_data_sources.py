"""Where samples come from: gaussian, digits, patches, and what all sources share."""

from pathlib import Path

import pytest
import torch

from dicttui.data.error import DataError
from dicttui.data.patches import grey_photographs, root_mean_square, zca
from dicttui.data.source import SOURCES, open_source
from dicttui.preset.data import DigitsData, FileData, GaussianData, PatchesData, PlantedData

CPU = torch.device("cpu")
HERE = Path()


@pytest.fixture
def own_file(tmp_path):
    torch.save(torch.randn(30, 4, generator=torch.Generator().manual_seed(1)), tmp_path / "x.pt")
    return FileData(kind="file", path=str(tmp_path / "x.pt"))


@pytest.fixture
def every_kind(own_file):
    return [
        GaussianData(),
        PlantedData(kind="planted", n=200),
        PlantedData(kind="planted", n=200, fresh=True, batch_size=16),
        DigitsData(kind="digits"),
        PatchesData(kind="patches", n=100),
        own_file,
    ]


def test_every_kind_a_preset_may_name_is_registered(every_kind):
    elsewhere = {"activations"}  # tests/data/test_activations.py
    assert {specification.kind for specification in every_kind} == set(SOURCES) - elsewhere


def test_opening_leaves_the_global_random_stream_alone(every_kind):
    for specification in every_kind:
        torch.manual_seed(11)
        before = torch.get_rng_state()
        open_source(specification, 0, HERE)
        assert torch.equal(torch.get_rng_state(), before)


def test_drawing_leaves_the_global_random_stream_alone_but_for_gaussian(every_kind):
    for specification in every_kind[1:]:
        source = open_source(specification, 0, HERE)
        torch.manual_seed(11)
        before = torch.get_rng_state()
        source.draw().batch(3, CPU)
        assert torch.equal(torch.get_rng_state(), before)


def test_what_is_drawn_is_finite_float32_of_the_announced_width_and_follows_from_the_seed(
    every_kind,
):
    for specification in every_kind:
        drawn = []
        for _ in range(2):
            source = open_source(specification, 3, HERE)
            torch.manual_seed(3)
            drawn.append(source.draw())
        first, second = drawn
        assert first.train.dtype == torch.float32
        assert first.train.shape == (first.n, source.d_in)
        assert torch.isfinite(first.train).all()
        assert first.held_out is None
        assert torch.equal(first.train, second.train)
        assert torch.equal(first.batch(5, CPU), second.batch(5, CPU))


def test_every_kind_can_hold_samples_out_scale_and_batch(every_kind):
    for plain in every_kind:
        specification = plain.model_copy(
            update={"held_out": 0.2, "scaling": "standardize", "batch_size": 8}
        )
        source = open_source(specification, 0, HERE)
        samples = source.draw()
        assert samples.held_out is not None
        assert samples.held_out.shape[1] == samples.d_in
        assert samples.batch(0, CPU).shape == (8, source.d_in)
        assert f"{len(samples.held_out)} held out" in source.description
        assert "standardized" in source.description
        assert samples.mean.abs().max() < 1e-4
        varying = samples.train.std(dim=0, correction=0) > 0
        torch.testing.assert_close(
            samples.train.std(dim=0, correction=0)[varying], torch.ones(int(varying.sum()))
        )


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1])
def test_gaussian_is_bit_for_bit_what_the_article_draws(seed):
    torch.manual_seed(seed)
    theirs = torch.nn.Linear(10, 8).weight
    inputs = torch.randn(100, 10)
    state = torch.get_rng_state()

    source = open_source(GaussianData(), seed, HERE)
    torch.manual_seed(seed)
    ours = torch.nn.Linear(source.d_in, 8).weight
    samples = source.draw()
    assert torch.equal(ours, theirs)
    assert torch.equal(samples.train, inputs)
    assert torch.equal(torch.get_rng_state(), state)


def test_held_out_gaussian_samples_leave_the_train_samples_and_the_stream_as_they_were():
    torch.manual_seed(4)
    inputs = torch.randn(100, 10)
    state = torch.get_rng_state()
    source = open_source(GaussianData(held_out=0.25), 4, HERE)
    torch.manual_seed(4)
    samples = source.draw()
    assert torch.equal(samples.train, inputs)
    assert torch.equal(torch.get_rng_state(), state)
    assert samples.held_out.shape == (25, 10)
    assert not (samples.held_out[:, None] == samples.train[None]).all(dim=2).any()


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        (GaussianData(), "gaussian 100 × 10, full batch"),
        (
            GaussianData(n=50, held_out=7, batch_size=16, scaling="center"),
            "gaussian 50 × 10, batch 16, 7 held out, centered",
        ),
        (
            PlantedData(kind="planted", fresh=True, batch_size=256),
            "planted 32-d, 64 atoms, fresh, batch 256",
        ),
        (PlantedData(kind="planted"), "planted 4096 × 32, 64 atoms, full batch"),
        (
            DigitsData(kind="digits", held_out=297, batch_size=64),
            "digits 1500 × 64, batch 64, 297 held out",
        ),
        (
            PatchesData(kind="patches", n=100, whiten=True),
            "patches 8×8, 100 × 64, whitened, full batch",
        ),
    ],
)
def test_a_source_describes_itself(specification, words):
    assert open_source(specification, 0, HERE).description == words


def test_digits_lie_between_zero_and_one():
    samples = open_source(DigitsData(kind="digits"), 0, HERE).draw()
    assert samples.train.shape == (1797, 64)
    assert samples.train.min() == 0
    assert samples.train.max() == 1


def test_a_split_parts_the_samples_by_the_seed():
    whole = open_source(DigitsData(kind="digits"), 0, HERE).draw().train
    specification = DigitsData(kind="digits", held_out=0.25)
    samples = open_source(specification, 0, HERE).draw()
    again = open_source(specification, 0, HERE).draw()
    other = open_source(specification, 1, HERE).draw()
    assert (len(samples.train), len(samples.held_out)) == (1348, 449)
    parts = torch.cat([samples.train, samples.held_out])
    assert sorted(map(tuple, parts.tolist())) == sorted(map(tuple, whole.tolist()))
    assert torch.equal(samples.held_out, again.held_out)
    assert not torch.equal(samples.held_out, other.held_out)


@pytest.mark.parametrize("side", [2, 8, 64])
def test_patches_have_no_mean_and_unit_size(side):
    samples = open_source(PatchesData(kind="patches", n=60, patch_size=side), 0, HERE).draw()
    assert samples.d_in == side * side
    assert samples.train.mean(dim=1).abs().max() < 1e-4
    assert samples.train.square().mean().sqrt().item() == pytest.approx(1, abs=1e-4)


def test_patches_are_cut_from_the_photographs():
    specification = PatchesData(kind="patches", n=40, patch_size=6)
    patches = open_source(specification, 0, HERE).draw().train
    windows = torch.cat(
        [
            image.unfold(0, 6, 1).unfold(1, 6, 1).reshape(-1, 36)
            for image in grey_photographs()
        ]
    )  # fmt: skip
    windows = windows - windows.mean(dim=1, keepdim=True)
    directions = torch.nn.functional.normalize(windows)
    for patch in torch.nn.functional.normalize(patches[:10]):
        assert (directions @ patch).max() > 0.9999


def test_photographs_are_grey_between_black_and_white():
    for image in grey_photographs():
        assert image.ndim == 2
        assert 0 <= image.min() < 0.1
        assert 0.8 < image.max() <= 1


def test_whitened_patches_are_about_uncorrelated():
    plain = open_source(PatchesData(kind="patches", n=5000), 0, HERE).draw().train
    white = open_source(PatchesData(kind="patches", n=5000, whiten=True), 0, HERE).draw().train

    def off_diagonal(x):
        correlation = torch.corrcoef(x.T)
        return (correlation - torch.eye(64)).abs().mean().item()

    assert off_diagonal(plain) > 0.15
    assert off_diagonal(white) < 0.05
    assert white.square().mean().sqrt().item() == pytest.approx(1, abs=1e-4)


def test_zca_whitens_what_is_not_degenerate_and_is_symmetric():
    stream = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 5, generator=stream) @ torch.randn(5, 5, generator=stream) + 3
    mean, whitening = zca(x)
    torch.testing.assert_close(whitening, whitening.T)
    eigenvalues, vectors = torch.linalg.eigh(torch.cov(x.double().T, correction=0))
    floor = 0.01 * eigenvalues.mean()
    white = (x - mean) @ whitening
    expected = vectors @ torch.diag(eigenvalues / (eigenvalues + floor)) @ vectors.T
    torch.testing.assert_close(
        torch.cov(white.T, correction=0), expected.float(), atol=1e-3, rtol=1e-3
    )


def test_zca_leaves_equal_samples_as_they_are():
    _, whitening = zca(torch.full((10, 3), 2.0))
    assert torch.equal(whitening, torch.eye(3))


def test_root_mean_square_of_samples_with_a_mean():
    x = torch.randn(100, 7, generator=torch.Generator().manual_seed(2)) + 5
    assert root_mean_square(x) == pytest.approx(x.square().mean().sqrt().item(), rel=1e-6)


@pytest.mark.parametrize(
    "specification",
    [
        GaussianData(n=10**12),
        PlantedData(kind="planted", n=10**12),
        PlantedData(kind="planted", n_atoms=10**12),
        PatchesData(kind="patches", n=10**12),
    ],
)
def test_what_cannot_fit_into_memory_is_refused_in_words(specification):
    with pytest.raises(DataError, match="GiB of memory"):
        open_source(specification, 0, HERE)
