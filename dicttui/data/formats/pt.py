"""PyTorch's .pt: a tensor, or tensors in dicts and lists."""

import pickle
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.formats.stored import StoredArray

Kind = TypeVar("Kind")


def open_pt(path: Path) -> tuple[StoredArray, ...]:
    """The tensors of a file that `torch.save` wrote, without running any code of it.

    Memory-mapped, except for files of torch before 1.6, which are read whole. A tensor in a dict
    or list is named by its key or index; keys of nested ones are joined by dots.
    """
    try:
        content = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except pickle.UnpicklingError as error:
        raise DataError(
            "is damaged or holds Python objects other than tensors, which are not loaded because "
            "they could run code: save the samples alone, torch.save(samples, path)"
        ) from error
    return tuple(_stored(name, tensor) for name, tensor in named(Tensor, content))


def named(kind: type[Kind], content: Any, name: str = "") -> Iterator[tuple[str, Kind]]:
    """What is of a kind in dicts and lists, named by its keys and indices, joined by dots."""
    if isinstance(content, kind):
        yield name, content
        return
    if isinstance(content, Mapping):
        parts = list(content.items())
    elif isinstance(content, list | tuple):
        parts = list(enumerate(content))
    else:
        return
    for key, part in parts:
        yield from named(kind, part, f"{name}.{key}" if name else str(key))


def _stored(name: str, tensor: Tensor) -> StoredArray:
    tensor = tensor.detach()
    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided:
        dtype = f"{dtype} in {str(tensor.layout).removeprefix('torch.')} layout"
    elif tensor.is_meta:
        dtype = f"{dtype} without data"

    def read(start: int, stop: int) -> Tensor:
        return tensor[start:stop].to(torch.float32)

    return StoredArray(name, tuple(tensor.shape), dtype, read)
