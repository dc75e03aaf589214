"""The header of NumPy's array format: shape and element type, without the data."""

from typing import IO

import numpy as np
from numpy.lib import format as npy_format

from dicttui.data.error import DataError

READERS = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}
"""By the format's version."""
STRUCTURED = (3, 0)
"""The version that differs from 2 in the names of structured types only."""


def read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Shape, whether the first index runs fastest (Fortran's order), and element type; leaves the
    stream where the data begin.

    Raises DataError for an array of structured type, ValueError where it is no NumPy header.
    """
    version = npy_format.read_magic(stream)
    if version == STRUCTURED:
        raise DataError("holds an array of structured type: save a plain array of float32")
    if version not in READERS:
        raise ValueError(f"unknown version {version[0]}.{version[1]} of the format")
    shape, fortran, dtype = READERS[version](stream)
    return shape, fortran, dtype


def type_name(dtype: np.dtype[np.generic]) -> str:
    """The name of an element type without its byte order; "object" for Python objects."""
    return dtype.newbyteorder("=").name
