"""What is wrong with samples."""

import math
import statistics

import pytest
import torch

from dicttui.measures import samples
from dicttui.measures.samples import look


def good(n=60, seed=0):
    return torch.randn(n, 5, generator=torch.Generator().manual_seed(seed)) + 20


def test_nothing_is_wrong_with_good_samples():
    found = look(good())
    assert found[:2] == (0, 0)
    assert found[3:6] == (0, 0, ())
    assert 1 < found.worst < 5
    assert math.isnan(found.gap)


@pytest.mark.parametrize("block", [7, 2**14])
def test_what_was_put_in_is_found(monkeypatch, block):
    monkeypatch.setattr(samples, "BLOCK", block)
    x = good()
    x[50], x[10] = x[50] + 900, x[10] - 2000  # farther from the others than they from zero
    x[3, 1], x[59, 0], x[59, 4] = math.nan, math.inf, math.nan
    x[20] = x[21] = x[40]
    x[41] = x[42]
    x[:, 2] = 7
    found = look(x)
    assert found.nonfinite == 2
    assert (found.outliers, found.outlier_rows) == (2, (10, 50))
    assert found.constant_features == 1
    assert found.duplicates == 3

    rows = [row for row in x.tolist() if all(map(math.isfinite, row))]
    centre = [statistics.median_low(column) for column in zip(*rows, strict=True)]
    distances = [math.dist(row, centre) for row in rows]
    by_hand = max(distances) / statistics.median_low(distances)
    assert found.worst == pytest.approx(by_hand, rel=1e-4)
    *_, other, nearest, _ = sorted(distances)
    assert found.gap == pytest.approx(nearest / other, rel=1e-4)


def test_many_far_outliers_do_not_hide_one_another():
    x = good(100)
    x[::10] *= 1e6
    found = look(x)
    assert found.outliers == 10
    assert len(found.outlier_rows) == samples.NAMED


def test_duplicates_are_those_of_a_set_also_where_numbers_are_whole():
    generator = torch.Generator().manual_seed(1)
    for high, width in ((2, 8), (3, 4), (256, 2)):
        x = torch.randint(0, high, (500, width), generator=generator).float()
        x[x == 0] *= -1  # −0 is 0
        x[1::2] += 0.0
        different = len({tuple(value + 0.0 for value in row) for row in x.tolist()})
        assert look(x).duplicates == 500 - different


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (torch.zeros(0, 5), (0, 0, 0, 0)),
        (torch.zeros(5, 0), (0, 0, 0, 0)),
        (torch.full((3, 2), math.inf), (3, 0, 0, 0)),
        (torch.zeros(4, 3), (0, 0, 3, 3)),
        (torch.ones(1, 3), (0, 0, 3, 0)),
        (torch.full((2, 3), 3e38), (0, 0, 3, 1)),
    ],
)
def test_edges(x, expected):
    found = look(x)
    assert (found.nonfinite, found.outliers, found.constant_features, found.duplicates) == expected
    assert math.isnan(found.worst)
    assert found.outlier_rows == ()


def test_samples_at_the_edge_of_float32_have_distances():
    x = torch.tensor([[3e38, 0.0], [-3e38, 0.0], [0.0, 1e38], [0.0, -1e38], [0.0, 0.0]])
    assert math.isfinite(look(x).worst)
