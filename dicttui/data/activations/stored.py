"""An array of rows in a file: what it is, and where its numbers lie."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[np.generic]

ITEM_BYTES = {
    "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
    "int8": 1, "int16": 2, "int32": 4, "int64": 8,
    "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8,
}  # fmt: skip
"""Of the element types that become float32 samples."""
FLOATING = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that lie one after the other in a file."""

    offset: int
    """Of the first byte."""
    rows: int


@dataclass(frozen=True, slots=True)
class StoredRows:
    """One array of a file, as rows [rows, d_in]."""

    name: str
    """Empty where the file holds one array without a name."""
    shape: tuple[int, ...]
    """[n, d] or [batch, sequence, d]; of a saved data set [rows, …, d], where sequences differ in
    length [rows, d]."""
    dtype: str
    """"float32", "bfloat16", …; types that are not usable under the name the file gives them."""
    pieces: tuple[Piece, ...]
    trouble: str = ""
    """Why its rows cannot be read from where they lie."""

    @property
    def d_in(self) -> int:
        """Features of a row."""
        return self.shape[-1]

    @property
    def rows(self) -> int:
        """How many there are."""
        return prod(self.shape[:-1])

    @property
    def problem(self) -> str:
        """Why the array cannot be samples; empty if it can."""
        if self.trouble:
            return self.trouble
        if self.dtype not in ITEM_BYTES:
            return f"holds {self.dtype}, and samples are real numbers: save it as float32"
        shape = " × ".join(str(size) for size in self.shape) or "a single number"
        if len(self.shape) not in (2, 3):
            return (
                f"has shape {shape}, and samples have two or three dimensions, n × d_in or "
                "batch × sequence × d_in"
            )
        if min(self.shape) < 1:
            return f"has shape {shape}, so it holds no samples"
        return ""


def one_piece(
    name: str, shape: tuple[int, ...], dtype: str, offset: int, trouble: str = ""
) -> StoredRows:
    """An array whose numbers lie one after the other, the last index fastest."""
    rows = prod(shape[:-1])
    return StoredRows(name, shape, dtype, (Piece(offset, rows),), trouble)


def held_type(dtype: str) -> np.dtype[np.generic]:
    """How numbers of a stored type are held in memory: float16, bfloat16 (as its bits) and float32
    as they are, all others as float32.
    """
    names = {"float16": "float16", "bfloat16": "uint16"}
    return np.dtype(names.get(dtype, "float32"))


def raw_type(dtype: str) -> np.dtype[np.generic]:
    """How numbers of a stored type lie in a file; bfloat16 as its bits."""
    return np.dtype("uint16" if dtype == "bfloat16" else dtype).newbyteorder("<")


def widened(held: AnyArray, dtype: str) -> NDArray[np.float32]:
    """Numbers that are held as `held_type` says, as float32."""
    if dtype == "bfloat16":
        # A bfloat16 is the upper half of a float32.
        return np.left_shift(held.astype(np.uint32), 16).view(np.float32)
    return np.asarray(held, dtype=np.float32)
