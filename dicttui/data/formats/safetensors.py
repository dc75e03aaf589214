"""Hugging Face's .safetensors: named tensors, memory-mapped."""

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from dicttui.data.formats.stored import StoredArray

TYPE_NAMES = {
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "BOOL": "bool", "C64": "complex64",
}  # fmt: skip


def open_safetensors(path: Path) -> tuple[StoredArray, ...]:
    """The tensors of a .safetensors file; data are read when rows are."""
    with safe_open(path, framework="pt", device="cpu") as file:
        names = sorted(file.keys())
        slices = {name: file.get_slice(name) for name in names}
        headers = {name: (part.get_shape(), part.get_dtype()) for name, part in slices.items()}
    return tuple(_stored(path, name, *headers[name]) for name in names)


def _stored(path: Path, name: str, shape: list[int], dtype: str) -> StoredArray:
    def read(start: int, stop: int) -> Tensor:
        with safe_open(path, framework="pt", device="cpu") as file:
            rows: Tensor = file.get_slice(name)[start:stop]
            return rows.to(torch.float32)

    return StoredArray(name, tuple(shape), TYPE_NAMES.get(dtype, dtype), read)
