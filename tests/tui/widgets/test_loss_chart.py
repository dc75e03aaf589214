"""The chart of all runs: readable without colour, and every line where it belongs."""

import math
import subprocess
import sys

import pytest

from dicttui.training.snapshot import Mark, Series
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.palette import run_colour
from dicttui.tui.widgets.chart_content import ChartContent, Curve, Floor
from dicttui.tui.widgets.loss_chart import LossChart


def of(values, *, seconds=0.5):
    n = len(values)
    return Series(tuple(range(n)), tuple(i * seconds for i in range(n)), *[tuple(values)] * 3)


def shown(stage, content, width=80, height=20, glyphs=UNICODE):
    widget = LossChart(glyphs=glyphs)
    stage.mount(widget, width, height)
    stage.call(widget.show, content)
    stage.settle()
    return widget, stage.text(widget).split("\n")


def flat(level, *, colour=0, n=100, **options):
    return Curve(f"run{colour}", colour, colour, of([level] * n), **options)


def test_no_steps_yet(stage):
    assert "no steps yet" in "\n".join(shown(stage, ChartContent())[1])
    assert "no steps yet" in "\n".join(shown(stage, ChartContent((Curve("a", 0, 0, Series()),)))[1])


def test_nothing_finite_is_said(stage):
    content = ChartContent((Curve("a", 0, 0, of([math.nan, math.inf])),))
    assert "nothing finite yet" in "\n".join(shown(stage, content)[1])


def test_the_heading_says_what_is_drawn_and_names_the_runs(stage):
    content = ChartContent(
        (flat(1.0), flat(2.0, colour=1)), y_label="mse", smoothing="light", x_scale="log"
    )
    heading = shown(stage, content)[1][0]
    assert heading.startswith("mse (log) over steps (log), light smoothing")
    assert f"{UNICODE.run_marker(0)} run0" in heading
    assert f"{UNICODE.run_marker(1)} run1" in heading


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_sixteen_runs_have_their_own_markers_on_their_own_curves(stage, glyphs):
    curves = tuple(flat(2.0**i, colour=i) for i in range(16))
    _, lines = shown(stage, ChartContent(curves), 100, 40, glyphs)
    heads = next(y for y, line in enumerate(lines) if glyphs.vertical in line)
    rows = {
        marker: {y for y, line in enumerate(lines) if y >= heads and marker in line[6:]}
        for marker in glyphs.run_markers
    }
    if glyphs is UNICODE:
        assert all(len(found) == 1 for found in rows.values())
    heights = [min(rows[glyphs.run_marker(i)]) for i in range(16)]
    assert all(rows.values())
    assert heights[0] > heights[-1]


def test_runs_have_their_colours(stage):
    widget, _ = shown(stage, ChartContent((flat(1.0), flat(9.0, colour=1))))
    colours = {
        segment.style.color.triplet.hex
        for strip in stage.lines(widget)[1:]
        for segment in strip
        if "⠁" <= segment.text[0] <= "⣿"
    }
    assert len(colours) == 2


def test_an_intervention_is_a_line_at_its_step_with_its_label(stage):
    curve = flat(1.0, n=101, marks=(Mark(50, 25.0, "lr 0.02"),))
    for quantity in ("steps", "seconds"):
        _, lines = shown(stage, ChartContent((curve,), x_quantity=quantity))
        columns = {line.index(UNICODE.mark_line) for line in lines if UNICODE.mark_line in line}
        assert len(columns) == 1
        left = max(line.find(UNICODE.vertical) for line in lines)
        assert columns.pop() == pytest.approx((left + 80) / 2, abs=1)
        assert "lr 0.02" in lines[1]


def test_interventions_too_close_for_labels_keep_their_lines(stage):
    marks = tuple(Mark(50 + i, 25.0 + i / 2, f"lr {i}.0000") for i in range(0, 12, 3))
    _, lines = shown(stage, ChartContent((flat(1.0, n=101, marks=marks),)))
    assert lines[5].count(UNICODE.mark_line) == 4
    assert "lr 9.0000" in lines[1]
    assert "lr 0.0000" not in lines[1]


