"""What a key allows, and what it was given, in words for a person."""

import json
import types
import typing
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

_NUMBERS = {int: "a whole number", float: "a number"}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one most likely stands for; None if none is near."""
    distances = {candidate: _edits(word.lower(), candidate.lower()) for candidate in known}
    best = min(distances, key=lambda candidate: distances[candidate], default=None)
    if best is None or distances[best] > max(1, len(word) // 3):
        return None
    return best


def _edits(one: str, other: str) -> int:
    """Letters inserted, deleted, replaced, or swapped with their neighbour, between two words.

    The optimal string alignment distance, row by row of its table.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row, above = [i], row
        for j, opposite in enumerate(other, 1):
            edits = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != opposite))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                edits = min(edits, before[j - 2] + 1)
            row.append(edits)
        before = above
    return row[-1]


def listed(words: Iterable[str]) -> str:
    """Words in a row, each in quotes."""
    return ", ".join(f'"{word}"' for word in words)


def shown(value: object) -> str:
    """A value as TOML has it, cut to a readable length."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(item) for item in value) + "]"
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def allowed(field: FieldInfo) -> str:
    """What a field of a specification accepts."""
    return _allowed(field.annotation, field.metadata)


def words(field: FieldInfo) -> tuple[str, ...]:
    """The words a field chooses from; none if it accepts anything else too."""
    is_union = get_origin(field.annotation) in (typing.Union, types.UnionType)
    parts = get_args(field.annotation) if is_union else (field.annotation,)
    choices = [part for part in parts if part is not type(None)]
    if any(get_origin(choice) is not Literal for choice in choices):
        return ()
    return tuple(word for choice in choices for word in get_args(choice))


def _allowed(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is typing.Annotated:
        return _allowed(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_allowed(part, metadata) for part in arguments if part is not type(None))
    if origin is Literal:
        return listed(arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return f"a list, each of it {_allowed(arguments[0])}"
    if origin is tuple:
        return f"a list of {len(arguments)}: " + "; ".join(_allowed(part) for part in arguments)
    if annotation is bool:
        return "true or false"
    if annotation in _NUMBERS:
        return _NUMBERS[annotation] + _bounds(metadata)
    if origin is dict:
        return "a table"
    return "a text in quotes" + _shape(metadata)


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    """Constraints one by one; a `Field(…)` inside an annotation holds its own."""
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _bounds(metadata: Iterable[Any]) -> str:
    low = high = ""
    for item in _flat(metadata):
        match item:
            case Ge(ge=bound):
                low = f"at least {_number(bound)}"
            case Gt(gt=bound):
                low = f"above {_number(bound)}"
            case Le(le=bound):
                high = f"at most {_number(bound)}"
            case Lt(lt=bound):
                high = f"below {_number(bound)}"
    both = " and ".join(part for part in (low, high) if part)
    return f", {both}" if both else ""


def _number(bound: Any) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def _shape(metadata: Iterable[Any]) -> str:
    for item in _flat(metadata):
        pattern = getattr(item, "pattern", None)
        if pattern in _SHAPES:
            return _SHAPES[pattern]
        if isinstance(item, MinLen | MaxLen):
            return ", not empty"
    return ""


_SHAPES = {
    r"^[a-z]+(:\d+)?$": ' such as "auto", "cpu", "cuda", "cuda:1", "mps" or "xpu"',
    r"^[\w.+-]{1,40}$": " of 1 to 40 letters, digits, and . _ + -",
    r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$": ' of the form "package.module:callable"',
}
"""What a pattern of the specifications means."""
