"""Which steps' losses are told: all at first, then ever fewer, so that services keep up."""

from collections.abc import Iterator

ALL_BEFORE = 2048
"""Steps of which every loss is told; from here on half as many with each doubling of the steps,
which is about 14,000 of ten million.
"""


def selected(first: int, end: int) -> Iterator[int]:
    """The steps from `first` to before `end` that are told."""
    while first < end:
        stride = max(1, 2 ** (first.bit_length() - ALL_BEFORE.bit_length() + 1))
        until = min(end, max(ALL_BEFORE, 2 ** first.bit_length()))
        yield from range(-(-first // stride) * stride, until, stride)
        first = until
