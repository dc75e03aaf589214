"""Signed numbers as small pictures: two colours a cell, or characters where there is no colour.

Colours diverge from a neutral one at zero, blue below it and orange above it, which the
colour-blind tell apart too. They are few, for each piece of another colour costs a terminal some
forty bytes.
"""

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from dicttui.training.closeup import Numbers

Floats = NDArray[np.float32]
Levels = NDArray[np.int8]

SIDES = 7
"""Levels on each side of zero."""
COLOUR_SIDES = 3
"""Of each of red, green and blue, where pixels are coloured."""
STICKINESS = 0.65
"""Levels by which a number has to be away from the one it is drawn with before it gets another:
one that wavers about the middle between two would be repainted for ever."""
STEPS = 127
"""A peak in steps of what crosses the seam."""

UPPER_HALF = "▀"
BELOW_ZERO, ABOVE_ZERO = "'-=", ".+#"
"""Characters by magnitude, the smallest first; near zero there is nothing."""
ACROSS_IN_CHARACTERS = 2
"""Characters that stand for a pixel, so that it is about as wide as it is high."""

_ON_DARK = ((0x9F, 0xDB, 0xFF), (0x2B, 0x7C, 0xBE), (0x1D, 0x23, 0x2B), (0xC2, 0x68, 0x00),
            (0xFF, 0xD2, 0x8C))  # fmt: skip
_ON_LIGHT = ((0x00, 0x3B, 0x7A), (0x5B, 0x9B, 0xD5), (0xEC, 0xEC, 0xE6), (0xEE, 0x9A, 0x48),
             (0x86, 0x2B, 0x00))  # fmt: skip
"""From the lowest number to the highest: five points between which colours are mixed."""


def shares(numbers: Numbers, count: int | None = None) -> Floats | None:
    """Numbers, so many of them, as shares of their peak, −1 to 1; None where they are not there."""
    if not numbers.shares:
        return None
    try:
        content = base64.b64decode(numbers.shares, validate=True)
    except (binascii.Error, ValueError):
        return None
    if count is not None and len(content) != count:
        return None
    return np.frombuffer(content, dtype=np.int8).astype(np.float32) / np.float32(STEPS)


def levels(values: Floats, sides: int, before: Levels | None = None) -> Levels:
    """Values from −1 to 1 as levels from −sides to sides; those near to what was drawn before keep
    their level.
    """
    exact = np.clip(values, -1, 1) * sides
    rounded = np.rint(exact).astype(np.int8)
    if before is None or before.shape != rounded.shape:
        return rounded
    return np.where(np.abs(exact - before) < STICKINESS, before, rounded).astype(np.int8)


def sides_of(image: Sequence[int]) -> int:
    """Levels on each side of zero for pictures of this shape."""
    return COLOUR_SIDES if len(image) == 3 else SIDES


def shrunk_image(image: Sequence[int], by: int) -> tuple[int, ...]:
    """The shape of a picture of which `by` × `by` pixels have become one."""
    return (-(-image[0] // by), -(-image[1] // by), *image[2:])


def size_in_cells(image: Sequence[int], *, characters: bool) -> tuple[int, int]:
    """Cells across and lines down that a picture takes."""
    if characters:
        return image[1] * ACROSS_IN_CHARACTERS, image[0]
    return image[1], -(-image[0] // 2)


Rows = list[tuple[bytes, bytes]]
"""A picture line by line: the levels of its upper and of its lower pixels; no lower ones in the
last line of an odd number, nor in characters."""


def rows_of(picture: Levels, image: Sequence[int], *, characters: bool) -> Rows:
    """The lines of a picture, whatever they are drawn with."""
    if characters:
        if len(image) == 3:
            picture = picture.reshape(-1, 3).mean(axis=1).round().astype(np.int8)
        lines = [row.tobytes() for row in picture.reshape(image[0], -1)]
        return [(line, b"") for line in lines]
    lines = [row.tobytes() for row in picture.reshape(image[0], -1)]
    lines += [b""] * (len(lines) % 2)
    return list(zip(lines[::2], lines[1::2], strict=True))


@lru_cache(maxsize=16_384)
def half_blocks(upper: bytes, lower: bytes, channels: int, *, dark: bool) -> tuple[Segment, ...]:
    """A line of a picture: each cell has the colour of the upper pixel above that of the lower."""
    found: list[Segment] = []
    start, pairs = 0, _pairs(upper, lower, channels)
    for place in range(1, len(pairs) + 1):
        if place == len(pairs) or pairs[place] != pairs[start]:
            above, below = pairs[start]
            text = " " if above == below else UPPER_HALF
            found.append(Segment(text * (place - start), _style(above, below, dark=dark)))
            start = place
    return tuple(found)


Pixel = bytes


def _pairs(upper: bytes, lower: bytes, channels: int) -> list[tuple[Pixel, Pixel]]:
    places = range(0, len(upper), channels)
    return [(upper[p : p + channels], lower[p : p + channels]) for p in places]


@lru_cache(maxsize=4096)
def _style(above: Pixel, below: Pixel, *, dark: bool) -> Style:
    """No colour below leaves what lies behind."""
    ground = _colour(below, dark=dark) if below else None
    if above == below:
        return Style(bgcolor=ground)
    return Style(color=_colour(above, dark=dark), bgcolor=ground)


@lru_cache(maxsize=1024)
def _colour(pixel: Pixel, *, dark: bool) -> Color:
    signed = np.frombuffer(pixel, dtype=np.int8).tolist()
    if len(signed) == 3:
        return Color.from_rgb(*(round(127.5 * (1 + level / COLOUR_SIDES)) for level in signed))
    return colour(signed[0], dark=dark)


def colour(level: int, *, dark: bool) -> Color:
    """The colour of a level, −SIDES to SIDES."""
    points = _ON_DARK if dark else _ON_LIGHT
    place = (level + SIDES) / (2 * SIDES) * (len(points) - 1)
    first = min(len(points) - 2, int(place))
    share = place - first
    return Color.from_rgb(
        *(round(a + (b - a) * share) for a, b in zip(points[first], points[first + 1], strict=True))
    )


@lru_cache(maxsize=16_384)
def characters(row: bytes, sides: int) -> str:
    """A line of a picture without colours: characters by sign and magnitude."""
    signed = np.frombuffer(row, dtype=np.int8).tolist()
    return "".join(_character(level, sides) * ACROSS_IN_CHARACTERS for level in signed)


def _character(level: int, sides: int) -> str:
    ramp = ABOVE_ZERO if level > 0 else BELOW_ZERO
    steps = round(abs(level) / sides * len(ramp))
    return ramp[steps - 1] if steps else " "
