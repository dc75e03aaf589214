"""Row norms and their summary."""

import math
import statistics
import time

import numpy as np
import pytest
import torch

from dicttui.measures.norms import row_norms, summary

NAN, INF = math.nan, math.inf


def plain(pairs):
    """Comparable: NaN equals NaN."""
    return [(row, "nan" if math.isnan(value) else value) for row, value in pairs]


def test_row_norms_are_euclidean():
    assert row_norms(torch.tensor([[3.0, 4.0], [0.0, 0.0]])).tolist() == [5.0, 0.0]


def test_few_rows_are_given_in_full():
    found = summary(torch.tensor([2.0, 1.0, 4.0, 3.0]), in_full=4)
    assert found.rows == 4
    assert (found.minimum, found.median, found.maximum, found.ratio) == (1.0, 2.5, 4.0, 4.0)
    assert found.values == (2.0, 1.0, 4.0, 3.0)
    assert found.histogram == ()


def test_many_rows_become_a_histogram_with_the_extremes_named():
    values = torch.rand(1000, generator=torch.Generator().manual_seed(0)) * 3 + 1
    found = summary(values, in_full=256, bins=7, extremes=4)
    exact = values.double().tolist()
    assert found.values == ()
    low, high = min(exact), max(exact)
    counts = [0] * 7
    for value in exact:
        counts[min(int((value - low) / (high - low) * 7), 6)] += 1
    assert list(found.histogram) == counts
    assert found.median == pytest.approx(statistics.median(exact))
    order = sorted(enumerate(exact), key=lambda pair: pair[1])
    assert list(found.smallest) == order[:4]
    assert list(found.largest) == order[::-1][:4]
    assert found.ratio == high / low


def test_equal_rows_stand_in_one_bin_in_their_order():
    found = summary(torch.full((300,), 2.0), in_full=256, bins=5)
    assert found.histogram == (300, 0, 0, 0, 0)
    assert found.ratio == 1.0
    assert [row for row, _ in found.smallest] == [0, 1, 2, 3, 4]
    assert [row for row, _ in found.largest] == [0, 1, 2, 3, 4]


def test_a_zero_row_makes_the_ratio_infinite():
    found = summary(torch.tensor([0.0, 1.0]), in_full=256)
    assert found.minimum == 0
    assert found.ratio == INF
    assert found.smallest[0] == (0, 0.0)
    assert summary(torch.zeros(3), in_full=256).ratio == INF


def test_rows_that_are_not_finite_come_first_among_the_largest():
    found = summary(torch.tensor([1.0, INF, 3.0, NAN, 2.0]), in_full=2, bins=2)
    assert plain(found.largest) == [(3, "nan"), (1, INF), (2, 3.0), (4, 2.0), (0, 1.0)]
    assert plain(found.smallest) == [(0, 1.0), (4, 2.0), (2, 3.0), (1, INF), (3, "nan")]
    assert (found.minimum, found.median, found.maximum) == (1.0, 2.0, 3.0)
    assert found.histogram == (1, 2)
    assert math.isnan(found.ratio)
    assert found.rows == 5


def test_an_infinite_row_makes_the_ratio_infinite():
    found = summary(torch.tensor([1.0, INF]), in_full=256)
    assert found.ratio == INF
    assert found.maximum == 1.0


def test_no_finite_row_at_all():
    found = summary(torch.full((300,), NAN), in_full=256, bins=3)
    assert found.histogram == (0, 0, 0)
    assert math.isnan(found.minimum)
    assert math.isnan(found.ratio)


def test_extreme_magnitudes_are_told_apart():
    found = summary(torch.tensor([1e-30, 1e30]), in_full=1, bins=3)
    assert found.histogram == (1, 0, 1)
    assert found.ratio == pytest.approx(1e60, rel=1e-5)


def test_16384_rows_are_summarised_well_within_a_frame():
    values = torch.rand(16_384, generator=torch.Generator().manual_seed(0))
    found = summary(values, in_full=256)
    assert sum(found.histogram) == 16_384
    took = []
    for _ in range(5):
        began = time.process_time()
        summary(values, in_full=256)
        took.append(time.process_time() - began)
    assert min(took) < 0.05


@pytest.mark.parametrize("count", [5, 301])
def test_quantiles_are_numpys_of_the_finite_norms(count):
    values = torch.rand(count, generator=torch.Generator().manual_seed(0))
    values[:2] = torch.tensor([NAN, INF])
    found = summary(values, in_full=256)
    expected = np.quantile(values[2:].double().numpy(), [0.05, 0.25, 0.75, 0.95])
    assert found.quantiles == pytest.approx(expected.tolist(), rel=1e-12)


def test_of_equal_rows_those_that_come_first_are_named_on_either_side():
    values = torch.tensor([2.0, NAN, 1.0, INF, 2.0, 1.0, NAN, INF, 1.0, 2.0])
    for in_full in (256, 2):
        found = summary(values, in_full=in_full, bins=2, extremes=7)
        assert [row for row, _ in found.smallest] == [2, 5, 8, 0, 4, 9, 3]
        assert [row for row, _ in found.largest] == [1, 6, 3, 7, 0, 4, 9]
