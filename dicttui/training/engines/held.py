"""What a person's network holds beside its parameters and buffers, wherever it keeps it: in lists,
in objects, in the closures of functions, in the globals and classes of its own source file.
"""

import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from itertools import count
from types import FunctionType, MethodType
from typing import Any

from torch import Tensor, nn

MOST = 20_000
"""Things that are looked at; what holds more is not looked at further."""
_PLAIN = (bool, int, float, str, bytes, type(None))
_FOREIGN = ("torch", "dicttui", "numpy", "builtins")
"""Packages whose globals are not a person's."""

Draw = Callable[[], None]


def values(network: nn.Module) -> dict[str, str]:
    """The plain values that a network holds, each as text, by where they are."""
    found: dict[str, str] = {}
    for where, thing in _everything(network):
        if isinstance(thing, _PLAIN) or type(thing) is count:
            found[where] = repr(thing)
        elif isinstance(thing, (Mapping, list, tuple, Set, deque)):
            found[f"{where}, its length"] = repr(len(thing))
    return found


def tensors(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The tensors that a network holds, parameters among them, with where they are."""
    for where, thing in _everything(network):
        if isinstance(thing, Tensor):
            yield where, thing


def random_streams() -> tuple[tuple[Any, ...], Draw]:
    """The states of Python's and of NumPy's global streams, as something to compare, and what puts
    them back.
    """
    python, numpy = random.getstate(), sys.modules.get("numpy")
    other = numpy.random.get_state(legacy=True) if numpy is not None else None

    def put() -> None:
        random.setstate(python)
        if numpy is not None and other is not None:
            numpy.random.set_state(other)

    return (python, *(() if other is None else (other[1].tobytes(), *other[2:]))), put


def _everything(network: nn.Module) -> Iterator[tuple[str, Any]]:
    """All that can be reached, once each, with where it is."""
    seen: set[int] = set()
    waiting: deque[tuple[str, Any]] = deque()
    for name, module in network.named_modules():
        waiting += [(f"{name}.{k}" if name else k, v) for k, v in vars(module).items()]
        seen.add(id(module))
    files = {type(module).__module__ for module in network.modules()}
    for file in sorted(f for f in files if f.partition(".")[0] not in _FOREIGN):
        source = sys.modules.get(file)
        if source is not None:
            waiting += [(f"{file}:{k}", v) for k, v in _globals_of(source)]
    while waiting and len(seen) < MOST:
        where, thing = waiting.popleft()
        if isinstance(thing, _PLAIN):
            yield where, thing
            continue
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield where, thing
        waiting += _inside(where, thing)


def _globals_of(source: Any) -> list[tuple[str, Any]]:
    return [
        (key, value)
        for key, value in vars(source).items()
        if not key.startswith("__") and not isinstance(value, (FunctionType, type(sys)))
        and (not isinstance(value, type) or value.__module__ == source.__name__)
    ]  # fmt: skip


def _inside(where: str, thing: Any) -> list[tuple[str, Any]]:
    if isinstance(thing, Tensor):
        return []
    if isinstance(thing, Mapping):
        return [(f"{where}[{key!r}]", value) for key, value in list(thing.items())]
    if isinstance(thing, (list, tuple, Set, deque)):
        return [(f"{where}[{i}]", value) for i, value in enumerate(list(thing))]
    if isinstance(thing, MethodType):
        return [(where, thing.__self__)]
    if isinstance(thing, FunctionType):
        return [(where, c.cell_contents) for c in thing.__closure__ or () if _is_filled(c)]
    if type(thing).__module__.partition(".")[0] in _FOREIGN and not isinstance(
        thing, (type, nn.Module)
    ):
        return []
    try:
        return [(f"{where}.{k}", v) for k, v in vars(thing).items() if not k.startswith("__")]
    except TypeError:
        return []


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - that it can be read is the question
    except ValueError:
        return False
    return True
