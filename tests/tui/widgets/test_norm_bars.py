"""Row norms: each its bar where they fit, else their distribution."""

import math

from dicttui.training.snapshot import Norms
from dicttui.tui.glyphs import ASCII, UNICODE
from dicttui.tui.widgets.norm_bars import NormBars


def of(values):
    finite = sorted(v for v in values if math.isfinite(v))
    ratio = finite[-1] / finite[0] if finite[0] else math.inf
    middle = finite[len(finite) // 2]
    return Norms(len(values), finite[0], middle, finite[-1], ratio, tuple(values))


def shown(stage, norms, width=59, height=8, **how):
    widget = NormBars(glyphs=how.pop("glyphs", UNICODE))
    stage.mount(widget, width, height)
    stage.call(widget.show, norms, label="rows", **how)
    stage.settle()
    return stage.text(widget).split("\n")


def bar_lengths(lines):
    return [line.count(UNICODE.eighths[-1]) for line in lines]


def test_every_row_has_its_label_its_bar_and_its_value(stage):
    lines = shown(stage, of([1.0, 2.0, 4.0, 0.5, 3.0]))
    assert lines[0] == "rows max/min 8"
    for row, value in enumerate(("1.000", "2.000", "4.000", "0.5000", "3.000")):
        assert lines[row + 1].startswith(f"{row} ")
        assert lines[row + 1].endswith(f" {value}")
    lengths = bar_lengths(lines)[1:6]
    assert lengths[2] == 2 * lengths[1] == 4 * lengths[0] == 8 * lengths[3] > 0


def test_more_rows_than_lines_stand_in_columns(stage):
    lines = shown(stage, of([float(i + 1) for i in range(14)]), 80, 8)
    assert [line.split()[0] for line in lines[1:8]] == [str(i) for i in range(7)]
    assert all(f" {i} " in lines[i - 6] for i in range(10, 14))


def test_two_cards_with_one_scale_compare(stage):
    alone = bar_lengths(shown(stage, of([1.0, 1.0])))[1]
    shared = bar_lengths(shown(stage, of([1.0, 1.0]), scale_max=2.0))[1]
    large = bar_lengths(shown(stage, of([2.0, 2.0]), scale_max=2.0))[1]
    assert alone == large == 2 * shared


def test_a_norm_beyond_the_scale_says_so(stage):
    assert UNICODE.arrow_right in shown(stage, of([1.0, 5.0]), scale_max=2.0)[2]


def test_what_is_not_finite_is_written(stage):
    lines = shown(stage, of([1.0, math.nan, math.inf]))
    assert lines[2].split() == ["1", "nan"]
    assert lines[3].split() == ["2", "∞"]


def test_a_ratio_of_infinity_is_a_sign(stage):
    assert shown(stage, of([0.0, 1.0]))[0] == "rows max/min ∞"
    assert shown(stage, of([0.0, 1.0]), glyphs=ASCII)[0] == "rows max/min inf"


def test_many_rows_are_a_distribution_with_the_most_extreme_by_index(stage):
    values = [1.0] * 200
    values[17], values[123] = 5.0, 0.25
    lines = shown(stage, of(values), 70, 8)
    assert lines[0] == "rows max/min 20"
    assert lines[1].split() == ["min", "0.25", "median", "1", "max", "5", "200", "rows"]
    text = "\n".join(lines)
    assert "largest   17: 5" in text
    assert "smallest  123: 0.25" in text
    assert UNICODE.levels[-1] in text


def test_rows_that_are_not_in_full_are_drawn_from_their_histogram(stage):
    norms = Norms(
        12_288, 0.1, 0.5, 2.0, 20.0,
        histogram=(0, 1000, 10_000, 1287, 1),
        smallest=((7, 0.1), (9, 0.2)),
        largest=((12_000, 2.0),),
    )  # fmt: skip
    lines = shown(stage, norms, 50, 8)
    assert "12,288 rows" in lines[1]
    bars = lines[2:6]
    # Five bins of ten cells: nothing in the first, a trace in the last.
    assert all(line[:10].strip() == "" for line in bars)
    assert bars[0][20:30] == UNICODE.levels[-1] * 10
    assert bars[-1].rstrip()[40:50] == UNICODE.levels[0] * 10
    assert lines[6] == "largest   12000: 2"
    assert lines[7] == "smallest  7: 0.1  9: 0.2"


def test_nothing_yet(stage):
    assert shown(stage, None) == ["rows n/a"] + [""] * 7


def test_rounding_is_not_drawn_as_a_distribution(stage):
    lines = shown(stage, of([1.0 + 1e-7 * (i % 3) for i in range(200)]))
    assert lines[1].startswith("min 1  median 1  max 1")
    assert lines[2].strip() == "all rows are equal"
    assert not "".join(lines[3:]).strip()
