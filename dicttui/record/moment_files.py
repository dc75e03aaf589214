"""Moments as files: safetensors whose metadata hold the facts as JSON, and a digest of it all.

The format is written here and read by safetensors' own library: writing it takes no copy of the
tensors, and hashing and writing leave the interpreter to the trainer.
"""

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dicttui.record import files
from dicttui.record.error import RecordError
from dicttui.training.moment import Moment

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "1"
LONGEST_HEADER = 100_000_000
"""Bytes; safetensors' own bound."""
SUFFIX = ".safetensors"
_FILE = re.compile(r"^(?!\.)[^/\x00]{1,200}\.safetensors$")

_DTYPES = {
    "torch.float32": "F32", "torch.float64": "F64", "torch.float16": "F16",
    "torch.bfloat16": "BF16", "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16",
    "torch.int8": "I8", "torch.uint8": "U8", "torch.bool": "BOOL",
}  # fmt: skip
"""torch's name of a dtype, and the format's."""


def is_file_name(text: str) -> bool:
    """Whether this may be the name of a moment's file."""
    return bool(_FILE.match(text))


def digest_of(moment: Moment) -> str:
    """A digest of everything in a moment. Raises RecordError where it holds what cannot be kept."""
    hashed = hashlib.blake2b(digest_size=16)
    hashed.update(_facts(moment).encode())
    for name, tensor in _ordered(moment):
        hashed.update(json.dumps([name, _dtype(tensor), list(tensor.shape)]).encode())
        hashed.update(_bytes(tensor))
    return hashed.hexdigest()


def name_of(moment: Moment, digest: str) -> str:
    """The name of a moment's file: equal moments are one file."""
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', moment.run)[:40]}-{moment.step}-{digest}{SUFFIX}"


def write(moment: Moment, digest: str, path: Path) -> None:
    """Write a moment's file, whole or not at all. Raises OSError."""
    header: dict[str, Any] = {
        "__metadata__": {"format": FORMAT, "digest": digest, "moment": _facts(moment)}
    }
    offset = 0
    for name, tensor in _ordered(moment):
        header[name] = {
            "dtype": _dtype(tensor),
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    files.write_whole(path, _parts(struct.pack("<Q", len(text)) + text, moment))


def verify(path: Path) -> None:
    """See to it that a moment's file is whole, without torch. Raises RecordError where it is not;
    the tensors may still be of another network.
    """
    try:
        with files.open_regular(path) as file:
            _verify(file)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise RecordError(f"{path}: is damaged: {error}") from error


def _verify(file: BinaryIO) -> None:
    """Raises nearly anything."""
    size = os.fstat(file.fileno()).st_size
    (length,) = struct.unpack("<Q", file.read(8))
    if not 2 <= length <= min(size - 8, LONGEST_HEADER):
        raise ValueError("its header does not fit")
    header = json.loads(file.read(length))
    metadata = header.pop("__metadata__")
    hashed = hashlib.blake2b(digest_size=16)
    hashed.update(metadata["moment"].encode())
    end = 0
    for name, about in header.items():
        first, last = about["data_offsets"]
        if type(first) is not int or type(last) is not int or first != end or last < first:
            raise ValueError("its tensors do not fit")
        hashed.update(json.dumps([name, about["dtype"], about["shape"]]).encode())
        _hash(file, last - first, hashed)
        end = last
    if 8 + length + end != size:
        raise ValueError("its tensors do not fill it")
    if hashed.hexdigest() != metadata["digest"] or metadata["format"] != FORMAT:
        raise ValueError("its digest is another")


def _hash(file: BinaryIO, count: int, hashed: "hashlib.blake2b") -> None:
    while count:
        part = file.read(min(count, 1 << 22))
        if not part:
            raise ValueError("it is too short")
        hashed.update(part)
        count -= len(part)


def read(path: Path) -> Moment:
    """The moment in a file. Raises RecordError where it is damaged or none."""
    from safetensors import safe_open

    try:
        files.open_regular(path).close()
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # A tensor of its own: what is mapped from a file goes where the file goes.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except RecordError:
        raise
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # The library's own errors have no common base but this.
        raise RecordError(f"{path}: is damaged, or no moment of dicttui's: {error}") from error
    if metadata.get("format") != FORMAT:
        raise RecordError(f"{path}: is no moment of dicttui's, or one of another version")
    moment = _restored(metadata.get("moment", ""), tensors, path)
    try:
        digest = digest_of(moment)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error
    # JSON writes one number in several ways; we write it in one.
    if digest != metadata.get("digest") or _facts(moment) != metadata["moment"]:
        raise RecordError(f"{path}: is damaged: its digest is another")
    return moment


def _restored(text: str, tensors: "dict[str, Tensor]", path: Path) -> Moment:
    try:
        run, step, specification, facts = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordError(f"{path}: is damaged: its facts are no JSON of a moment") from error
    good = (
        isinstance(run, str)
        and type(step) is int
        and step >= 0
        and isinstance(specification, dict)
        and isinstance(facts, dict)
    )
    if not good:
        raise RecordError(f"{path}: is damaged: its facts are not those of a moment")
    return Moment(run, step, specification, facts, tensors)


def _facts(moment: Moment) -> str:
    return json.dumps(
        [moment.run, moment.step, moment.specification, moment.facts], separators=(",", ":")
    )


def _ordered(moment: Moment) -> "list[tuple[str, Tensor]]":
    """The tensors, those of large numbers first, so that each lies at a multiple of its size."""
    return sorted(moment.tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))


def _parts(header: bytes, moment: Moment) -> Iterator[files.Buffer]:
    yield header
    for _, tensor in _ordered(moment):
        yield _bytes(tensor)


def _dtype(tensor: "Tensor") -> str:
    kind = str(tensor.dtype)
    if kind not in _DTYPES:
        raise RecordError(f"tensors of {kind} cannot be kept")
    return _DTYPES[kind]


def _bytes(tensor: "Tensor") -> memoryview:
    import torch

    # Memory that a file was mapped to, or of no element, has no bytes of another type.
    if tensor.numel() == 0:
        return memoryview(b"")
    flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
    return memoryview(flat.numpy().data)
