"""Where the rows of PyTorch's .pt lie.

`torch.save` writes a zip file whose entries are not compressed: `…/data.pkl` describes the tensors,
`…/data/N` holds the bytes of the N-th storage (PyTorch's notes on serialization semantics). The
description is a pickle; what is read of it here can make tuples, dicts and records of tensors, and
runs no code.
"""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicttui.data.activations.stored import ITEM_BYTES, StoredRows, one_piece
from dicttui.data.error import DataError
from dicttui.data.formats.pt import named

STORAGE_TYPES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "CharStorage": "int8", "ShortStorage": "int16",
    "IntStorage": "int32", "LongStorage": "int64", "ByteStorage": "uint8",
    "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}  # fmt: skip
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
"""Of an entry of a zip file: its last two numbers are the lengths of name and extra field."""


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: str


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    """Of its first number, in numbers."""
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def locate_pt(path: Path) -> tuple[StoredRows, ...]:
    """The tensors of a file that `torch.save` wrote; a tensor in a dict or list is named by its key
    or index, keys of nested ones joined by dots.
    """
    if not zipfile.is_zipfile(path):
        raise DataError(
            "is truncated, or was written by torch before 1.6, or is no .pt file: write it again "
            "with torch.save"
        )
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
        content = _Description(archive.read(entries["data.pkl"])).load()
        order = archive.read(entries["byteorder"]) if "byteorder" in entries else b"little"
    trouble = "" if order == b"little" else "is stored with the highest byte first: save it again"
    found = []
    with path.open("rb") as stream:
        for name, tensor in named(_Tensor, content):
            begin = _begin(stream, entries[f"data/{tensor.storage.key}"])
            size = ITEM_BYTES.get(tensor.storage.dtype, 1)
            found.append(
                one_piece(
                    name, tensor.shape, tensor.storage.dtype, begin + size * tensor.offset,
                    trouble or _trouble(tensor),
                )
            )  # fmt: skip
    return tuple(found)


def _begin(stream: io.BufferedReader, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of an entry begin."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise DataError("is compressed: write it again with torch.save")
    stream.seek(entry.header_offset)
    *_, name, extra = LOCAL_HEADER.unpack(stream.read(LOCAL_HEADER.size))
    return int(entry.header_offset + LOCAL_HEADER.size + name + extra)


def _trouble(tensor: _Tensor) -> str:
    expected = 1
    for size, stride in zip(reversed(tensor.shape), reversed(tensor.stride), strict=True):
        if size > 1 and stride != expected:
            return "does not lie row by row: save tensor.contiguous()"
        expected *= size
    return ""


class _Description(pickle.Unpickler):
    """Reads what `torch.save` says of tensors, and refuses all else."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))

    def find_class(self, module: str, name: str) -> Any:
        """The few things that may be in it."""
        known: dict[tuple[str, str], Callable[..., Any]] = {
            ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
            ("torch._utils", "_rebuild_parameter"): lambda data, *_rest: data,
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "Size"): tuple,
        }
        if (module, name) in known:
            return known[module, name]
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            return STORAGE_TYPES.get(name, name)
        raise DataError(
            f"holds Python objects other than tensors ({module}.{name}), which are not loaded "
            "because they could run code: save the samples alone, torch.save(samples, path)"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        """A storage: ("storage", its type, its key, its device, its length)."""
        _, dtype, key, *_ = pid
        return _Storage(str(key), str(dtype))


def _rebuilt(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_rest: Any
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(stride))
