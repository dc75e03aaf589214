"""Which files a path means."""

import glob
import json
import re
from pathlib import Path

from dicttui.data.activations.arrow import dataset_files, is_dataset, locate_arrow
from dicttui.data.activations.npy import locate_npy
from dicttui.data.activations.pt import locate_pt
from dicttui.data.activations.safetensors import locate_safetensors
from dicttui.data.activations.stored import FLOATING, StoredRows
from dicttui.data.error import DataError
from dicttui.data.formats.opening import guarded

FORMATS = {
    ".safetensors": locate_safetensors,
    ".npy": locate_npy,
    ".pt": locate_pt,
    ".arrow": locate_arrow,
}
"""By the file name's ending."""
SHARD_ENDINGS = (".safetensors", ".npy", ".pt")
"""Of the files in a directory that are taken for shards."""
_WILD = re.compile(r"[*?\[]")


def is_several(path: Path) -> bool:
    """Whether a path means a directory or a pattern, and not a single file."""
    return path.is_dir() or (not path.exists() and bool(_WILD.search(str(path))))


def found_files(path: Path) -> list[Path]:
    """The shards that a directory, a pattern, or the path of a file means, sorted by name as a
    person sorts them: shard-2 before shard-10.

    Raises DataError where there is none.
    """
    if path.is_dir():
        if is_dataset(path):
            return _of_dataset(path)
        files = [f for f in path.iterdir() if f.suffix.lower() in SHARD_ENDINGS]
        files = [f for f in files if f.is_file() and not f.name.startswith(".")]
        if not files:
            raise DataError(
                f"{path}: holds no {', '.join(SHARD_ENDINGS)} file and is no saved data set: check "
                "the path"
            )
    elif is_several(path):
        files = [Path(f) for f in glob.glob(str(path), recursive=True) if Path(f).is_file()]
        if not files:
            raise DataError(f"{path}: no file matches: check the path")
    elif not path.exists():
        raise DataError(f"{path}: there is no such file or directory: check the path")
    else:
        files = [path]
    return sorted(files, key=lambda f: natural(str(f)))


def _of_dataset(path: Path) -> list[Path]:
    try:
        files = dataset_files(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: is no data set that can be read ({error!r})") from error
    if not files:
        raise DataError(f"{path}: is a data set without rows")
    return files


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names with the numbers in them by value."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def located(path: Path) -> tuple[StoredRows, ...]:
    """The arrays of a file, at least one.

    Raises DataError where the file is not there, not of a known format, damaged, or empty.
    """
    ending = path.suffix.lower()
    if not path.exists():
        raise DataError(f"{path}: there is no such file: check the path")
    if ending not in FORMATS:
        known = ", ".join(SHARD_ENDINGS)
        raise DataError(f"{path}: its name must end in one of {known}: convert or rename it")

    def locate() -> tuple[StoredRows, ...]:
        if path.stat().st_size == 0:
            raise DataError("is empty (0 bytes): write it again")
        return FORMATS[ending](path)

    arrays = guarded(path, locate)
    if not arrays:
        raise DataError(f"{path}: holds no array: save the samples in it")
    return arrays


def chosen(path: Path, arrays: tuple[StoredRows, ...], name: str | None) -> StoredRows:
    """The array that is named; without a name the only one that can be samples, or the only one of
    these with floating-point numbers (token ids lie beside activations).

    Raises DataError where there is no such array, or it cannot be samples.
    """
    if name is not None and not (len(arrays) == 1 and not arrays[0].name):
        named = [array for array in arrays if array.name == name]
        if not named:
            raise DataError(
                f"{path}: holds no array {name!r}; it holds {_listed(arrays)}: choose one of these"
            )
        array = named[0]
    elif len(arrays) == 1:
        array = arrays[0]
    else:
        usable = [array for array in arrays if not array.problem]
        floating = [array for array in usable if array.dtype in FLOATING]
        candidates = floating or usable
        if len(candidates) != 1:
            which = "say which with `array`" if candidates else "none of them can be samples"
            raise DataError(f"{path}: holds {len(arrays)} arrays: {which}: {_listed(arrays)}")
        array = candidates[0]
    if array.problem:
        raise DataError(f"{label(path, array)}: {array.problem}")
    return array


def label(path: Path, array: StoredRows) -> str:
    """An array's place in words."""
    return f"{path}: array {array.name!r}" if array.name else str(path)


def _listed(arrays: tuple[StoredRows, ...]) -> str:
    return ", ".join(f"{a.name!r} ({' × '.join(map(str, a.shape))} {a.dtype})" for a in arrays)
