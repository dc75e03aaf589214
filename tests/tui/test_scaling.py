"""Histories by columns, against the plain definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicttui.training.snapshot import Series
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.raster import line_dots, patterns, row_dots
from dicttui.tui.scaling import Axis, columns, smoothed, x_axis, y_axis
from dicttui.tui.ticks import ticks

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)
FINITE = st.floats(-1e6, 1e6)
ANY = FINITE | st.sampled_from([math.nan, math.inf, -math.inf])


def of(values, *, stride=1, seconds=0.1):
    n = len(values)
    steps = tuple(range(0, n * stride, stride))
    values = tuple(values)
    return Series(steps, tuple(i * seconds for i in range(n)), values, values, values)


def buckets(losses: np.ndarray, count: int) -> Series:
    """What a history keeps of so many steps."""
    parts = losses.reshape(count, -1)
    size = parts.shape[1]
    return Series(
        tuple(range(size - 1, losses.size, size)),
        tuple((i + 1) * 0.5 for i in range(count)),
        tuple(parts.min(axis=1).tolist()),
        tuple(parts.max(axis=1).tolist()),
        tuple(parts[:, -1].tolist()),
    )


@SETTINGS
@given(
    rows=st.lists(st.tuples(st.integers(1, 50), ANY, ANY, ANY), min_size=1, max_size=60),
    count=st.integers(1, 60),
    log=st.booleans(),
)
def test_columns_are_the_extremes_of_their_buckets(rows, count, log):
    jumps, low, high, last = zip(*rows, strict=True)
    steps = tuple(np.cumsum(jumps).tolist())
    series = Series(steps, tuple(map(float, steps)), low, high, last)
    axis = x_axis([series], "steps", log=log)
    result = columns(series, count, axis)

    expected: dict[int, list[int]] = {}
    for i, step in enumerate(steps):
        x = math.log10(step) if log else step
        share = (x - axis.start) / (axis.stop - axis.start)
        cell = math.floor(min(1, max(0, share)) * (count - 1) + 0.5)
        expected.setdefault(cell, []).append(i)
    assert result.position.tolist() == sorted(expected)
    for column, cell in enumerate(sorted(expected)):
        members = expected[cell]
        finite = [v for i in members for v in rows[i][1:] if math.isfinite(v)]
        drawn = (result.low[column], result.high[column], result.last[column])
        if not finite:
            assert np.isnan(drawn).all()
            continue
        lasts = [last[i] for i in members if math.isfinite(last[i])] or [max(finite)]
        assert drawn == (min(finite), max(finite), lasts[-1])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_a_spike_of_one_step_in_ten_million_is_drawn(glyphs, log):
    losses = np.full(1024 * 10_000, 0.5)
    losses[6_123_456] = 3.0
    series = buckets(losses, 1024)
    width, rows = 80 * glyphs.sub_columns, 8 * glyphs.sub_rows
    axis_x = x_axis([series], "steps")
    curve = columns(series, width, axis_x)
    axis_y, clipped = y_axis([curve], log=log)
    dots = line_dots(curve, axis_y, rows, width, envelope=True)
    at = round(6_123_456 / losses.size * (width - 1))
    assert dots[0, at - 1 : at + 2].any()
    assert dots[0].sum() == 1
    assert not clipped or not log


def test_one_huge_value_does_not_flatten_the_rest():
    losses = [1.0 - i / 200 for i in range(100)]
    losses[40] = 1e30
    curve = columns(of(losses), 160, x_axis([of(losses)], "steps"))
    axis, clipped = y_axis([curve])
    assert clipped
    assert axis.stop < 2
    dots = line_dots(curve, axis, 32, 160, envelope=True)
    assert dots[0].any()
    assert dots.any(axis=1).sum() > 20
    assert y_axis([curve], log=True)[0].stop == pytest.approx(30)


def test_a_loss_that_falls_fast_is_shown_from_its_start():
    losses = [5.0 * 0.97**i + 0.3 for i in range(200)]
    curve = columns(of(losses), 160, x_axis([of(losses)], "steps"))
    axis, clipped = y_axis([curve])
    assert not clipped
    assert axis.stop == pytest.approx(losses[0])


def test_a_log_axis_without_positive_values_is_linear():
    curve = columns(of([-1.0, -2.0]), 10, x_axis([of([-1.0, -2.0])], "steps"))
    axis, _ = y_axis([curve], log=True)
    assert not axis.log
    assert (axis.start, axis.stop) == (-2, -1)


def test_zero_lies_at_the_bottom_of_a_log_axis():
    curve = columns(of([1.0, 0.01, 0.0]), 3, x_axis([of([1.0, 0.01, 0.0])], "steps"))
    axis, _ = y_axis([curve], log=True)
    assert row_dots(0.0, axis, 9) == row_dots(0.01, axis, 9) == 8
    assert row_dots(0.1, axis, 9) == 4
    assert row_dots(1.0, axis, 9) == 0


@pytest.mark.parametrize("value", [0.0, 1e-30, 1e30, -3.0])
def test_equal_values_lie_in_the_middle(value):
    curve = columns(of([value] * 5), 10, x_axis([of([value] * 5)], "steps"))
    axis, _ = y_axis([curve])
    assert axis.start < axis.stop
    assert row_dots(value, axis, 9) == 4


def test_a_gap_is_not_crossed_and_missing_columns_are():
    with_gap, without = of([1.0, math.nan, 1.0]), of([1.0, 1.0, 1.0])
    for series, filled in ((with_gap, 2), (without, 21)):
        curve = columns(series, 21, x_axis([series], "steps"))
        dots = line_dots(curve, Axis(0, 2), 5, 21, envelope=True)
        assert dots.any(axis=0).sum() == filled


def test_neighbouring_columns_touch():
    series = of([0.0, 1.0] * 20)
    curve = columns(series, 40, x_axis([series], "steps"))
    dots = line_dots(curve, Axis(0, 1), 16, 40, envelope=True)
    for a, b in zip(dots.T, dots.T[1:], strict=False):
        near = np.flatnonzero(a)[:, None] - np.flatnonzero(b)[None]
        assert np.abs(near).min() <= 1


def test_seconds_and_log_seconds():
    series = of([1.0] * 4, seconds=10.0)
    assert columns(series, 31, x_axis([series], "seconds"), "seconds").position.tolist() == [
        0, 10, 20, 30,
    ]  # fmt: skip
    # From 10 s to 30 s: what came before stands at the beginning.
    log = columns(series, 31, x_axis([series], "seconds", log=True), "seconds")
    assert log.position.tolist() == [0, round(30 * math.log(2, 3)), 30]


@pytest.mark.parametrize("smoothing", ["light", "strong"])
def test_smoothing_keeps_the_envelope_and_a_constant(smoothing):
    noisy = Series(tuple(range(400)), (0.0,) * 400, (0.0,) * 400, (2.0,) * 400, (0.0, 2.0) * 200)
    smooth = smoothed(noisy, smoothing)
    assert (smooth.low, smooth.high) == (noisy.low, noisy.high)
    assert all(0.7 < value < 1.3 for value in smooth.last[50:])
    assert smoothed(of([3.0] * 50), smoothing).last == pytest.approx((3.0,) * 50)


def test_smoothing_is_the_weighted_mean_and_skips_what_is_not_finite():
    values = [1.0, 4.0, math.nan, 2.0, 8.0]
    result = smoothed(of(values), "light").last
    alpha = 2 / (3 + 1)
    for i, value in enumerate(values):
        known = [(j, v) for j, v in enumerate(values[: i + 1]) if math.isfinite(v)]
        # Ages count finite values only.
        weights = [(1 - alpha) ** age for age in range(len(known))][::-1]
        mean = sum(w * v for w, (_, v) in zip(weights, known, strict=True)) / sum(weights)
        assert math.isnan(result[i]) if math.isnan(value) else result[i] == pytest.approx(mean)
    assert smoothed(of(values), "off").last[:2] == (1.0, 4.0)


def test_strong_smoothing_is_stronger():
    noisy = of(np.random.default_rng(0).standard_normal(500).tolist())
    spread = [np.std(smoothed(noisy, how).last[100:]) for how in ("off", "light", "strong")]
    assert spread[0] > 2 * spread[1] > 3 * spread[2]


@pytest.mark.parametrize(
    ("axis", "at_most", "labels"),
    [
        (Axis(0, 10_000), 6, ["0", "2000", "4000", "6000", "8000", "10000"]),
        (Axis(0, 1), 3, ["0", "0.5", "1"]),
        (Axis(-1, 1), 3, ["-1", "0", "1"]),
        (Axis(-1, 1, log=True), 10, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]),
        (Axis(-30, 30, log=True), 4, ["1e-16", "1", "1e16"]),
        (
            Axis(math.log10(0.351), math.log10(0.358), log=True),
            4,
            ["0.352", "0.354", "0.356", "0.358"],
        ),
        (Axis(0, 1), 0, []),
    ],
)
def test_ticks_are_round(axis, at_most, labels):
    assert [label for _, label in ticks(axis, at_most)] == labels


@SETTINGS
@given(a=FINITE, b=FINITE, at_most=st.integers(1, 20), log=st.booleans())
def test_ticks_lie_on_the_axis_and_are_few(a, b, at_most, log):
    low, high = sorted((a, b))
    if log:
        low, high = low / 1e5, high / 1e5
    if high - low < 1e-3:
        high = low + 1e-3
    axis = Axis(low, high, log)
    values = [value for value, _ in ticks(axis, at_most)]
    assert len(values) <= at_most
    assert len({label for _, label in ticks(axis, at_most)}) == len(values)
    for value in values:
        assert -1e-6 <= axis.fraction(np.asarray([value]))[0] <= 1 + 1e-6


def test_dots_become_the_right_characters():
    dots = np.zeros((8, 4), dtype=bool)
    dots[0, 0] = dots[3, 1] = dots[7, 3] = True
    cells = [[UNICODE.cells[i] for i in row] for row in patterns(dots, UNICODE).tolist()]
    assert cells == [["⢁", " "], [" ", "⢀"]]


@pytest.mark.parametrize("quantity", ["steps", "seconds"])
def test_the_first_step_alone_stands_at_the_beginning(quantity):
    axis = x_axis([of([1.0])], quantity)
    assert (axis.start, axis.stop) == (0.0, 1.0)
    axis = x_axis([of([1.0, 0.5])], "steps", log=True)
    assert (axis.start, axis.stop) == (0.0, 1.0)
