"""Faults of the samples."""

from collections.abc import Callable

import numpy as np

from ..samples import Array, from_file, samples_of
from ..tables import Table
from .injection import Change, Injection, injected


def of_samples(name: str, change: Callable[[Array, np.random.Generator], Array]) -> Change:
    """The setting's own samples, changed."""

    def changed_samples(table: Table, seed: int) -> Table:
        x = change(samples_of(table, seed), np.random.default_rng(seed))
        return from_file(table, x, f"{name}-{table['network']['kind']}-{seed}")

    return changed_samples


def times(factor: float) -> Change:
    """Another unit."""
    return of_samples(f"times-{factor:g}", lambda x, random: x * factor)


def offset(size: float) -> Change:
    """A mean far from zero, the same for all samples; in units of the samples' scale."""

    def moved(x: Array, random: np.random.Generator) -> Array:
        return x + size * x.std() * np.sign(random.standard_normal(x.shape[1]))

    return of_samples(f"offset-{size:g}", moved)


def outliers(share: float, size: float) -> Change:
    """A few samples that are very large."""

    def spoilt(x: Array, random: np.random.Generator) -> Array:
        count = max(1, round(share * len(x)))
        which = random.choice(len(x), count, replace=False)
        rows = random.standard_normal((count, x.shape[1])) * x.std() * size
        made = x.copy()
        made[which] = rows
        return made

    return of_samples(f"outliers-{share:g}-{size:g}", spoilt)


def few(n: int) -> Change:
    """So few samples that they can be learned by heart; others are held out."""

    def change(table: Table, seed: int) -> Table:
        x = samples_of(table, seed)
        held_out = len(x) - n
        return from_file(
            table, x, f"few-{table['network']['kind']}-{seed}", held_out=held_out,
            batch_size=min(n, table["data"]["batch_size"]),
        )  # fmt: skip

    return change


def noise(table: Table, seed: int) -> Table:
    """Samples of the same size and spread in which there is nothing to be found."""
    before = samples_of(table, seed)
    x = np.random.default_rng(seed).standard_normal(before.shape) * before.std()
    return from_file(table, x, f"noise-{table['network']['kind']}-{seed}")


INJECTIONS: list[Injection] = [
    *injected(
        "unscaled_data",
        {
            "relu-adam": offset(20),
            "own-relu": offset(20),
            "topk-rmsprop": times(0.01),
            "simple-adam": offset(30),
            "topk-adamw": offset(20),
            "relu-momentum": times(0.02),
            "patches-topk": times(0.003),
        },
        also=[
            "step_too_small",
            "step_too_large",
            "penalty_too_strong",
            "code_collapse",
            "diverged",
            "bad_initialisation",
        ],
        why="the data's scale, the rate, λ and the first weights rescale into each other; and the "
        "states that follow",
        measure="fvu",
    ),
    *injected(
        "bad_samples",
        {
            "relu-adam": outliers(0.005, 300),
            "own-relu": outliers(0.01, 100),
            "digits-topk": outliers(0.005, 100),
            "topk-adamw": outliers(0.005, 300),
            "own-topk": outliers(0.01, 100),
            "simple-momentum": outliers(0.01, 30),
        },
        also=["diverged"],
        why="a state to which a gradient that large may lead",
        measure="clean_fvu",
    ),
    *injected(
        "overfit",
        {
            "relu-adam": few(48),
            "digits-topk": few(64),
            "own-relu": few(48),
            "topk-adamw": few(64),
            "patches-topk": few(64),
            "own-topk": few(48),
        },
        measure="fvu",
    ),
    *injected(
        "no_structure",
        {
            "relu-adam": noise,
            "own-relu": noise,
            "topk-rmsprop": noise,
            "topk-adamw": noise,
            "own-topk": noise,
            "jump-relu-adam": noise,
        },
        measure="fvu",
    ),
]
