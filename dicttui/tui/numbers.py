"""Numbers as people read them: short, in columns that do not jitter, and never rounded to a lie."""

import math

from dicttui.tui.glyphs import UNICODE, Glyphs

NOT_AVAILABLE = "n/a"

# From here on a number is written with an exponent: more digits than a person counts.
_LONGEST_INTEGER_PART = 1e6
_SMALLEST_FIXED = 1e-3


def number(
    x: float | None, digits: int = 4, *, width: int | None = None, glyphs: Glyphs = UNICODE
) -> str:
    """A number with so many significant digits; None is "n/a".

    Without a width zeros at the end are left out: 0.35, 12, 3e-5. With one the digits stay, so
    that a value that changes keeps its place; the text is set right, in fewer digits where
    `width` cells hold no more, and longer than `width` only if one digit is already too long.
    """
    special = _special(x, glyphs)
    if special is not None or x is None:
        text = special or NOT_AVAILABLE
        return text if width is None else text.rjust(width)
    if width is None:
        return _significant(x, digits, strip=True)
    text = _significant(x, digits, strip=False)
    while len(text) > width and digits > 1:
        digits -= 1
        text = _significant(x, digits, strip=False)
    return text.rjust(width)


def _special(x: float | None, glyphs: Glyphs) -> str | None:
    if x is None:
        return NOT_AVAILABLE
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return glyphs.infinity if x > 0 else f"-{glyphs.infinity}"
    return None


def _significant(x: float, digits: int, *, strip: bool) -> str:
    if x == 0:
        return "0" if strip else f"{0:.{max(0, digits - 1)}f}"
    rounded = float(f"{x:.{digits - 1}e}")
    size = abs(rounded)
    if _SMALLEST_FIXED <= size < _LONGEST_INTEGER_PART:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{x:.{decimals}f}"
        return _without_zeros(text) if strip else text
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    return f"{_without_zeros(mantissa) if strip else mantissa}e{int(exponent)}"


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(
    x: float | None, digits: int = 3, *, width: int | None = None, glyphs: Glyphs = UNICODE
) -> str:
    """A difference, with its sign even if it is positive; zero has none."""
    if x is None or math.isnan(x) or x <= 0:
        return number(x, digits, width=width, glyphs=glyphs)
    if width is None:
        return "+" + number(x, digits, glyphs=glyphs)
    return ("+" + number(x, digits, width=width - 1, glyphs=glyphs).lstrip()).rjust(width)


def percent(share: float | None, *, width: int | None = None, glyphs: Glyphs = UNICODE) -> str:
    """A share (1 is all of it) in per cent, one decimal; 0 % and 100 % only where it is exact."""
    special = _special(share, glyphs)
    if special is not None or share is None:
        text = special or NOT_AVAILABLE
    elif 0 < share < 0.0005:
        text = "<0.1%"
    elif 0.9995 <= share < 1:
        text = ">99.9%"
    else:
        text = f"{_without_zeros(f'{100 * share:.1f}') if width is None else f'{100 * share:.1f}'}%"
    return text if width is None else text.rjust(width)


def count(n: int | None) -> str:
    """A whole number in full: 12,288."""
    return NOT_AVAILABLE if n is None else f"{n:,}"


def memory(size: float | None) -> str:
    """Bytes: 512 B, 116 MiB, 1.25 GiB."""
    if size is None:
        return NOT_AVAILABLE
    unit = "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        # 999.5, not 1024: a number of four digits takes the next unit.
        if abs(size) < 999.5:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{_three(size)} {unit}"


def _three(x: float) -> str:
    return _without_zeros(f"{x:.{2 if abs(x) < 9.995 else 1 if abs(x) < 99.95 else 0}f}")


def rate(per_second: float | None, *, glyphs: Glyphs = UNICODE) -> str:
    """Steps per second: "3,412/s", "2.5/s"; slower than one a second: "12 s/step"."""
    special = _special(per_second, glyphs)
    if special is not None or per_second is None:
        return special or NOT_AVAILABLE
    if per_second <= 0:
        return "0/s"
    if per_second >= 99.95:
        return f"{per_second:,.0f}/s"
    if per_second >= 1:
        return f"{_three(per_second)}/s"
    return f"{duration(1 / per_second)}/step"


def samples_rate(per_second: float | None) -> str:
    """Samples per second: "820 samples/s", "431 k samples/s", "1.2 M samples/s"."""
    if per_second is None or not math.isfinite(per_second):
        return NOT_AVAILABLE
    unit = ""
    for larger in (" k", " M", " G"):
        # 999.5, not 1000: a number of four digits takes the next unit.
        if per_second < 999.5:
            break
        per_second, unit = per_second / 1000, larger
    return f"{_three(per_second)}{unit} samples/s"


def time_left(seconds: float | None) -> str:
    """An estimate: "≈3 m 20 s left"; empty if there is none."""
    return "" if seconds is None else f"≈{duration(seconds)} left"


def duration(seconds: float | None) -> str:
    """A time: 3 ms, 2.5 s, 3 m 04 s, 2 h 05 m, 3 d 04 h."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_AVAILABLE
    if seconds < 0:
        return "-" + duration(-seconds)
    if seconds == 0:
        return "0 s"
    if seconds < 0.9995:
        milliseconds = 1000 * seconds
        return f"{number(milliseconds, 3)} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    for unit, below, smaller, parts in (("m", 3600, "s", 60), ("h", 86400, "m", 3600)):
        if whole < below:
            return f"{whole // parts} {unit} {whole % parts // (parts // 60):02d} {smaller}"
    return f"{whole // 86400} d {whole % 86400 // 3600:02d} h"


def learning_rate(lr: float | None, *, glyphs: Glyphs = UNICODE) -> str:
    """A learning rate as people write it: 0.01, 0.0025, 3e-4; up to four digits."""
    return number(lr, 4, glyphs=glyphs)
