"""Whatever a training does to its loss, every plot draws it."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.training.snapshot import Mark, Norms, Series
from dicttui.tui.glyphs import ASCII, UNICODE, Glyphs
from dicttui.tui.widgets.chart_content import ChartContent, Curve, Floor
from dicttui.tui.widgets.lines import as_strip
from dicttui.tui.widgets.loss_chart import LossChart
from dicttui.tui.widgets.loss_line import LossLine
from dicttui.tui.widgets.norm_bars import NormBars

TERRIBLE = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-30, 1e30, -1e30, 5e-324, 1.7e308, -1.7e308]
VALUES = st.sampled_from(TERRIBLE) | st.floats(-10, 10) | st.floats()
SIZES = st.tuples(st.integers(1, 160), st.integers(1, 50))
MARKS = (Mark(3, 0.1, "lr × 2 → 0.02"), Mark(4, 0.1, "pause"), Mark(10**9, 1e9, "device cpu"))
DRAWS = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
both_sets = pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])


@st.composite
def histories(draw: st.DrawFn) -> Series:
    n = draw(st.sampled_from([0, 1, 2, 3, 17, 200]))
    one = draw(VALUES)
    last = draw(
        st.sampled_from(
            [
                [one] * n,
                [1.0 - 2.0 * i / max(1, n - 1) for i in range(n)],
                [one if i == n // 2 else 0.5 for i in range(n)],
                [math.nan if i % 3 else 1.0 / (i + 1) for i in range(n)],
            ]
        )
        | st.lists(VALUES, min_size=n, max_size=n)
    )
    other = draw(st.lists(VALUES, min_size=n, max_size=n)) if draw(st.booleans()) else last
    stride = draw(st.sampled_from([1, 7, 10_000]))
    seconds = draw(st.sampled_from([0.0, 1e-6, 0.5]))
    return Series(
        tuple(range(0, n * stride, stride)),
        tuple(i * seconds for i in range(n)),
        tuple(other),
        tuple(last),
        tuple(last),
    )


def check(lines: list, size: tuple[int, int], glyphs: Glyphs) -> None:
    width, height = size
    assert len(lines) <= height
    for line in lines:
        strip = as_strip(line, width)
        assert sum(segment.cell_length for segment in strip) == width
        assert "\x1b" not in strip.text
        assert strip.text.isascii() or not glyphs.ascii, strip.text


@both_sets
@DRAWS
@given(series=histories(), size=SIZES, log=st.booleans(), floor=st.none() | VALUES)
def test_a_loss_line_draws(stage, glyphs, series, size, log, floor):
    widget = stage.only(LossLine, labels=True, best=True, glyphs=glyphs)
    stage.call(widget.show, series, marks=MARKS, floor=floor, log=log)
    check(stage.draw(widget, *size), size, glyphs)


@both_sets
@DRAWS
@given(
    histories=st.lists(st.tuples(histories(), st.none() | histories()), max_size=3),
    size=SIZES,
    x_scale=st.sampled_from(["linear", "log"]),
    y_scale=st.sampled_from(["linear", "log"]),
    x_quantity=st.sampled_from(["steps", "seconds"]),
    smoothing=st.sampled_from(["off", "light", "strong"]),
    which=st.sampled_from(["train", "held_out", "both"]),
    floor=VALUES,
)
def test_a_loss_chart_draws(stage, glyphs, histories, size, floor, **how):
    widget = stage.only(LossChart, glyphs=glyphs)
    curves = tuple(
        Curve(f"run λ {i}", i, i, train, held_out, MARKS)
        for i, (train, held_out) in enumerate(histories)
    )
    content = ChartContent(curves, title="µ", floors=(Floor(floor, "Var(x) ≈ 1"),), **how)
    stage.call(widget.show, content)
    lines = stage.draw(widget, *size)
    check(lines, size, glyphs)
    assert len(lines) == size[1]


@both_sets
@DRAWS
@given(
    values=st.lists(VALUES, max_size=80),
    in_full=st.booleans(),
    size=SIZES,
    scale_max=st.none() | VALUES,
)
def test_norm_bars_draw(stage, glyphs, values, in_full, size, scale_max):
    widget = stage.only(NormBars, glyphs=glyphs)
    pairs = tuple(enumerate(values))
    norms = Norms(
        count=len(values) if in_full else 12_288,
        minimum=min(values, default=math.nan),
        median=values[0] if values else math.nan,
        maximum=max(values, default=math.nan),
        ratio=math.inf,
        values=tuple(values) if in_full else (),
        histogram=() if in_full else tuple(range(len(values))),
        smallest=() if in_full else pairs[:5],
        largest=() if in_full else pairs[5:],
    )
    stage.call(widget.show, norms, label="rows", scale_max=scale_max)
    check(stage.draw(widget, *size), size, glyphs)


@pytest.mark.parametrize("size", [(10, 3), (400, 100)])
def test_a_loss_chart_draws_in_the_smallest_and_the_largest_terminal(stage, size):
    widget = stage.only(LossChart)
    series = Series(
        tuple(range(100)), tuple(range(100)), *[tuple(1 / (i + 1) for i in range(100))] * 3
    )
    stage.call(widget.show, ChartContent((Curve("adam", 0, 0, series, marks=MARKS),)))
    lines = stage.draw(widget, *size)
    check(lines, size, UNICODE)
    assert any("⠉" < character <= "⣿" for line in lines for character in as_strip(line, 400).text)
