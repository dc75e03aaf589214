"""Lines are repainted where they changed, on the theme's background."""

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.color import Color
from textual.strip import Strip

from dicttui.training.snapshot import Series
from dicttui.tui.widgets.lines import Lines, as_strip, changed_columns
from dicttui.tui.widgets.loss_line import LossLine

RED, BLUE = Style(color="#ff0000"), Style(color="#0000ff")
FALLING = Series(
    tuple(range(50)), tuple(map(float, range(50))), *[tuple(1 / (i + 1) for i in range(50))] * 3
)


class Recorded(Lines):
    """Remembers which cells it was asked to repaint."""

    def __init__(self):
        super().__init__()
        self.repainted = []

    def refresh(self, *regions, **options):
        self.repainted.extend((region.y, region.x, region.right) for region in regions)
        return super().refresh(*regions, **options)


@pytest.fixture
def lines(stage):
    widget = Recorded()
    stage.mount(widget, 10, 4)
    stage.call(widget.set_lines, ["0123456789", Text("styled", RED), Strip([Segment("strip")])])
    stage.settle()
    widget.repainted.clear()
    return widget


def test_lines_are_shown_on_the_whole_width(stage, lines):
    assert [strip.text for strip in stage.lines(lines)] == [
        "0123456789", "styled    ", "strip     ", " " * 10,
    ]  # fmt: skip


def test_only_changed_cells_are_repainted(stage, lines):
    stage.call(lines.set_lines, ["0123x56789", Text("styled", RED), Strip([Segment("strip")])])
    assert lines.repainted == [(0, 4, 5)]
    assert stage.lines(lines)[0].text == "0123x56789"


def test_a_change_of_colour_alone_is_repainted(stage, lines):
    stage.call(lines.set_lines, ["0123456789", Text("styled", BLUE), Strip([Segment("strip")])])
    assert [y for y, *_ in lines.repainted] == [1]
    style = next(iter(stage.lines(lines)[1])).style
    assert style.color.triplet.hex == "#0000ff"


def test_nothing_changed_nothing_repainted(stage, lines):
    stage.call(lines.set_lines, ["0123456789", Text("styled", RED), Strip([Segment("strip")])])
    assert lines.repainted == []


def test_a_line_that_goes_is_blanked(stage, lines):
    stage.call(lines.set_lines, ["0123456789"])
    assert {y for y, *_ in lines.repainted} == {1, 2}
    assert stage.text(lines).strip() == "0123456789"


def test_wide_characters_are_cut_to_the_width():
    assert as_strip("字字字", 5).cell_length == 5
    old, new = as_strip("a字b", 4), as_strip("a字c", 4)
    start, end = changed_columns(old, new)
    assert start <= 3 < end


@pytest.mark.parametrize("a", ["", "x", "hello", "hexlo", "字字", "        "])
@pytest.mark.parametrize("b", ["", "x", "hello", "hexlo", "字字", "        "])
def test_outside_of_the_changed_cells_lines_are_equal(a, b):
    def cells(strip, start, end):
        return strip.crop(start, end).text

    old = Strip.join([as_strip(a, 5), Strip([Segment("tail", RED)])])
    new = Strip.join([as_strip(b, 5), Strip([Segment("tail", RED)])])
    start, end = changed_columns(old, new)
    assert cells(old, 0, start) == cells(new, 0, start)
    assert cells(old, end, 9) == cells(new, end, 9)
    assert (start == end) == (old.text == new.text)


def test_a_new_size_draws_anew(stage):
    widget = LossLine()
    stage.mount(widget, 40, 3)
    stage.call(widget.show, FALLING)
    stage.settle()
    before = stage.text(widget)
    widget.styles.width = 20
    stage.settle()
    assert all(strip.cell_length == 20 for strip in stage.lines(widget))
    assert stage.text(widget) != before


def test_what_is_shown_before_mounting_appears(stage):
    widget = LossLine()
    widget.show(FALLING)
    stage.mount(widget, 40, 3)
    assert stage.text(widget).strip()


def test_another_theme_changes_background_and_colour(stage):
    widget = LossLine()
    stage.mount(widget, 40, 3)
    stage.call(widget.show, FALLING)
    looks = {}
    for theme in ("textual-dark", "textual-light"):
        stage.app.theme = theme
        stage.settle()
        stage.settle()
        segment = next(iter(stage.lines(widget)[0]))
        looks[theme] = (segment.style.color.triplet.hex, segment.style.bgcolor.triplet.hex)
        background = Color.parse(stage.app.theme_variables["background"])
        assert segment.style.bgcolor.triplet.hex == background.hex.lower()
    assert looks["textual-dark"][0] != looks["textual-light"][0]
    stage.app.theme = "textual-dark"
    stage.settle()


def test_without_colour_there_is_none(stage, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    class Grey(App):
        def compose(self):
            yield LossLine(labels=True)

    async def styles():
        app = Grey()
        async with app.run_test(size=(60, 5)) as pilot:
            widget = app.query_one(LossLine)
            widget.show(FALLING)
            await pilot.pause()
            return [s.style for line in widget.render_lines(widget.size.region) for s in line]

    for style in stage.run(styles()):
        for colour in (style.color, style.bgcolor):
            assert colour is None or len(set(colour.triplet)) == 1


def test_spaces_go_with_the_text_before_them():
    pieces = [("label", RED), (" ", None), ("1", BLUE), ("   ", RED), ("2", BLUE), ("3", BLUE)]
    strip = as_strip(Strip([Segment(*piece) for piece in pieces]), 12)
    assert strip.text == "label 1   23"
    assert [(segment.text, segment.style) for segment in strip] == [
        ("label ", RED),
        ("1   23", BLUE),
    ]


@pytest.mark.parametrize("seen", [Style(bgcolor="#00ff00"), Style(underline=True)])
def test_spaces_that_can_be_seen_stay_as_they_are(seen):
    strip = as_strip(Strip([Segment("a", RED), Segment("  ", seen), Segment("b", RED)]), 4)
    assert [segment.style for segment in strip] == [RED, seen, RED]
