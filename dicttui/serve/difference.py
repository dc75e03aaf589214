"""What has changed between two snapshots, and what it makes of the older one.

A change is JSON: `[value]` replaces what is there; `{"fields": …}` changes a dataclass,
`{"map": …, "keys": …}` a dictionary, `{"items": …, "length": …}` a tuple of dataclasses,
`{"series": …}` a history. What has not changed is not mentioned.
"""

import dataclasses
import math
from functools import cache
from typing import Any

from dicttui.serve import series
from dicttui.serve.error import WireError
from dicttui.training.plain import PlainError, restored
from dicttui.training.snapshot import Series, Snapshot

Change = list[Any] | dict[str, Any]
_NOTHING: Any = object()


def difference(old: Any, new: Any = _NOTHING) -> Change | None:
    """What makes `new` of `old`; None: nothing has changed. For a first snapshot `old` is None."""
    if old is new:
        return None
    if isinstance(new, Series):
        known = isinstance(old, Series)
        change = series.difference(old if known else Series(), new)
        if change is None and not known:
            return {"fields": {name: [[]] for name in _fields(Series)}}
        return None if change is None else {"series": change}
    if dataclasses.is_dataclass(new):
        return _of_dataclass(old, new)
    if isinstance(new, dict):
        return _of_map(old, new)
    if isinstance(new, tuple) and new and dataclasses.is_dataclass(new[0]):
        return _of_items(old, new)
    return None if _same(old, new) else [_leaf(new)]


def patched(old: Any, change: Any) -> Any:
    """What a change makes of a value, both as JSON has them. Raises WireError."""
    try:
        return _patched(old, change)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise WireError(f"a change that cannot be made: {error!r:.200}") from error


def snapshot(value: Any) -> Snapshot:
    """The snapshot that a patched value is. Raises WireError."""
    try:
        return restored(Snapshot, value)
    except PlainError as error:
        raise WireError(str(error)) from error


def _of_dataclass(old: Any, new: Any) -> Change | None:
    kind: Any = type(new)
    known = type(old) is kind
    changes = {}
    for name in _fields(kind):
        before = getattr(old, name) if known else _NOTHING
        change = difference(before, getattr(new, name))
        if change is not None:
            changes[name] = change
    return {"fields": changes} if changes else None


def _of_map(old: Any, new: dict[str, Any]) -> Change | None:
    known = old if isinstance(old, dict) else None
    changes = {}
    for key, value in new.items():
        before = _NOTHING if known is None else known.get(key, _NOTHING)
        change = difference(before, value)
        if change is not None:
            changes[key] = change
    if known is not None and list(known) == list(new):
        return {"map": changes} if changes else None
    return {"map": changes, "keys": list(new)}


def _of_items(old: Any, new: tuple[Any, ...]) -> Change | None:
    known = old if isinstance(old, tuple) else ()
    changes = {}
    for position, value in enumerate(new):
        change = difference(known[position] if position < len(known) else _NOTHING, value)
        if change is not None:
            changes[str(position)] = change
    if len(known) == len(new):
        return {"items": changes} if changes else None
    return {"items": changes, "length": len(new)}


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _same(old: Any, new: Any) -> bool:
    """Whether they are equal to the bit: NaN equals itself, and 0 is not -0."""
    if type(old) is not type(new):
        return False
    return repr(old) == repr(new) if isinstance(new, float | tuple) else bool(old == new)


def _leaf(value: Any) -> Any:
    """A value that holds no dataclass, as JSON has it."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, tuple):
        return [_leaf(part) for part in value]
    return value


def _patched(old: Any, change: Any) -> Any:
    if isinstance(change, list):
        (value,) = change
        return value
    if "series" in change:
        return series.patched(old, change["series"])
    if "items" in change:
        items = list(old) if isinstance(old, list) else []
        length = change.get("length", len(items))
        if not 0 <= length <= len(items) + len(change["items"]):
            raise WireError("a list of things is said to be longer than what is in it")
        items = items[:length] + [None] * (length - len(items))
        for position, part in change["items"].items():
            items[int(position)] = _patched(items[int(position)], part)
        return items
    changes = change["fields"] if "fields" in change else change["map"]
    table = dict(old) if isinstance(old, dict) else {}
    for key, part in changes.items():
        table[key] = _patched(table.get(key), part)
    return {key: table[key] for key in change["keys"]} if "keys" in change else table
