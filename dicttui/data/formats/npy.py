"""NumPy's .npy: one array, memory-mapped."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.formats.numpy_header import read_header, type_name
from dicttui.data.formats.stored import StoredArray


def open_npy(path: Path) -> tuple[StoredArray, ...]:
    """The array of a .npy file; its data are read when its rows are."""
    with path.open("rb") as stream:
        shape, _, dtype = read_header(stream)
        begin = stream.tell()
    held = path.stat().st_size - begin
    needed = dtype.itemsize * int(np.prod(shape, dtype=object))
    if not dtype.hasobject and held < needed:
        raise DataError(
            f"is truncated: its header promises {needed} bytes of data and {held} are there"
        )

    def read(start: int, stop: int) -> Tensor:
        # Copy on write, because torch warns about memory that it may not write to.
        mapped = np.load(path, mmap_mode="c", allow_pickle=False)
        return to_float32(mapped[start:stop])

    return (StoredArray("", shape, type_name(dtype), read),)


def to_float32(rows: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Tensor:
    """Rows as float32, without a copy where they are so already; a number beyond its range
    becomes infinite.
    """
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.asarray(rows, dtype=np.float32))
