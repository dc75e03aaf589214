"""A small cache of what was made last."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """Keeps the `capacity` values that were used last."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._capacity:
            self._values.popitem(last=False)
        return value

    def forget(self, condemned: Callable[[Key], bool]) -> None:
        """Drop the values of every key of which `condemned` is true."""
        for key in [key for key in self._values if condemned(key)]:
            del self._values[key]
