"""Runs as points."""

import math

from dicttui.tui.widgets.scatter_chart import ScatterChart
from dicttui.tui.widgets.scatter_content import ScatterContent, Trail


def shown(stage, *trails, **content):
    widget = ScatterChart()
    stage.mount(widget, 110, 12)
    stage.call(widget.show, ScatterContent(trails, "l0", "fvu", **content))
    stage.settle()
    return stage.text(widget).split("\n")


def where(lines, marker):
    (found,) = [
        (y, x) for y, line in enumerate(lines[1:]) for x, c in enumerate(line) if c == marker
    ]
    return found


def test_each_run_is_a_point_at_its_newest_values(stage):
    lines = shown(
        stage,
        Trail("adam", 0, 0, (500.0, 100.0, 20.0), (1.0, 0.5, 0.1)),
        Trail("sgd", 1, 1, (400.0, 300.0), (1.0, 0.9)),
    )
    assert "fvu (log) over l0 (log)  ● adam  ■ sgd" in lines[0]
    (down, left), (up, right) = where(lines, "●"), where(lines, "■")
    assert down > up
    assert left < right


def test_what_has_no_place_on_the_chart_is_said(stage):
    lines = shown(
        stage,
        Trail("good", 0, 0, (20.0,), (0.1,)),
        Trail("zero", 1, 1, (50.0, 0.0), (0.2, 1.0)),
        Trail("bad", 2, 2, (50.0, math.nan), (0.2, math.inf)),
        Trail("new", 3, 3, (), ()),
        note="left: sparser",
    )
    text = "\n".join(lines)
    assert "zero (l0 0: at the edge)" in text


def test_nothing_finite_is_no_chart(stage):
    lines = shown(stage, Trail("bad", 0, 0, (math.nan,), (1.0,)))
    assert any("nothing finite yet" in line for line in lines)
    assert "bad (not finite)" in lines[0]
