"""What has changed in a bounded history: its newest buckets, and the halvings in between.

A history halves its resolution when it is full, and both ends can do that by themselves: where the
old buckets, merged pairwise, are the new ones to the bit, they are not sent again.
"""

import binascii
import math
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

from dicttui.serve.error import WireError
from dicttui.training.history import CAPACITY
from dicttui.training.snapshot import Series

MOST_HALVINGS = 10
"""A full history has one bucket left after so many."""
FLOATS = ("seconds", "low", "high", "last")
SAME = "="
"""The same numbers as the lowest ones: so it is while a bucket takes one step."""
_LARGEST_STEP = 2**63


def difference(old: Series, new: Series) -> dict[str, Any] | None:
    """What makes the new history of the old one; None: they are equal."""
    halvings, kept = _reused(old, new)
    if halvings == 0 and kept == len(old.steps) == len(new.steps):
        return None
    before = new.steps[kept - 1] if kept else 0
    tails = {name: _packed(getattr(new, name)[kept:]) for name in FLOATS}
    for name in ("high", "last"):
        tails[name] = SAME if tails[name] == tails["low"] else tails[name]
    return {
        "halvings": halvings,
        "kept": kept,
        "steps": [
            step - earlier
            for earlier, step in zip((before, *new.steps[kept:]), new.steps[kept:], strict=False)
        ],
        **tails,
    }


def patched(old: Any, change: Any) -> dict[str, Any]:
    """The history that a difference makes of an old one, both as JSON has them.

    Raises WireError, and KeyError, TypeError or ValueError, where they do not fit.
    """
    columns = {name: list(old[name]) if old else [] for name in ("steps", *FLOATS)}
    halvings, kept = change["halvings"], change["kept"]
    if not 0 <= halvings <= MOST_HALVINGS:
        raise WireError("a history is said to have been halved too often")
    for _ in range(halvings):
        columns = _halved(columns)
    if not 0 <= kept <= len(columns["steps"]):
        raise WireError("a history is said to be kept further than it goes")
    steps = columns["steps"][:kept]
    for more in change["steps"]:
        steps.append((steps[-1] if steps else 0) + more)
    made: dict[str, Any] = {"steps": steps}
    low = change["low"]
    for name in FLOATS:
        packed = low if change[name] == SAME else change[name]
        made[name] = columns[name][:kept] + _unpacked(packed)
    if len({len(column) for column in made.values()}) != 1 or len(steps) > CAPACITY:
        raise WireError("a history's columns differ in length, or are too long")
    if steps and not -_LARGEST_STEP <= steps[-1] < _LARGEST_STEP:
        raise WireError("a history's steps are too large")
    return made


def _reused(old: Series, new: Series) -> tuple[int, int]:
    """How often the old buckets are to be merged, and how many are then as the new ones are."""
    if not old.steps or not new.steps:
        return 0, 0
    for halvings in range(MOST_HALVINGS + 1):
        first = 2**halvings - 1
        if first >= len(old.steps):
            break
        if old.steps[first] == new.steps[0]:
            columns: dict[str, Any] = {name: getattr(old, name) for name in ("steps", *FLOATS)}
            for _ in range(halvings):
                columns = _halved(columns)
            kept = _common(columns["steps"], new.steps)
            for name in FLOATS:
                kept = _common(_bits(columns[name][:kept]), _bits(getattr(new, name)[:kept]))
            if kept:
                return halvings, kept
    return 0, 0


def _halved(columns: dict[str, Any]) -> dict[str, Any]:
    """Neighbours merged as `History` merges them; one without a neighbour is left out."""
    low, high, last = columns["low"], columns["high"], columns["last"]
    made: dict[str, Any] = {
        "steps": columns["steps"][1::2], "seconds": columns["seconds"][1::2],
        "low": [], "high": [], "last": [],
    }  # fmt: skip
    for i in range(0, len(last) - 1, 2):
        bad = next((value for value in last[i : i + 2] if not math.isfinite(value)), None)
        made["low"].append(min(low[i], low[i + 1]) if bad is None else bad)
        made["high"].append(max(high[i], high[i + 1]) if bad is None else bad)
        made["last"].append(last[i + 1] if bad is None else bad)
    return made


def _common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many of the first values are equal. (Equal beginnings have equal beginnings.)"""
    known, possible = 0, min(len(one), len(other))
    if one[: possible - 1] == other[: possible - 1]:
        known = max(0, possible - 1)  # only the bucket that is being filled has changed
    while known < possible:
        middle = (known + possible + 1) // 2
        if one[known:middle] == other[known:middle]:
            known = middle
        else:
            possible = middle - 1
    return known


def _bits(values: Sequence[float]) -> "array[int]":
    """Numbers that are equal where the floats are equal to the bit."""
    return array("Q", array("d", values).tobytes())


def _packed(values: Sequence[float]) -> str:
    """Floats in base64: four bytes each where that is exact, else eight."""
    doubles = array("d", values)
    singles = array("f", doubles)
    exact = array("d", singles).tobytes() == doubles.tobytes()
    packed = singles if exact else doubles
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.typecode + b64encode(packed.tobytes()).decode("ascii")


def _unpacked(packed: Any) -> list[float]:
    """The floats again."""
    if not isinstance(packed, str) or packed[:1] not in ("f", "d"):
        raise WireError("a history's numbers are of an unknown kind")
    values = array(packed[0])
    try:
        values.frombytes(b64decode(packed[1:], validate=True))
    except (binascii.Error, ValueError) as error:
        raise WireError(f"a history's numbers cannot be read: {error}") from error
    if sys.byteorder == "big":
        values.byteswap()
    return [float(value) for value in values]
