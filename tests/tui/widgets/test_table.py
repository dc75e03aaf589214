"""The table of rows: order, cursor, keys, mouse, and only the lines on the screen."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicttui.tui.glyphs import ASCII
from dicttui.tui.numbers import number
from dicttui.tui.widgets.table import ColumnSpec, RowTable, order

SPECS = (
    ColumnSpec("index", "row", 6, str),
    ColumnSpec("norm", "norm", 9, lambda v: number(v, 4, width=9), descending_first=True),
    ColumnSpec("cosine", "cosine", 9),
)


def rows(n):
    # 37 is prime: every norm once, in a scrambled order, while n is no multiple of it.
    return [(i, float(i * 37 % n), None if i % 5 == 0 else i / n) for i in range(n)]


@pytest.fixture
def table(stage):
    widget = RowTable(SPECS)
    stage.mount(widget, 40, 11)
    stage.call(widget.show, rows(100))
    stage.call(widget.focus)
    stage.settle()
    return widget


def first_rows(stage, table):
    return [int(line.replace("▶", " ").split()[0]) for line in stage.text(table).split("\n")[1:]]


def test_a_screenful_is_shown_below_the_heading(stage, table):
    lines = stage.text(table).split("\n")
    assert lines[0].split() == ["row▲", "norm", "cosine"]
    assert first_rows(stage, table) == list(range(10)) == list(table.visible_rows)
    assert lines[1].split()[-1].startswith("n/a")


def test_a_column_is_sorted_and_turned_round(stage, table):
    stage.call(table.sort_by, "norm")
    stage.settle()
    assert table.sorted_by == ("norm", True)
    by_norm = sorted(range(100), key=lambda i: -(i * 37 % 100))
    assert sorted(first_rows(stage, table)) != list(range(10))
    assert table._order.tolist() == by_norm
    stage.call(table.sort_by, "norm")
    assert table.sorted_by == ("norm", False)
    assert table._order.tolist() == by_norm[::-1]


def test_an_unknown_column_is_an_error(stage, table):
    with pytest.raises(KeyError):
        stage.call(table.sort_by, "nonsense")


@pytest.mark.parametrize("descending", [False, True])
@settings(deadline=None, derandomize=True)
@given(
    values=st.lists(st.none() | st.sampled_from([1.0, 2.0, 2, -3, math.inf, -math.inf, math.nan]))
)
def test_what_has_no_value_goes_last_and_equals_keep_their_order(descending, values):
    result = order(values, descending=descending).tolist()
    known = [i for i, v in enumerate(values) if v is not None and not math.isnan(v)]
    missing = [i for i in range(len(values)) if i not in known]
    assert result == sorted(known, key=lambda i: -values[i] if descending else values[i]) + missing


def test_texts_are_sorted_as_texts():
    values = ["b", None, "a", "b"]
    assert order(values, descending=False).tolist() == [2, 0, 3, 1]
    assert order(values, descending=True).tolist() == [0, 3, 2, 1]


def test_keys_move_the_cursor_and_the_rows(stage, table):
    stage.press("down", "down")
    assert table.cursor == 2
    stage.press("pagedown")
    assert table.cursor == 11
    assert table.visible_rows[-1] == 11
    stage.press("end")
    assert table.cursor == 99
    assert table.visible_rows == tuple(range(90, 100))
    stage.press("down")
    assert table.cursor == 99
    stage.press("pageup", "home", "up")
    assert table.cursor == 0
    assert table.visible_rows[0] == 0
    assert "▶" in stage.text(table).split("\n")[1]


def test_keys_sort(stage, table):
    stage.press("right")
    assert table.sorted_by == ("norm", True)
    stage.press("shift+up")
    assert table.sorted_by == ("norm", False)
    stage.press("right", "right", "right")
    assert table.sorted_by == ("cosine", False)


def test_the_mouse_sorts_by_a_heading_and_chooses_a_row(stage, table):
    stage.click(table, 14, 0)
    assert table.sorted_by[0] == "norm"
    stage.click(table, 3, 0)
    stage.click(table, 3, 0)
    assert table.sorted_by == ("index", True)
    # The cursor's row 0 is now the last: the screen followed it.
    assert table.cursor == 0
    assert table.visible_rows[-1] == 0
    stage.click(table, 5, 4)
    assert table.cursor == table.visible_rows[3]


def test_go_to_brings_a_row_onto_the_screen(stage, table):
    stage.call(table.sort_by, "norm")
    assert stage.call(table.go_to, 57)
    stage.settle()
    assert table.cursor == 57
    assert 57 in table.visible_rows
    assert not stage.call(table.go_to, 100)
    assert table.cursor == 57


def test_new_values_keep_order_and_cursor_and_repaint_what_changed(stage, table, monkeypatch):
    stage.call(table.go_to, 4)
    stage.settle()
    repainted = []
    monkeypatch.setattr(table, "refresh", lambda *regions, **_: repainted.extend(regions))
    new = rows(100)
    new[6] = (6, 123.0, 0.5)
    new[60] = (60, 456.0, 0.5)
    stage.call(table.show, new)
    assert table.cursor == 4
    assert [region.y for region in repainted] == [7]


def test_fewer_rows_and_none(stage, table):
    stage.press("end")
    stage.call(table.show, rows(3))
    stage.settle()
    assert table.cursor == 2
    assert table.visible_rows == (0, 1, 2)
    assert [bool(line) for line in stage.text(table).split("\n")] == [True] * 4 + [False] * 7
    stage.call(table.show, [])
    stage.settle()
    assert table.cursor is None
    stage.press("down", "pagedown", "end", "right")
    assert not stage.call(table.go_to, 0)


def test_very_many_rows_draw_only_what_is_on_the_screen(stage):
    formatted = []
    spec = ColumnSpec("x", "x", 8, lambda v: formatted.append(v) or str(v))
    table = RowTable([spec])
    stage.mount(table, 30, 11)
    stage.call(table.show, [(i,) for i in range(131_072)])
    stage.settle()
    stage.call(table.go_to, 131_071)
    stage.settle()
    assert "131071" in stage.text(table).split("\n")[-1]
    assert len(set(formatted)) <= 40


def test_in_ascii_it_is_ascii(stage):
    table = RowTable([ColumnSpec("x", "λ·x", 8)], glyphs=ASCII)
    stage.mount(table, 30, 6)
    stage.call(table.show, [(math.inf,), (1e-30,), (None,)])
    stage.settle()
    assert stage.text(table).isascii()
    assert "lambda" in stage.text(table)


@pytest.mark.parametrize(("width", "titles"), [(32, 3), (31, 2), (21, 2), (20, 1), (5, 1)])
def test_no_number_is_cut_in_a_narrow_terminal(stage, width, titles):
    table = RowTable(SPECS)
    stage.mount(table, width, 6)
    stage.call(table.show, [(i, 1.2345, 0.12345) for i in range(100)])
    stage.settle()
    lines = stage.text(table).split("\n")
    assert len(lines[0].split()) == titles
    if titles > 1:
        shown = lines[2].replace("▁", " ").split()
        assert shown[1:titles] == ["1.234", "0.1235"][: titles - 1]
