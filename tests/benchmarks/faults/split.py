"""What thresholds may be set by, and what they are reported on: declared before either.

Whole settings are held out, and seeds as well.
"""

DEV_SETTINGS = (
    "simple-adam", "sparse-adam", "relu-adam", "topk-spare", "topk-rmsprop", "lista-adam",
    "digits-topk", "patches-relu", "own-relu", "own-bottleneck",
)  # fmt: skip
HELD_OUT_SETTINGS = (
    "simple-momentum", "simple-ripple", "sparse-nadam", "relu-momentum", "topk-adamw", "topk-sgd",
    "batch-topk-adamax", "jump-relu-adam", "digits-relu", "patches-topk", "own-topk",
    "own-relu-momentum",
)  # fmt: skip
DEV_SEEDS = (0, 1, 2, 3, 4)
HELD_OUT_SEEDS = (100, 101, 102, 103, 104)
SETTINGS_OF = {"dev": DEV_SETTINGS, "held_out": HELD_OUT_SETTINGS}
SEEDS_OF = {"dev": DEV_SEEDS, "held_out": HELD_OUT_SEEDS}
HEALTHY_TIMES = 2
"""Healthy trainings of a setting for each seed: with so many more seeds there are enough for a
narrow interval of false alarms."""


def healthy_seeds(part: str, count: int) -> tuple[int, ...]:
    """The seeds of healthy trainings, where `count` seeds of faults are asked for."""
    first = SEEDS_OF[part][0]
    return tuple(range(first, first + HEALTHY_TIMES * count))
