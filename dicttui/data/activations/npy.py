"""Where the rows of NumPy's .npy lie."""

import sys
from pathlib import Path

from dicttui.data.activations.stored import StoredRows, one_piece
from dicttui.data.error import DataError
from dicttui.data.formats.numpy_header import read_header, type_name


def locate_npy(path: Path) -> tuple[StoredRows, ...]:
    """The array of a .npy file; its header alone is read."""
    with path.open("rb") as stream:
        shape, fortran, dtype = read_header(stream)
        begin = stream.tell()
    size = path.stat().st_size - begin
    found = one_piece("", shape, type_name(dtype), begin, _trouble(fortran, dtype.byteorder))
    needed = found.rows * found.d_in * dtype.itemsize if shape else dtype.itemsize
    if not dtype.hasobject and size < needed:
        raise DataError(
            f"is truncated: its header promises {needed} bytes of data and {size} are there"
        )
    return (found,)


def _trouble(fortran: bool, order: str) -> str:
    if fortran:
        return "lies column by column (Fortran's order): save numpy.ascontiguousarray of it"
    if order == ">" or (order == "=" and sys.byteorder == "big"):
        return "is stored with the highest byte first: save it in little-endian byte order"
    return ""
