"""The steps of a curve: millions of them that take no memory of their own."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from operator import eq
from typing import TYPE_CHECKING, Any, Self, overload

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Steps(Sequence[int]):
    """Step indices, rising, that are kept as ranges: a gap begins another one. Equal to every
    sequence of the same numbers.

    Args:
        ranges: rising, each with a step of 1.

    """

    __slots__ = ("_before", "_ranges")

    def __init__(self, ranges: Iterable[range] = ()) -> None:
        found: list[range] = []
        for one in ranges:
            if found and one and found[-1].stop == one.start:
                found[-1] = range(found[-1].start, one.stop)
            elif one:
                found.append(one)
        self._ranges = tuple(found)
        self._before = tuple(accumulate((len(one) for one in found), initial=0))
        """How many steps there are before each range; at last, how many there are."""

    @property
    def ranges(self) -> tuple[range, ...]:
        """Neighbouring steps, as long as there is no gap."""
        return self._ranges

    def __len__(self) -> int:
        return self._before[-1]

    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._ranges)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> "int | Self":
        if isinstance(place, int):
            index = range(len(self))[place]
            which = bisect_right(self._before, index) - 1
            return self._ranges[which][index - self._before[which]]
        begin, end, stride = place.indices(len(self))
        if stride != 1:
            raise ValueError("steps are sliced without leaving some out")
        return type(self)(
            one[max(0, begin - before) : max(0, end - before)]
            for one, before in zip(self._ranges, self._before, strict=False)
        )

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Steps):
            return self._ranges == other._ranges
        if isinstance(other, range):
            return self == Steps([other]) if other.step == 1 else tuple(self) == tuple(other)
        if isinstance(other, Sequence):
            return len(self) == len(other) and all(map(eq, self, other))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Steps({list(self._ranges)})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "NDArray[Any]":
        """What numpy makes of it, without a Python object a step."""
        import numpy

        del copy  # it always is one
        parts = [numpy.arange(one.start, one.stop, dtype=dtype) for one in self._ranges]
        return numpy.concatenate(parts) if parts else numpy.empty(0, dtype or numpy.int64)
