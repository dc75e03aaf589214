"""Snapshots, receipts, interventions and views as plain JSON values, and back again exactly.

JSON has no number that is not finite: where a float stands, "nan", "inf" and "-inf" are those
three. What comes from a file or a socket is checked against the class it is to become, and nothing
else is ever made of it.
"""

import dataclasses
import json
import math
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from dicttui.training.interventions import INTERVENTIONS, Intervention

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
Plain = TypeVar("Plain")
_Writer = Callable[[Any], Any]


class PlainError(ValueError):
    """A value is not what it was taken for; the message is for a person."""


# -- writing -----------------------------------------------------------------------------------


def plain(value: Any) -> dict[str, Any]:
    """One of the seam's dataclasses as JSON has it; an intervention says its "kind" as well."""
    kind: Any = type(value)
    made: dict[str, Any] = _writer(kind)(value)
    return made


def text(value: Json) -> str:
    """A JSON value as text, on one line of ASCII."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


@cache
def _writer(kind: Any) -> _Writer:
    """What makes JSON of a value of this type."""
    if kind is float:
        return _float
    if kind in (int, bool, str, type(None)):
        return _itself
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return _itself
    if origin in (Union, types.UnionType):
        return _optional(*(part for part in parts if part is not type(None)))
    if origin is tuple:
        return _tuple(*parts)
    if origin in (dict, Mapping):
        return _table(parts[1])
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    raise TypeError(f"{kind} has no plain form")


def _itself(value: Any) -> Any:
    return value


def _float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _optional(kind: Any, *others: Any) -> _Writer:
    if others and not all(other in (int, float) for other in (kind, *others)):
        raise TypeError(f"{kind} or {others}: which of them a value is has no plain form")
    write = _writer(float if others else kind)
    return lambda value: None if value is None else write(value)


def _tuple(kind: Any, *rest: Any) -> _Writer:
    if rest != (...,):
        writers = [_writer(part) for part in (kind, *rest)]
        return lambda values: [write(value) for write, value in zip(writers, values, strict=True)]
    if kind is float:
        return _floats
    write = _writer(kind)
    return list if write is _itself else lambda values: [write(value) for value in values]


def _floats(values: tuple[float, ...]) -> list[Any]:
    # A sum is finite only if all of them are: a thousand are looked at in a few microseconds.
    return list(values) if math.isfinite(sum(values)) else [_float(value) for value in values]


def _table(kind: Any) -> _Writer:
    write = _writer(kind)
    return lambda table: {key: write(value) for key, value in table.items()}


def _dataclass(kind: Any) -> _Writer:
    hints = get_type_hints(kind)
    writers = [(field.name, _writer(hints[field.name])) for field in dataclasses.fields(kind)]
    name = next((name for name, cls in INTERVENTIONS.items() if cls is kind), None)
    head = {} if name is None else {"kind": name}
    return lambda value: head | {key: write(getattr(value, key)) for key, write in writers}


# -- reading -----------------------------------------------------------------------------------


def parsed(content: str | bytes) -> Any:
    """A JSON value from text, strictly: "NaN" and its like are no numbers.

    Raises PlainError.
    """
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise PlainError(f"this is no JSON: {_one_line(error)}") from error


def restored(cls: type[Plain], value: Any) -> Plain:
    """What `plain` made the value of. Keys that the class does not have are left out.

    Raises PlainError, with the first thing that is wrong.
    """
    kind: Any = cls
    try:
        made: Plain = _reader(kind).validate_python(value)
        return made
    except ValidationError as error:
        raise PlainError(f"{cls.__name__}: {_told(error)}") from error
    except (OverflowError, RecursionError) as error:
        raise PlainError(f"{cls.__name__}: {_one_line(error)}") from error


def restored_intervention(value: Any) -> Intervention:
    """The intervention of the kind that the value names. Raises PlainError."""
    kind = value.get("kind") if isinstance(value, dict) else None
    cls = INTERVENTIONS.get(kind) if isinstance(kind, str) else None
    if cls is None:
        allowed = ", ".join(INTERVENTIONS)
        raise PlainError(f"{str(kind)[:40]!r} is no intervention; allowed: {allowed}")
    return restored(cls, value)


@cache
def _reader(cls: Any) -> TypeAdapter[Any]:
    return TypeAdapter(cls)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _told(error: ValidationError) -> str:
    (first, *_) = error.errors(include_url=False, include_context=False, include_input=False)
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _one_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
