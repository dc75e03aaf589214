"""Numbers and times as people read them: short, and never rounded to a lie."""

import math
from datetime import datetime

NOT_AVAILABLE = "n/a"
_LONGEST_INTEGER_PART = 1e6
_SMALLEST_FIXED = 1e-3
"""Beyond these a number is written with an exponent: more digits than a person counts."""


def number(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits: 0.35, 12, 3e-5; None is "n/a"."""
    if value is None:
        return NOT_AVAILABLE
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    size = abs(float(f"{value:.{digits - 1}e}"))
    if _SMALLEST_FIXED <= size < _LONGEST_INTEGER_PART:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{value:,.{decimals}f}"
        return _without_zeros(text).replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{_without_zeros(mantissa)}e{int(exponent)}".replace("-", "−")


def share(value: float | None) -> str:
    """A share in per cent; 0 % and 100 % only where that is exact."""
    if value is None or not math.isfinite(value):
        return number(value)
    if 0 < value < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    return f"{_without_zeros(f'{100 * value:.1f}')} %"


def count(value: int | None) -> str:
    """A whole number in full: 12,288."""
    return NOT_AVAILABLE if value is None else f"{value:,}"


def short(value: float) -> str:
    """A number on an axis: 0, 0.25, 1,000, 25k, 1.5M, 1e−6."""
    size = abs(value)
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if factor <= size < 1e12 and (size >= 1e4):
            return f"{number(value / factor, 6)}{unit}"
    return number(value, 6)


def duration(seconds: float | None) -> str:
    """A time: 0.3 s, 25 s, 3 min 04 s, 2 h 05 min, 3 d 04 h."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_AVAILABLE
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def moment(when: datetime) -> str:
    """A date and a time, with its offset from UTC: the page is read elsewhere."""
    return when.strftime("%Y-%m-%d %H:%M:%S %Z").strip()


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
