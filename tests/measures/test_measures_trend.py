"""Where a loss is going."""

import math
import random
import statistics

import pytest

from dicttui.measures.trend import trend


def noisy(curve, n=2000, noise=0.02, seed=0):
    drawn = random.Random(seed)
    return [curve(i / n) * (1 + drawn.gauss(0, noise)) for i in range(n)]


def test_the_slope_is_what_another_run_as_long_would_bring():
    found = trend(noisy(lambda t: 2 - t))
    assert found.slope == pytest.approx(-1, abs=0.1)  # from 1 by 1 per run
    assert found.last == pytest.approx(1.0, abs=0.05)
    assert found.best_over_last == pytest.approx(1, abs=0.02)
    # The windows' medians by hand, without numpy.
    values = noisy(lambda t: 2 - t)[1000:]
    medians = [statistics.median(values[i : i + 50]) for i in range(0, 1000, 50)]
    slopes = [(medians[j] - medians[i]) / (j - i) / 50 for i in range(20) for j in range(i + 1, 20)]
    assert found.slope == pytest.approx(statistics.median(slopes) * 1999 / medians[-1])


def test_noise_alone_is_no_trend():
    for seed in range(5):
        found = trend(noisy(lambda t: 1.0, seed=seed))
        assert abs(found.slope) < 0.02
        assert found.rising_share == pytest.approx(0.5, abs=0.05)
        assert found.spread == pytest.approx(0.02 * 1.349, rel=0.2)  # a normal's IQR
        assert found.best_over_last > 0.98


def test_a_steady_fall_is_no_spread():
    found = trend([2 - i / 2000 for i in range(2000)])
    assert found.rising_share == 0
    assert found.spread == pytest.approx(0, abs=1e-9)


def test_a_few_spikes_change_nothing():
    losses = noisy(lambda t: 2 - t)
    spiked = list(losses)
    for at in range(1000, 2000, 97):
        spiked[at] = 1e6
    calm, wild = trend(losses), trend(spiked)
    assert wild.slope == pytest.approx(calm.slope, abs=0.05)
    assert wild.spread == pytest.approx(calm.spread, rel=0.2)
    assert wild.last == pytest.approx(calm.last, rel=0.05)


def test_a_loss_that_turned_back_up_is_seen():
    found = trend(noisy(lambda t: 1 - 0.8 * t if t < 0.4 else 0.68 + (t - 0.4)))
    assert found.slope > 0.5
    assert found.best == pytest.approx(0.68, abs=0.04)
    assert found.best_over_last == pytest.approx(0.68 / 1.28, abs=0.05)


def test_steps_far_apart_count_as_far():
    """Every step at first, then each tenth: a line is a line."""
    steps = [*range(1000), *range(1000, 11000, 10)]
    found = trend([20 - step / 1000 for step in steps], steps)
    assert found.slope == pytest.approx(-11 / 9, rel=0.05)
    assert found.spread == pytest.approx(0, abs=1e-9)


def test_little_or_nothing_finite():
    assert all(map(math.isnan, trend([])[:6]))
    assert trend([math.nan, math.inf]).nonfinite == 2
    one = trend([3.0])
    assert (one.best, one.last, one.best_over_last) == (3, 3, 1)
    assert math.isnan(one.slope)
    assert math.isnan(one.spread)
    left = trend([2 - i / 100 if i % 3 else math.nan for i in range(100)])
    assert left.nonfinite == 34
    assert left.slope == pytest.approx(-1, rel=0.1)
    still = trend([0.0] * 50)
    assert (still.slope, still.spread, still.best_over_last) == (0, 0, 1)
    assert math.isnan(trend([-1.0, -2.0, -1.5]).best_over_last)
