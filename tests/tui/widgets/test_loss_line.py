"""The sparkline says where the loss went."""

import math

from dicttui.training.snapshot import Mark, Series
from dicttui.tui.glyphs import UNICODE
from dicttui.tui.palette import run_colour
from dicttui.tui.widgets.loss_line import LossLine


def of(values):
    n = len(values)
    return Series(tuple(range(n)), tuple(map(float, range(n))), *[tuple(values)] * 3)


def shown(stage, series, width=40, height=3, *, options=(), **how):
    widget = LossLine(**dict(options))
    stage.mount(widget, width, height)
    stage.call(widget.show, series, **how)
    stage.settle()
    return widget, stage.text(widget).split("\n")


def test_a_falling_loss_falls(stage):
    _, lines = shown(stage, of([10.0 ** (-i / 10) for i in range(100)]))
    # The straight line of a geometric decay on a log axis: through every line, left to right.
    starts = [len(line) - len(line.lstrip()) for line in lines]
    assert starts == sorted(starts)
    assert starts[0] == 0
    assert len(lines[-1]) == 40


def test_the_line_has_one_style(stage):
    widget, _ = shown(stage, of([1.0, 0.5, 0.25]))
    assert len({segment.style for strip in stage.lines(widget) for segment in strip}) == 1


def test_nothing_to_draw_is_said(stage):
    assert shown(stage, Series())[1][0] == "no steps yet"
    assert shown(stage, of([math.nan, math.inf]))[1][0] == "no finite loss"


def test_labels_are_the_extremes(stage):
    _, lines = shown(stage, of([4.0, 1.5, 2.0]), options={"labels": True})
    assert lines[0].endswith(" 4.00")
    assert lines[-1].endswith(" 1.50")


def test_a_label_stands_where_its_value_lies_above_a_floor(stage):
    _, lines = shown(stage, of([4.0, 1.5, 2.0]), floor=0.001, options={"labels": True})
    assert lines[0].endswith(" 4.00")
    assert not lines[-1].endswith("1.50")
    _, lines = shown(stage, of([1.5]), floor=0.001, options={"labels": True})
    assert "".join(lines).count("1.50") == 1


def test_marks_stand_below_their_steps(stage):
    _, lines = shown(stage, of([1.0] * 101), 40, 3, marks=(Mark(50, 50.0, "lr 0.02"),))
    assert lines[-1].index(UNICODE.mark) == 20


def test_the_best_and_the_floor_are_shown_if_asked(stage):
    values = [1.0, 0.8, 0.2, 0.5, 0.6]
    _, lines = shown(stage, of(values), floor=0.1, options={"best": True})
    assert UNICODE.best in "".join(lines)
    assert lines[-1].count(UNICODE.floor) > 20
    assert lines[-1].index(UNICODE.floor) == 0
    assert UNICODE.floor not in "".join(shown(stage, of(values))[1])


def test_one_line_is_enough(stage):
    _, lines = shown(stage, of([3.0, 2.0, 1.0]), 20, 1)
    assert len(lines) == 1
    assert lines[0].strip()


def test_the_same_again_draws_nothing(stage, monkeypatch):
    widget, _ = shown(stage, of([3.0, 2.0]))
    drawn = []
    monkeypatch.setattr(widget, "draw", lambda *size: drawn.append(size) or [])
    stage.call(widget.show, of([3.0, 2.0]))
    assert not drawn


def test_what_was_taken_back_is_faint_behind_the_line(stage):
    now = of([4.0 - step / 50 for step in range(100)])
    past = Series(tuple(range(100, 200)), tuple(map(float, range(100, 200))), *[(3.0,) * 100] * 3)
    widget, lines = shown(stage, now, ghosts=[past])
    colours = {
        segment.style.color.triplet.hex.upper()
        for strip in stage.lines(widget)
        for segment in strip
        if any("⠁" <= character <= "⣿" for character in segment.text)
    }
    assert len(colours) == 2
    assert run_colour(0, dark=True) in colours
    # What is there now takes half the width, and the best is its own.
    assert max(len(line.rstrip()) for line in lines) > 30
    _, with_best = shown(
        stage, now, ghosts=[of([0.001] * 50)], options={"labels": True, "best": True}
    )
    assert "0.001" not in "".join(with_best)
