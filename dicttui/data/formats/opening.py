"""Opening a file of samples, whatever its format."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.formats.npy import open_npy
from dicttui.data.formats.npz import open_npz
from dicttui.data.formats.pt import open_pt
from dicttui.data.formats.safetensors import open_safetensors
from dicttui.data.formats.stored import StoredArray

Result = TypeVar("Result")

FORMATS: dict[str, Callable[[Path], tuple[StoredArray, ...]]] = {
    ".npy": open_npy,
    ".npz": open_npz,
    ".pt": open_pt,
    ".safetensors": open_safetensors,
}
"""By the file name's ending."""


def open_arrays(path: Path) -> tuple[StoredArray, ...]:
    """The arrays of a file, at least one.

    Raises DataError where the file is not there, not of a known format, damaged, or empty.
    """
    ending = path.suffix.lower()
    if path.is_dir():
        raise DataError(f"{path}: is a directory: give the path of one file in it")
    if not path.exists():
        raise DataError(f"{path}: there is no such file: check the path")
    if ending not in FORMATS:
        known = ", ".join(FORMATS)
        raise DataError(f"{path}: its name must end in one of {known}: convert or rename it")
    if not path.is_file():
        raise DataError(f"{path}: is not a regular file: copy the samples into one")

    def open_file() -> tuple[StoredArray, ...]:
        if path.stat().st_size == 0:
            raise DataError("is empty (0 bytes): write the samples again")
        return FORMATS[ending](path)

    arrays = guarded(path, open_file)
    if not arrays:
        raise DataError(f"{path}: holds no array: save the samples in it as n × d_in")
    return arrays


def choose(path: Path, arrays: tuple[StoredArray, ...], name: str | None) -> StoredArray:
    """The array that is named, or the only one.

    Raises DataError where there is no such name, or several arrays and no name.
    """
    named = ", ".join(f"{a.name!r} ({' × '.join(map(str, a.shape))} {a.dtype})" for a in arrays)
    if name is not None:
        for array in arrays:
            if array.name == name:
                return array
        if len(arrays) == 1 and not arrays[0].name:
            raise DataError(f"{path}: holds one array without a name: leave out array = {name!r}")
        raise DataError(f"{path}: holds no array {name!r}; it holds {named}: choose one of these")
    if len(arrays) > 1:
        raise DataError(f"{path}: holds {len(arrays)} arrays: say which with `array`: {named}")
    return arrays[0]


def require_usable(path: Path, array: StoredArray) -> None:
    """Raise DataError where an array cannot be samples [n, d_in]."""
    if array.problem:
        raise DataError(f"{label(path, array)}: {array.problem}")


def read_rows(path: Path, array: StoredArray, start: int, stop: int) -> Tensor:
    """Rows [start, stop) of a usable array as float32 [stop − start, d_in].

    Raises DataError where the file is damaged, or is no longer the one that was opened.
    """
    rows = guarded(path, lambda: array.read(start, stop))
    if rows.shape != (stop - start, array.shape[1]):
        raise DataError(f"{label(path, array)}: was replaced while it was read: start again")
    return rows


def label(path: Path, array: StoredArray) -> str:
    """An array's place in words."""
    return f"{path}: array {array.name!r}" if array.name else str(path)


def guarded(path: Path, action: Callable[[], Result]) -> Result:
    """Do something with a file; whatever goes wrong becomes a DataError that names the file."""
    try:
        return action()
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except MemoryError as error:
        raise DataError(f"{path}: does not fit into memory: use fewer samples") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # On damaged files the libraries raise a dozen types, and promise none of them.
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise DataError(
            f"{path}: is not a readable {path.suffix.lower()} file ({reason}): it may be "
            "truncated, damaged, or of another format than its name says"
        ) from error
