"""Which samples are held out."""

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.seeds import generator
from dicttui.preset.data import held_out_samples


def train_count(held_out: float, n: int) -> int:
    """How many of n samples are left for training once the held-out ones are taken out.

    Raises DataError if none is.
    """
    taken = held_out_samples(held_out, n)
    if taken >= n:
        raise DataError(
            f"data.held_out = {held_out:g} takes {taken} of {n} samples and leaves none to train "
            f"on: hold out at most {n - 1}"
        )
    return n - taken


def split(x: Tensor, held_out: float, seed: int) -> tuple[Tensor, Tensor | None]:
    """Train and held-out samples of x [n, d_in], by a permutation of its rows that follows from
    the seed; both keep the order of x.

    With nothing to hold out, x itself is the train set.
    """
    n = len(x)
    kept = train_count(held_out, n)
    if kept == n:
        return x, None
    order = torch.randperm(n, generator=generator(seed, "held-out split"))
    return x[order[:kept].sort().values], x[order[kept:].sort().values]
