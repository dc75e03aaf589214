import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicttui.training.history import CAPACITY, History


@given(st.lists(st.integers(1, 700), max_size=30), st.randoms(use_true_random=False))
def test_buckets_equal_brute_force(sizes, source):
    history, values = History(), []
    for size in sizes:
        chunk = [source.uniform(-1, 1) for _ in range(size)]
        history.extend(len(values), chunk, float(len(values)), float(len(values) + size))
        values += chunk
    series = history.series()
    start = 0
    for step, low, high, last in zip(
        series.steps, series.low, series.high, series.last, strict=True
    ):
        bucket = values[start : step + 1]
        assert (low, high, last) == (min(bucket), max(bucket), bucket[-1])
        start = step + 1
    assert start == len(values)
    assert len(series.last) <= CAPACITY


def test_a_spike_of_one_step_is_kept_for_ever():
    history = History()
    for start in range(0, 3_000_000, 3000):
        chunk = [1.0] * 3000
        if start == 999_000:
            chunk[1234] = 50.0
        history.extend(start, chunk, start * 1e-4, (start + 3000) * 1e-4)
    series = history.series()
    assert len(series.last) <= CAPACITY
    (where,) = [i for i, high in enumerate(series.high) if high == 50.0]
    assert series.steps[where - 1] < 1_000_234 <= series.steps[where]
    assert series.low[where] == 1.0


def test_time_is_spread_over_the_steps_of_a_chunk():
    history = History()
    history.extend(0, [1.0, 2.0, 3.0, 4.0], 10.0, 12.0)
    assert history.series().seconds == pytest.approx((10.5, 11.0, 11.5, 12.0))


def test_what_is_not_finite_stays_a_gap():
    history = History()
    for step in range(3 * CAPACITY):
        history.append(step, 0.0, math.nan if step == 7 else random.Random(step).random())
    series = history.series()
    bad = [i for i, value in enumerate(series.last) if not math.isfinite(value)]
    assert bad == [7 // 4]
    assert math.isnan(series.low[bad[0]])
    assert math.isnan(series.high[bad[0]])
