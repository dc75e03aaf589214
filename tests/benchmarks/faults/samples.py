"""Samples of a setting, as raw arrays that an injection changes and writes to a file."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dicttui.data.seeds import generator
from dicttui.data.split import split
from dicttui.training.experiment import Experiment

from .tables import Table, changed, preset_of

Array = NDArray[np.float64]
HELD_OUT = 0.15
"""Share of a file's samples that are held out, where those of the setting are."""


@cache
def _folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="dicttui-faults-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def forget_files() -> None:
    """Remove what has been written so far; presets that name it are of no use afterwards."""
    for path in _folder().iterdir():
        path.unlink()


def samples_of(table: Table, seed: int) -> Array:
    """The train samples [n, d_in] of a setting."""
    samples = Experiment(preset_of(table, seed, "samples")).samples
    return samples.train.double().numpy()


def from_file(table: Table, x: Array, name: str, **data: object) -> Table:
    """The setting with these samples [n, d_in] in a file; with held-out ones where it has some."""
    path = _folder() / f"{name}.npy"
    np.save(path, x)
    given = {"kind": "file", "path": str(path), "batch_size": table["data"].get("batch_size", 0)}
    if table["data"].get("held_out"):
        given["held_out"] = HELD_OUT
    return {**changed(table), "data": {**given, **data}}


def of_first_epoch(n: int, batch_size: int, seed: int, step: int) -> NDArray[np.int64]:
    """The rows of a file of n samples, a share of them held out by `from_file`, that the batch of a
    step in the first epoch holds.
    """
    train, _ = split(torch.arange(n)[:, None], HELD_OUT, seed)
    order = torch.randperm(len(train), generator=generator(seed, "epoch", 0))
    return train[order[step * batch_size : (step + 1) * batch_size], 0].numpy()
