"""Numbers and times for a person."""

import math

import pytest

from dicttui.report.wording import duration, number, share, short


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (math.nan, "nan"), (math.inf, "∞"), (-math.inf, "−∞"), (0.0, "0"),
     (0.35, "0.35"), (1234.4, "1,234"), (3e-5, "3e−5"), (-0.5, "−0.5"),
     (1e30, "1e30"), (0.99999, "1")],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9999, "> 99.9 %"), (1e-5, "< 0.1 %"), (0.256, "25.6 %"),
     (None, "n/a")],
)  # fmt: skip
def test_shares(value, text):
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1000, "1,000"), (10_000, "10k"), (2_500_000, "2.5M"), (1e-6, "1e−6"),
     (0.25, "0.25")],
)  # fmt: skip
def test_ticks(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.31, "0.3 s"), (25, "25 s"), (59.6, "1 min 00 s"), (184, "3 min 04 s"),
     (7500, "2 h 05 min"), (3 * 86400 + 4 * 3600, "3 d 04 h"), (None, "n/a")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text
