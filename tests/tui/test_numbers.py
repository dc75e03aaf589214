"""Numbers on the screen."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicttui.tui import numbers
from dicttui.tui.glyphs import ASCII


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (None, "n/a"),
        (0, "0"),
        (0.35, "0.35"),
        (0.351234, "0.3512"),
        (-0.351234, "-0.3512"),
        (12, "12"),
        (12345.678, "12346"),
        (999_999.7, "1e6"),
        (0.001, "0.001"),
        (0.00004, "4e-5"),
        (0.000123456, "1.235e-4"),
        (1e-30, "1e-30"),
        (1e30, "1e30"),
        (-1e30, "-1e30"),
        (5e-324, "4.941e-324"),
        (math.nan, "nan"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_a_number(x, text):
    assert numbers.number(x) == text


def test_infinity_in_ascii():
    assert numbers.number(math.inf, glyphs=ASCII) == "inf"
    assert numbers.number(-math.inf, width=8, glyphs=ASCII) == "    -inf"


@settings(deadline=None, derandomize=True)
@given(x=st.floats(-1e300, 1e300), digits=st.integers(1, 6))
def test_a_number_is_never_further_off_than_its_digits_say(x, digits):
    shown = float(numbers.number(x, digits))
    assert math.isclose(shown, x, rel_tol=0.51 * 10.0 ** (1 - digits), abs_tol=5e-324)
    assert (shown == 0) == (x == 0)


@settings(deadline=None, derandomize=True)
@given(x=st.floats() | st.none())
def test_a_number_of_a_width_has_that_width(x):
    assert len(numbers.number(x, width=9)) == 9
    assert len(numbers.signed(x, width=9)) == 9
    assert numbers.signed(x, width=9).isascii() or math.isinf(x)


def test_neighbouring_values_keep_their_places():
    texts = [numbers.number(x, width=8) for x in (0.35, 0.3501, 0.4, 0.41)]
    assert texts == ["  0.3500", "  0.3501", "  0.4000", "  0.4100"]


def test_a_narrow_column_takes_digits_away_not_the_size():
    assert numbers.number(0.123456, 6, width=6) == "0.1235"
    assert numbers.number(-1.2345e-30, 5, width=6) == "-1e-30"


@pytest.mark.parametrize(
    ("x", "text"),
    [(0.5, "+0.5"), (-0.5, "-0.5"), (0, "0"), (None, "n/a"), (math.nan, "nan"), (math.inf, "+∞")],
)
def test_a_difference(x, text):
    assert numbers.signed(x) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.123, "12.3%"),
        (0.5, "50%"),
        (1e-9, "<0.1%"),
        (0.999999, ">99.9%"),
        (None, "n/a"),
        (math.nan, "nan"),
    ],
)
def test_a_share(share, text):
    assert numbers.percent(share) == text


def test_a_count():
    assert [numbers.count(n) for n in (12_288, 0, None)] == ["12,288", "0", "n/a"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1023, "1 KiB"),
        (1536, "1.5 KiB"),
        (116 * 2**20, "116 MiB"),
        (1.25 * 2**30, "1.25 GiB"),
        (139 * 2**30, "139 GiB"),
        (3 * 2**40, "3 TiB"),
        (None, "n/a"),
    ],
)
def test_bytes(size, text):
    assert numbers.memory(size) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (3412.3, "3,412/s"),
        (99.96, "100/s"),
        (20, "20/s"),
        (2.5, "2.5/s"),
        (0.1, "10 s/step"),
        (0, "0/s"),
        (None, "n/a"),
        (math.inf, "∞"),
    ],
)
def test_a_rate(per_second, text):
    assert numbers.rate(per_second) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.0032, "3.2 ms"),
        (0.9999, "1.0 s"),
        (2.5, "2.5 s"),
        (9.96, "10 s"),
        (59.6, "1 m 00 s"),
        (184, "3 m 04 s"),
        (3599.9, "1 h 00 m"),
        (7500, "2 h 05 m"),
        (90_000, "1 d 01 h"),
        (-2.5, "-2.5 s"),
        (None, "n/a"),
        (math.inf, "n/a"),
    ],
)
def test_a_duration(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("lr", "text"),
    [
        (0.01, "0.01"),
        (3e-4, "3e-4"),
        (0.0025, "0.0025"),
        (1e-12, "1e-12"),
        (1000, "1000"),
        (0.3, "0.3"),
    ],
)
def test_a_learning_rate(lr, text):
    assert numbers.learning_rate(lr) == text
