"""Faults of the program: parameters that are not trained, numbers that round away."""

from ..samples import from_file, samples_of
from ..tables import Table, changed, scaled
from .initialisation import arguments
from .injection import Change, Injection, injected


def slow_dictionary(table: Table, seed: int) -> Table:
    """A dictionary whose learning rate is as good as zero."""
    return changed(table, run={"dictionary_lr_scale": 1e-6})


def far_away(size: float) -> Change:
    """Samples so far from zero that float32 rounds what tells them apart; the decoder's bias starts
    at their mean, so that nothing else is wrong.
    """

    def change(table: Table, seed: int) -> Table:
        x = samples_of(table, seed) + size
        made = from_file(table, x, f"far-{table['network']['kind']}-{seed}")
        return changed(made, network={"b_dec_init": "mean"})

    return change


def in_bfloat16(table: Table, seed: int) -> Table:
    """Parameters of eight bits, at a rate and a length that do well in float32: most updates are
    smaller than half of what separates a weight from the next.
    """
    made = changed(table, network={"arguments": {"dtype": "bfloat16"}})
    return scaled(scaled(made, 1 / 5), 3, "training", "steps")


INJECTIONS: list[Injection] = [
    *injected(
        "frozen_parameters",
        {
            "own-relu": arguments(frozen=["W_dec"]),
            "own-bottleneck": arguments(detached=True),
            "relu-adam": slow_dictionary,
            "own-topk": arguments(frozen=["W_enc"]),
            "own-relu-momentum": arguments(frozen=["W_dec"]),
            "topk-adamw": slow_dictionary,
        },
    ),
    *injected(
        "precision_lost",
        {
            "own-relu": in_bfloat16,
            "own-topk": in_bfloat16,
            "own-relu-momentum": in_bfloat16,
        },
    ),
    *injected(
        "precision_lost",
        {
            "relu-adam": far_away(3e6),
            "topk-rmsprop": far_away(3e6),
            "batch-topk-adamax": far_away(3e6),
        },
        also=["unscaled_data"],
        why="it is the samples' mean that leaves no digits for what tells them apart",
        measure="fvu",
    ),
]
