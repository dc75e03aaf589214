"""Every drawing is readable without Unicode and without colour."""

import dataclasses

import pytest
from rich.cells import cell_len
from rich.color import Color
from textual.color import Color as TextualColor
from textual.theme import BUILTIN_THEMES

from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.palette import NAMES, run_colour, run_style, theme_variables
from dicttui.tui.widgets.roles import cut, width_of


def luminance(colour: TextualColor) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


WIDER_THAN_A_CELL = {"infinity", "solid_line", "dashed_line"}


def characters(glyphs):
    for field in dataclasses.fields(glyphs):
        value = getattr(glyphs, field.name)
        if field.name == "states":
            yield from (sign for _, sign in value)
        elif isinstance(value, str):
            yield from ([value] if field.name in WIDER_THAN_A_CELL else value)


def test_ascii_is_ascii():
    assert all(text.isascii() and text.isprintable() for text in characters(ASCII))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_characters_take_the_cells_that_drawings_count_on(glyphs):
    assert all(cell_len(text) == len(text) for text in characters(glyphs))
    assert len(glyphs.cells) == 2 ** (glyphs.sub_columns * glyphs.sub_rows)
    assert len(set(glyphs.run_markers)) == len(glyphs.run_markers) == 16
    signs = [sign for _, sign in glyphs.states]
    assert len(set(signs)) == len(signs) == 7
    assert glyphs.state("paused") in signs


def test_what_others_wrote_becomes_ascii():
    assert ASCII.plain("sparse 10 → 8, lr × 2, λ") == "sparse 10 -> 8, lr x 2, lambda"
    assert ASCII.plain("été") == "?t?"
    assert UNICODE.plain("été →") == "été →"


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "solarized-light"])
def test_run_colours_stand_out_from_the_background(theme):
    chosen = BUILTIN_THEMES[theme]
    colours = chosen.to_color_system().generate()
    for background in ("background", "surface"):
        behind = TextualColor.parse(colours[background])
        for i in range(len(NAMES)):
            colour = TextualColor.parse(run_colour(i, dark=chosen.dark))
            dim, bright = sorted((luminance(colour), luminance(behind)))
            assert (bright + 0.05) / (dim + 0.05) >= 3, (background, NAMES[i])


@pytest.mark.parametrize("dark", [True, False])
def test_run_colours_differ_and_repeat(dark):
    colours = list(theme_variables(dark=dark).values())
    assert len(set(colours)) == len(colours) == 8
    assert run_colour(8, dark=dark) == run_colour(0, dark=dark)
    assert run_style(3, dark=dark).color == Color.parse(run_colour(3, dark=dark))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_text_of_others_holds_nothing_that_a_terminal_obeys(glyphs):
    assert glyphs.plain("a\x1b[31mb\x9b5m\nc\u202e\td") == "a?[31mb?5m c? d"


def test_wide_characters_are_cut_to_their_cells():
    assert cut([("模型训练", "plain"), ("x", "plain")], 6, UNICODE) == [
        ("模型", "plain"), (UNICODE.ellipsis, "muted"),
    ]  # fmt: skip
    assert width_of([("模型", "plain"), ("ab", "muted")]) == 6
