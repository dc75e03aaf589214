"""Few points of a long curve: no peak is lost, no gap is closed."""

import math
from array import array

from hypothesis import given
from hypothesis import strategies as st

from dicttui.report.charts.thinning import thinned


def test_a_short_curve_is_kept_whole():
    points = thinned([0, 1, 2], [1.0, None, math.inf], 10)
    assert points[0] == (0, 1.0)
    assert all(math.isnan(value) for _, value in points[1:])


def test_a_spike_of_one_step_is_still_there():
    losses = array("f", [1.0]) * 100_000
    losses[54_321] = 99.0
    points = thinned(list(range(100_000)), losses, 300)
    assert (54_321, 99.0) in points
    assert len(points) <= 1_200


def test_what_is_no_number_is_a_gap():
    losses = array("f", [1.0] * 5_000 + [math.nan] * 5_000)
    points = thinned(list(range(10_000)), losses, 100)
    assert sum(math.isnan(value) for _, value in points) == 50


@given(st.lists(st.floats(width=32), min_size=1, max_size=400), st.integers(1, 20))
def test_the_extremes_and_the_ends_stay(values, columns):
    points = thinned(list(range(len(values))), values, columns)
    assert [step for step, _ in points] == sorted(step for step, _ in points)
    known = [value for value in values if math.isfinite(value)]
    drawn = [value for _, value in points if not math.isnan(value)]
    assert len(points) <= 4 * columns
    if known:
        assert (min(drawn), max(drawn)) == (min(known), max(known))
        assert (drawn[0], drawn[-1]) == (known[0], known[-1])
