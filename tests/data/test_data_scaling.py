"""`[data] scaling`."""

import typing

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from dicttui.data.error import DataError
from dicttui.data.moments import CHUNK_ELEMENTS, moments_of
from dicttui.data.samples import prepare
from dicttui.data.scaling import SCALINGS, fit
from dicttui.preset.data import GaussianData
from dicttui.preset.data import Scaling as ScalingName


@pytest.fixture
def x():
    stream = torch.Generator().manual_seed(0)
    return torch.randn(200, 6, generator=stream) * torch.tensor([1, 2, 3, 4, 5, 6.0]) + 10


def test_every_scaling_a_preset_may_name_is_registered():
    assert set(SCALINGS) == set(typing.get_args(ScalingName))


def test_none_keeps_the_very_tensor(x):
    assert fit("none", x).apply(x) is x


def test_center_takes_the_mean_away(x):
    torch.testing.assert_close(fit("center", x).apply(x), x - x.mean(dim=0))


def test_standardize_is_scikit_learns(x):
    x[:, 3] = 7.123
    ours = fit("standardize", x).apply(x)
    theirs = StandardScaler().fit_transform(x.double().numpy())
    torch.testing.assert_close(ours, torch.from_numpy(theirs).float(), atol=1e-4, rtol=1e-4)
    assert (ours[:, 3] == 0).all()


def test_unit_norm_makes_rows_unit_and_leaves_zeros(x):
    x[5] = 0
    x[6] *= 1e25
    scaled = fit("unit_norm", x).apply(x)
    norms = scaled.norm(dim=1)
    assert norms[5] == 0
    assert torch.isfinite(scaled).all()
    torch.testing.assert_close(norms[6:], torch.ones(194))


def test_expected_average_only_in_makes_the_mean_norm_root_d_in(x):
    scaled = fit("expected_average_only_in", x).apply(x)
    assert scaled.norm(dim=1).mean().item() == pytest.approx(6**0.5, rel=1e-5)
    ratio = scaled / x
    torch.testing.assert_close(ratio, ratio[0, 0].expand_as(ratio))


def test_constant_norm_rescale_gives_every_sample_the_norm_root_d_in(x):
    x[5] = 0
    scaled = fit("constant_norm_rescale", x).apply(x)
    expected = x * 6**0.5 / x.norm(dim=-1, keepdim=True)  # as SAELens has it
    torch.testing.assert_close(scaled[6:], expected[6:])
    assert (scaled[5] == 0).all()


def test_layer_norm_standardizes_each_sample(x):
    scaled = fit("layer_norm", x).apply(x)
    torch.testing.assert_close(scaled.mean(dim=1), torch.zeros(200), atol=1e-5, rtol=0)
    torch.testing.assert_close(scaled.std(dim=1), torch.ones(200), atol=1e-4, rtol=0)


def test_scaling_never_writes_to_the_samples(x):
    before = x.clone()
    for name in SCALINGS:
        fit(name, x).apply(x)
        assert torch.equal(x, before)


def test_scaling_is_fitted_on_the_train_set_alone(x):
    far = x + 100
    samples = prepare(x, far, GaussianData(scaling="standardize"), 0)
    assert samples.mean.abs().max() < 1e-5
    expected = (far - x.mean(dim=0)) / x.std(dim=0, correction=0)
    torch.testing.assert_close(samples.held_out, expected, atol=1e-3, rtol=1e-4)


def test_samples_that_are_all_zero_cannot_be_scaled_by_their_norm():
    with pytest.raises(DataError, match=r"all zero.*none"):
        fit("expected_average_only_in", torch.zeros(5, 3))


def test_layer_norm_of_one_feature_is_refused():
    with pytest.raises(DataError, match="at least 2 features"):
        fit("layer_norm", torch.ones(5, 1))


def test_moments_survive_a_large_mean_and_many_chunks():
    n = CHUNK_ELEMENTS // 2 + 1000
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0)) + 1e4
    exact = x.double().numpy()
    moments = moments_of(x)
    np.testing.assert_allclose(moments.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.variance, exact.var(axis=0), rtol=1e-8)
    np.testing.assert_allclose(moments.minimum, exact.min(axis=0))
    np.testing.assert_allclose(moments.maximum, exact.max(axis=0))
    assert moments.mean_norm == pytest.approx(np.linalg.norm(exact, axis=1).mean(), rel=1e-12)
