"""The weights of any network as they were trained: one .safetensors or .npz file.

The names are the network's own, except that the thresholds of jump_relu are written as what they
are and not as their logarithms. Nothing is folded in: what was done to the samples stands beside
the weights, as `scaling.mean`, `scaling.deviation` and `scaling.factor`, and by name in the
metadata, which are JSON under the key "dicttui".
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor

from dicttui.networks.exchange.state import NetworkState, saved

KEY = "dicttui"


def write_safetensors(state: NetworkState, path: Path) -> None:
    """Write a new .safetensors file. Raises OSError."""
    saved(_tensors(state), path, {KEY: _metadata(state)})


def write_npz(state: NetworkState, path: Path) -> None:
    """Write a new .npz file; the metadata are the text in the array "dicttui". Raises OSError."""
    arrays = {name: _array(tensor) for name, tensor in _tensors(state).items()}
    # numpy.savez takes names as arguments, and a person's parameter may be called as one of its.
    with zipfile.ZipFile(path, "x") as archive:
        for name, array in {**arrays, KEY: numpy.array(_metadata(state))}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                numpy.lib.format.write_array(member, array, allow_pickle=False)


def _tensors(state: NetworkState) -> dict[str, Tensor]:
    buffers = state.buffers()
    if state.kind != "user":  # whole numbers count steps, and are no part of the function
        buffers = {name: value for name, value in buffers.items() if value.is_floating_point()}
    named = state.parameters() | buffers
    if "log_threshold" in named and state.kind != "user":
        named["threshold"] = named.pop("log_threshold").exp()
    for name, value in (state.scaling or {}).items():
        if name != "name":
            named[f"scaling.{name}"] = torch.tensor(value, dtype=torch.float64)
    return {name: tensor.contiguous() for name, tensor in named.items()}


def _metadata(state: NetworkState) -> str:
    scaling = None if state.scaling is None else state.scaling["name"]
    return json.dumps({**state.about, "scaling": scaling}, allow_nan=False)


def _array(tensor: Tensor) -> "numpy.ndarray[Any, Any]":
    # numpy has no bfloat16.
    known = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    array: numpy.ndarray[Any, Any] = known.numpy()
    return array