def test_a_floor_is_a_labelled_line_below_the_curve(stage):
    content = ChartContent((flat(1.0),), floors=(Floor(0.01, "rank 5 residual"),))
    _, lines = shown(stage, content)
    y = next(i for i, line in enumerate(lines) if "rank 5 residual" in line)
    assert lines[y].count(UNICODE.floor) > 40
    assert all(character < "⠁" or character > "⣿" for line in lines[y:] for character in line)


def test_a_curve_that_arrives_at_its_floor_hides_the_floor_and_the_label_gives_way(stage):
    curve = Curve("adam", 0, 0, of([10.0] * 50 + [1.0] * 50))
    _, lines = shown(stage, ChartContent((curve,), floors=(Floor(1.0, "rank 5 residual"),)))
    y = next(i for i, line in enumerate(lines) if UNICODE.floor in line)
    after = lines[y][len(lines[y]) // 2 + 5 :]
    assert UNICODE.floor not in after
    assert sum("⠁" <= c <= "⣿" for c in after) > 20
    assert "rank 5 residual" in "".join(lines)


@pytest.mark.parametrize(("width", "height"), [(80, 8), (120, 14), (200, 40)])
def test_an_axis_says_two_values_at_least(stage, width, height):
    curve = Curve("adam", 0, 0, of([5.2 * 0.93**step + 0.35 for step in range(100)]))
    _, lines = shown(stage, ChartContent((curve,)), width, height)
    assert sum(UNICODE.tick_left in line for line in lines) >= 2


def test_train_and_held_out_differ_in_their_lines(stage):
    curve = flat(1.0, held_out=of([4.0] * 100))
    cells = {
        which: sum(
            "⠁" <= c <= "⣿"
            for line in shown(stage, ChartContent((curve,), which=which))[1]
            for c in line
        )
        for which in ("train", "held_out", "both")
    }
    assert cells["train"] > 1.5 * cells["held_out"] > 0
    assert cells["both"] == cells["train"] + cells["held_out"]
    heading = shown(stage, ChartContent((curve,), which="both"))[1][0]
    assert "── train ╌╌ held-out" in heading


def test_the_envelope_stays_visible_behind_a_smoothed_line(stage):
    n = 400
    noisy = Series(
        tuple(range(n)), tuple(map(float, range(n))), (1.0,) * n, (9.0,) * n, (2.0, 4.0) * (n // 2)
    )
    widget, lines = shown(
        stage, ChartContent((Curve("a", 0, 0, noisy),), smoothing="strong", y_scale="linear")
    )
    drawn = [y for y, line in enumerate(lines) if any("⠁" <= c <= "⣿" for c in line)]
    assert len(drawn) > 15
    styles = {s.style.color.triplet.hex for strip in stage.lines(widget) for s in strip}
    assert len(styles) >= 3


def test_a_spike_is_drawn(stage):
    values = [1.0] * 1000
    values[700] = 50.0
    _, lines = shown(stage, ChartContent((Curve("a", 0, 0, of(values)),)))
    spike = {i for line in lines[1:10] for i, c in enumerate(line) if "⠁" <= c <= "⣿"}
    assert len(spike) == 1
    assert spike.pop() == pytest.approx(0.7 * 80, abs=3)


def test_a_value_off_the_scale_is_said(stage):
    values = [1.0 + 0.01 * (i % 7) for i in range(200)]
    values[100] = 1e30
    content = ChartContent((Curve("a", 0, 0, of(values)),), y_scale="linear")
    assert "↑ off the scale" in shown(stage, content)[1][0]


def test_axes_have_round_ticks(stage):
    values = [10.0 ** (2 - 4 * i / 1000) for i in range(1001)]
    _, lines = shown(stage, ChartContent((Curve("a", 0, 0, of(values)),)))
    labels = [
        line.split(UNICODE.tick_left)[0].strip() for line in lines if UNICODE.tick_left in line
    ]
    assert labels == ["100", "10", "1", "0.1", "0.01"]
    assert lines[-1].split() == ["0", "200", "400", "600", "800", "1000"]


def test_too_many_names_are_counted(stage):
    curves = tuple(flat(1.0 + i, colour=i) for i in range(16))
    _, lines = shown(stage, ChartContent(curves), 60, 12)
    assert len(lines[0]) <= 60
    named = sum(f" run{i} " in f"{lines[0]} " for i in range(16))
    assert lines[0].endswith(f" +{16 - named}")


def test_only_lines_that_changed_are_repainted(stage, monkeypatch):
    content = ChartContent((flat(1.0), flat(1000.0, colour=1)))
    widget, before = shown(stage, content)
    repainted = []
    monkeypatch.setattr(widget, "refresh", lambda *regions, **_: repainted.extend(regions))
    stage.call(widget.show, ChartContent((flat(1.0), flat(1000.0, colour=1), flat(30.0, colour=2))))
    after = [strip.text.rstrip() for strip in widget._strips]
    changed = {y for y, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
    assert changed
    assert {region.y for region in repainted} == changed
    assert len(changed) < 5


def test_plotext_is_not_imported_before_a_chart_is_drawn():
    script = (
        "import sys, dicttui.tui.widgets.loss_chart as c; c.LossChart();"
        "print([m for m in sys.modules if 'plotext' in m and not m.startswith('dicttui')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


def test_labels_of_floors_do_not_overlap(stage):
    floors = (Floor(1.0, "all codes zero"), Floor(1.001, "another one"))
    text = "\n".join(shown(stage, ChartContent((flat(5.0),), floors=floors))[1])
    assert "all codes zero" in text
    assert "another one" in text


def test_the_label_of_the_newest_intervention_stands_left_of_it_at_the_edge(stage):
    curve = flat(1.0, marks=(Mark(99, 49.5, "lr 0.02"),))
    _, lines = shown(stage, ChartContent((curve,)))
    assert any("lr 0.02" in line for line in lines)


def dots_of(widget, stage):
    """How many cells of curves there are, by whether they are fainter than the run's colour."""
    cells = {True: 0, False: 0}
    for strip in stage.lines(widget)[1:]:
        for segment in strip:
            dots = sum("⠁" <= character <= "⣿" for character in segment.text)
            cells[is_faint(segment)] += dots
    return cells


def is_faint(segment):
    return segment.style.color.triplet.hex.upper() != run_colour(0, dark=True)


def test_what_was_taken_back_is_faint_and_has_no_place_in_the_legend(stage):
    past = Series(tuple(range(50, 100)), tuple(map(float, range(50, 100))), *[(4.0,) * 50] * 3)
    alone = Curve("a", 0, 0, of([1.0] * 60))
    widget, before = shown(stage, ChartContent((alone,)))
    assert dots_of(widget, stage)[True] == 0
    widget, lines = shown(stage, ChartContent((Curve("a", 0, 0, of([1.0] * 60), ghosts=(past,)),)))
    assert dots_of(widget, stage)[True] > 20
    assert lines[0] == before[0]
    # To the right of what is there now.
    assert int(lines[-1].split()[-1]) > int(before[-1].split()[-1])


@pytest.mark.parametrize("smoothing", ["off", "strong"])
def test_a_line_hides_what_was_taken_back(stage, smoothing):
    curve = of([1.0 + step % 2 / 10 for step in range(200)])
    widget, lines = shown(stage, ChartContent((Curve("a", 0, 0, curve),), smoothing=smoothing))
    solid = dots_of(widget, stage)[False]
    haunted = Curve("a", 0, 0, curve, ghosts=(curve, curve))
    widget, again = shown(stage, ChartContent((haunted,), smoothing=smoothing))
    assert dots_of(widget, stage)[False] == solid
    if smoothing == "off":
        assert again == lines


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_what_was_taken_back_because_it_went_up_and_away_leaves_room_for_the_rest(stage, scale):
    curve = of([2.0 - step / 100 for step in range(100)])
    up = of([2.0 * 1.02**step for step in range(600)])
    content = ChartContent((Curve("a", 0, 0, curve, ghosts=(up,)),), y_scale=scale)
    widget, _ = shown(stage, content)
    rows = [y for y, strip in enumerate(stage.lines(widget)) for segment in strip
            if not is_faint(segment) and any("⠁" <= c <= "⣿" for c in segment.text)]  # fmt: skip
    assert len(set(rows)) > 8
    assert dots_of(widget, stage)[True] > 0


def test_over_seconds_too(stage):
    past = Series(tuple(range(50, 100)), tuple(s / 2 for s in range(50, 100)), *[(4.0,) * 50] * 3)
    curve = Curve("a", 0, 0, of([1.0] * 60), ghosts=(past,))
    widget, _ = shown(stage, ChartContent((curve,), x_quantity="seconds"))
    assert dots_of(widget, stage)[True] > 20
