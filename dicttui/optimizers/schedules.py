"""Learning-rate schedules, as factors on the base learning rate."""

import math

from dicttui.preset.runs import RunSpecification


def factor(run: RunSpecification, step: int, total: int) -> float:
    """What the base learning rate is multiplied by at step index `step` (from 0).

    Warm-up: (step + 1) / warmup_steps, so that the first step already moves and step index
    warmup_steps − 1 is the first at the full rate. It precedes any schedule whose warmup_steps is
    not 0. Then linear and cosine fall from 1 to final_lr_scale over decay_steps, or, where that is
    0, over what is left of `total`, the experiment's steps; after that they stay there. The cosine
    is Loshchilov & Hutter 2017 (SGDR) without restarts.
    """
    if step < run.warmup_steps:
        return (step + 1) / run.warmup_steps
    if run.schedule not in ("linear", "cosine"):
        return 1.0
    done, length = _decay(run, step, total)
    progress = done / length
    remaining = 1 - progress if run.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return run.final_lr_scale + (1 - run.final_lr_scale) * remaining


def constant(run: RunSpecification) -> bool:
    """Whether the factor is 1 at every step."""
    return run.schedule == "constant" and run.warmup_steps == 0


def place(run: RunSpecification, step: int, total: int) -> str:
    """Where step index `step` stands in the schedule: "warm-up 40/100" for the fortieth of 100
    warm-up steps, "cosine 300/900" after 300 of 900 steps of decay; "" where the rate stays.
    """
    if step < run.warmup_steps:
        return f"warm-up {step + 1}/{run.warmup_steps}"
    if run.schedule not in ("linear", "cosine"):
        return ""
    done, length = _decay(run, step, total)
    return f"{run.schedule} {done}/{length}"


def _decay(run: RunSpecification, step: int, total: int) -> tuple[int, int]:
    """Steps of decay done, and in all (at least 1)."""
    length = run.decay_steps or max(total - run.warmup_steps, 1)
    return min(step - run.warmup_steps, length), length
