"""How large things are beside one another, beside loops over samples."""

import math

import pytest
import torch

from dicttui.measures.reconstruction import fvu
from dicttui.measures.scale import (
    code_scale,
    growth,
    offset,
    reconstruction_ratio,
    rms,
    shrinkage,
)

X = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * 2 + 5
MEAN = X.mean(dim=0)


def test_rms_code_scale_and_growth_by_hand():
    assert rms(torch.tensor([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx(2.5)
    assert code_scale(torch.tensor([[3.0, 0.0], [-4.0, 0.0]])) == pytest.approx(math.sqrt(12.5))
    found = growth(torch.tensor([2.0, 1.0, 5.0]), torch.tensor([1.0, 4.0, 0.0])).tolist()
    assert found[:2] == [2, 0.25]
    assert math.isnan(found[2])


def test_offset_is_the_means_norm_beside_the_root_of_the_total_variance():
    rows = X.tolist()
    means = [sum(column) / 50 for column in zip(*rows, strict=True)]
    variance = sum((v - m) ** 2 for row in rows for v, m in zip(row, means, strict=True)) / 50
    by_hand = math.sqrt(sum(m * m for m in means)) / math.sqrt(variance)
    assert offset(X) == pytest.approx(by_hand, rel=1e-5)
    assert offset(X * 1000) == pytest.approx(by_hand, rel=1e-5)
    assert offset(torch.full((3, 2), 7.0)) == math.inf
    assert math.isnan(offset(torch.zeros(3, 2)))


def test_a_reconstruction_that_is_too_small_is_found_and_what_rescaling_would_gain():
    noise = torch.randn(X.shape, generator=torch.Generator().manual_seed(1)) * 0.3
    made = MEAN + 0.6 * (X - MEAN) + noise
    found = shrinkage(X, made, MEAN)
    assert found.fvu == pytest.approx(float(fvu(X, made, MEAN)), rel=1e-5)
    tried = {
        factor: float(fvu(X, MEAN + factor * (made - MEAN), MEAN))
        for factor in torch.arange(0.5, 2.5, 0.001).tolist()
    }
    best = min(tried, key=tried.get)
    assert found.factor == pytest.approx(best, abs=2e-3)
    assert found.fvu_rescaled == pytest.approx(tried[best], rel=1e-3)
    assert found.factor > 1.4

    exact = shrinkage(X, MEAN + (X - MEAN) / 2, MEAN)
    assert exact == pytest.approx((2, 0.25, 0), abs=1e-6)
    assert reconstruction_ratio(X, MEAN + (X - MEAN) / 2, MEAN) == pytest.approx(0.5)


def test_where_the_reconstruction_is_the_mean_there_is_nothing_to_rescale():
    found = shrinkage(X, MEAN.expand_as(X), MEAN)
    assert math.isnan(found.factor)
    assert found[1:] == (1, 1)
    assert reconstruction_ratio(X, MEAN.expand_as(X), MEAN) == 0


def test_nothing_and_what_is_not_finite_raise_no_error():
    nothing, bad = torch.zeros(0, 4), torch.full((3, 4), math.nan)
    for x in (nothing, bad):
        assert math.isnan(rms(x))
        assert math.isnan(offset(x))
        assert math.isnan(reconstruction_ratio(x, x, MEAN))
        assert all(map(math.isnan, shrinkage(x, x, MEAN)))
    assert math.isnan(code_scale(nothing))
    assert math.isnan(code_scale(torch.zeros(3, 4)))
    assert math.isnan(code_scale(bad))
