"""NumPy's .npz: named arrays in a zip file."""

import zipfile
from functools import cache
from math import prod
from pathlib import Path

import numpy as np
from torch import Tensor

from dicttui.data.formats.npy import to_float32
from dicttui.data.formats.numpy_header import read_header, type_name
from dicttui.data.formats.stored import StoredArray
from dicttui.data.memory import require_memory


def open_npz(path: Path) -> tuple[StoredArray, ...]:
    """The arrays of a .npz file. Headers are read now; an array is read whole, and kept, when its
    first rows are.
    """
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        return tuple(_open_member(archive, path, member) for member in members)


def _open_member(archive: zipfile.ZipFile, path: Path, member: str) -> StoredArray:
    name = member.removesuffix(".npy")
    with archive.open(member) as stream:
        shape, _, dtype = read_header(stream)

    @cache
    def load() -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        require_memory(prod(shape) * dtype.itemsize, f"array {name!r}")
        with np.load(path, allow_pickle=False) as arrays:
            return np.asarray(arrays[name])

    def read(start: int, stop: int) -> Tensor:
        return to_float32(load()[start:stop])

    return StoredArray(name, shape, type_name(dtype), read)
