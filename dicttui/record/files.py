"""Files that are whole or absent."""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from dicttui.record.error import RecordError
from dicttui.record.places import PARTIAL

Buffer = bytes | memoryview

LARGEST_JSON = 64 * 1024 * 1024
"""Bytes up to which a file of JSON is read."""


def write_whole(path: Path, parts: Iterable[Buffer]) -> None:
    """Write a file for its owner alone: under another name first, then, once it is on the disk,
    under its own. Raises OSError, and leaves nothing behind.
    """
    partial = path.with_name(f"{PARTIAL}{path.name}")
    try:
        with open(partial, "wb", buffering=0, opener=_for_the_owner) as file:
            for part in parts:
                _write_all(file.fileno(), part)
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    sync_directory(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write JSON as a whole file. Raises OSError."""
    write_whole(path, [json.dumps(value, indent=1).encode() + b"\n"])


def read_json(path: Path, largest: int = LARGEST_JSON) -> Any:
    """The JSON in a file. Raises RecordError if it cannot be read or is none."""
    try:
        with open_regular(path) as file:
            content = file.read(largest + 1)
        if len(content) > largest:
            raise RecordError(f"{path}: is too large to be what its name says")
        return json.loads(content)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}: is damaged: it is no JSON") from error


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it; a pipe or a device in its place would be waited for without end.
    Raises RecordError where it is none, OSError where it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RecordError(f"{path}: is damaged: it is no file")
    return os.fdopen(descriptor, "rb")


def sealed(content: Any) -> dict[str, Any]:
    """JSON with a digest beside it, by which a change of a single bit is noticed."""
    return {"digest": _digest(content), "content": content}


def unsealed(path: Path) -> Any:
    """What was sealed in a file. Raises RecordError where it is not what was written."""
    table = read_json(path)
    if not isinstance(table, dict) or table.keys() != {"digest", "content"}:
        raise RecordError(f"{path}: is damaged or not of dicttui's making")
    if table["digest"] != _digest(table["content"]):
        raise RecordError(f"{path}: is damaged: its digest is another")
    return table["content"]


def sync_directory(directory: Path) -> None:
    """Bring a directory's names to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _write_all(descriptor: int, part: Buffer) -> None:
    left = memoryview(part).cast("B") if len(part) else memoryview(b"")
    while left:
        left = left[os.write(descriptor, left[: 1 << 24]) :]
