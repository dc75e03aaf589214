"""Faults of the step: its size, its noise, and what an adaptive optimizer divides it by."""

import math
from typing import Any

from ..samples import HELD_OUT, from_file, of_first_epoch, samples_of
from ..tables import Table, changed, scaled
from .injection import Change, Injection, injected


def times(factor: float) -> Change:
    """Another learning rate."""
    return lambda table, seed: scaled(table, factor)


def run(**keys: Any) -> Change:
    """Other keys of the run."""
    return lambda table, seed: changed(table, run=keys)


def small_batches(size: int, rate: float = 1.0) -> Change:
    """Smaller batches, and perhaps another rate."""
    return lambda table, seed: changed(scaled(table, rate), data={"batch_size": size})


def one_bad_batch(**keys: Any) -> Change:
    """One early batch that is a thousand times too large, never seen again: what it leaves in the
    optimizer's second moment is what stays.
    """

    def change(table: Table, seed: int) -> Table:
        size = 32
        n = math.ceil(size * table["training"]["steps"] / (1 - HELD_OUT)) + size
        x = samples_of(changed(table, data={"n": n}), seed)
        x[of_first_epoch(n, size, seed, step=5)] *= 1000
        made = from_file(table, x, f"one-bad-batch-{seed}", batch_size=size)
        return changed(made, run=keys)

    return change


def momentum_at(lr: float) -> Change:
    """SGD with momentum in place of the setting's optimizer."""
    return lambda table, seed: changed(
        table, run={"optimizer": "SGD", "lr": lr, "momentum": 0.9, "betas": None}
    )


def rmsprop(lr: float) -> Change:
    """RMSprop in place of the setting's optimizer."""
    return lambda table, seed: changed(
        table, run={"optimizer": "RMSprop", "lr": lr, "momentum": None}
    )


def adagrad(lr: float, accumulated: float) -> Change:
    """Adagrad that begins as if it had seen large gradients."""
    return lambda table, seed: changed(
        table, run={"optimizer": "Adagrad", "lr": lr, "initial_accumulator_value": accumulated}
    )


INJECTIONS: list[Injection] = [
    *injected(
        "diverged",
        {
            "simple-adam": momentum_at(3.0),
            "own-relu": momentum_at(3.0),
            "simple-momentum": times(400),
            "topk-sgd": times(4),
            "own-relu-momentum": times(20),
        },
        also=["step_too_large"],
        why="the state and its root: nothing but the rate is wrong",
    ),
    *injected(
        "step_too_large",
        {
            "simple-adam": times(60),
            "relu-adam": times(30),
            "digits-topk": times(40),
            "simple-ripple": times(20),
            "batch-topk-adamax": times(40),
            "patches-topk": times(30),
        },
        also=["code_collapse", "dead_atoms", "diverged"],
        why="states to which the injected rate led, and which the first steps made for good",
    ),
    *injected(
        "step_too_small",
        {
            "simple-adam": times(1 / 100),
            "relu-adam": times(1 / 100),
            "topk-rmsprop": times(1 / 100),
            "lista-adam": times(1 / 100),
            "topk-sgd": times(1 / 100),
            "digits-relu": times(1 / 100),
            "simple-momentum": times(1 / 100),
        },
    ),
    *injected(
        "edge_of_stability",
        {
            "sparse-adam": times(12),
            "own-bottleneck": times(15),
            "simple-momentum": rmsprop(0.05),
            "simple-ripple": rmsprop(0.1),
            "sparse-nadam": times(12),
        },
        also=["step_too_large"],
        why="a full batch that bounces above its optimum is a rate above the limit, by definition",
    ),
    *injected(
        "noise_floor",
        {
            "relu-adam": small_batches(4),
            "topk-rmsprop": small_batches(4),
            "digits-topk": small_batches(4),
            "topk-adamw": small_batches(4),
            "patches-topk": small_batches(4),
            "own-topk": small_batches(4),
        },
    ),
    *injected(
        "second_moment_too_large",
        {
            "own-relu": one_bad_batch(),
            "relu-adam": one_bad_batch(amsgrad=True),
            "topk-rmsprop": one_bad_batch(alpha=0.999),
            "own-topk": one_bad_batch(),
            "jump-relu-adam": one_bad_batch(amsgrad=True),
        },
        also=["bad_samples"],
        why="the bad batch put the second moment where it is; either may be removed",
        measure="clean_fvu",
    ),
    *injected(
        "second_moment_too_large",
        {
            "topk-spare": adagrad(0.02, 100.0),
            "topk-adamw": adagrad(0.02, 100.0),
        },
        also=["step_too_small"],
        why="Adagrad's second moment never shrinks, so that a larger rate undoes it to the letter",
    ),
    *injected(
        "second_moment_too_small",
        {
            "relu-adam": run(betas=[0.9, 0.5]),
            "digits-topk": run(betas=[0.99, 0.9]),
            "topk-spare": run(betas=[0.9, 0.5]),
            "topk-adamw": run(betas=[0.9, 0.3]),
            "own-topk": run(betas=[0.99, 0.9]),
            "patches-topk": run(betas=[0.9, 0.3]),
        },
        also=["diverged", "dead_atoms", "code_collapse"],
        why="states to which its steps led",
    ),
    *injected(
        "epsilon_dominates",
        {
            "simple-adam": run(eps=1.0),
            "relu-adam": run(eps=1.0),
            "digits-topk": run(eps=1.0),
            "topk-adamw": run(eps=1.0),
            "jump-relu-adam": run(eps=10.0),
            "patches-topk": run(eps=10.0),
        },
    ),
]
