"""Curves as SVG."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from dicttui.report.charts.lines import NARROW, SMALL, WIDE, Chart, Floor, Line, Mark, draw

SVG = ElementTree


def drawn(chart, size=WIDE):
    return SVG.fromstring(draw(chart, size))


def paths(svg, kind):
    return [path for path in svg.iter("path") if kind in path.get("class", "").split()]


def heights(path):
    return [float(y) for y in re.findall(r"[ML][\d.-]+ ([\d.-]+)", path.get("d"))]


def line(values, run=0, **more):
    return Line(run, f"run-{run}", list(range(len(values))), values, **more)


@pytest.mark.parametrize("size", [WIDE, NARROW, SMALL])
def test_a_path_for_each_run_and_faint_ones_for_what_was_taken_back(size):
    chart = Chart("loss", (line([3.0, 2.0, 1.0]), line([3.0, 2.5], run=1),
                           line([9.0, 8.0], ghost=True)), y_log=True)  # fmt: skip
    svg = drawn(chart, size)
    assert [path.get("class") for path in paths(svg, "curve")] == ["curve r1", "curve r2"]
    assert len(paths(svg, "ghost")) == 1
    assert len(paths(svg, "marker")) == 2
    names = [text.text for text in svg.iter("text") if text.get("class") == "name"]
    assert names == ([] if size is not WIDE else [None, None])


def test_a_falling_loss_falls():
    (path,) = paths(drawn(Chart("loss", (line([4.0, 2.0, 1.0]),), y_log=True)), "curve")
    assert heights(path) == sorted(heights(path))


def test_what_is_no_number_is_a_gap():
    (path,) = paths(
        drawn(Chart("loss", (line([4.0, 3.0, math.nan, 2.0, 1.0, math.inf]),))), "curve"
    )
    assert path.get("d").count("M") == 2


def test_a_single_value_is_a_point():
    (path,) = paths(drawn(Chart("loss", (line([4.0]),))), "curve")
    assert path.get("d").endswith("h.5")


def test_a_run_that_diverged_does_not_flatten_the_others():
    wild = line([1.0, 1e30, math.nan], run=1, within=False)
    svg = drawn(Chart("loss", (line([4.0, 2.0, 1.0]), wild), y_log=True))
    tame, _ = paths(svg, "curve")
    assert max(heights(tame)) - min(heights(tame)) > WIDE.height / 2


def test_one_zero_does_not_make_a_log_axis_linear():
    svg = drawn(Chart("loss", (line([100.0, 1.0, 0.01, 0.0]),), y_log=True))
    (path,) = paths(svg, "curve")
    first, second, third = heights(path)
    assert second - first == pytest.approx(third - second, abs=0.2)


def test_marks_floors_and_names_are_written():
    chart = Chart("loss", (line([3.0, 2.0, 1.0]),), marks=(Mark(1, "lr 0.02", 0),),
                  floors=(Floor(0.5, "Var(x)"),))  # fmt: skip
    text = draw(chart, WIDE)
    assert ">lr 0.02</text>" in text
    assert "lr 0.02 at step 1" in text
    assert "Var(x) 0.5" in text
    assert "run-0" in text


def test_a_name_that_is_markup_is_written_as_it_is():
    hostile = Line(0, "<script>alert(1)</script>", [0, 1], [2.0, 1.0])
    chart = Chart("<b>", (hostile,), marks=(Mark(1, "</svg>", 0),), floors=(Floor(1.0, "&<"),))
    svg = draw(chart, WIDE)
    assert "<script" not in svg
    SVG.fromstring(svg)


def test_sixteen_runs_have_names_that_do_not_touch():
    svg = drawn(Chart("loss", tuple(line([2.0, 1.0], run=run) for run in range(16))))
    places = sorted(float(t.get("y")) for t in svg.iter("text") if t.get("class") == "name")
    assert len(places) == 16
    assert min(b - a for a, b in pairwise(places)) >= 14
    assert len({path.get("class") + path.get("d") for path in paths(svg, "marker")}) == 16


def test_nothing_recorded():
    assert "nothing was recorded" in draw(Chart("loss", (line([]),)), WIDE)
    drawn(Chart("loss", (line([math.nan, math.inf]),), y_log=True))
