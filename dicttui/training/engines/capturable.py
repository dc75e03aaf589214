"""Optimizers whose step can be recorded: its rate in a tensor, its count on the device."""

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.training.engines.engine import CannotCaptureError

FUSED = ("Adam", "AdamW", "SGD", "Adagrad")
"""All of the step is one kernel, which reads each number once, and takes the rate from a tensor."""


def check(optimizer: Optimizer) -> None:
    """Raises CannotCaptureError where torch has no such steps of an optimizer."""
    name = type(optimizer).__name__
    if name not in FUSED and any("capturable" not in group for group in optimizer.param_groups):
        raise CannotCaptureError(
            f"the {name} of torch {torch.__version__} looks at a number in each step"
        )


def prepare(optimizer: Optimizer, rates: dict[str, Tensor]) -> None:
    """Let an optimizer that has no state make such steps, and take the rate of each group from a
    tensor of one float32 number, by the group's name.

    Its steps are those that it would make otherwise, up to rounding.
    """
    fused = type(optimizer).__name__ in FUSED
    for group in optimizer.param_groups:
        if "capturable" in group:
            group["capturable"] = True
        # Where there is no such kernel: loops over all parameters at once, which is also what torch
        # chooses for CUDA.
        group["fused" if fused else "foreach"] = True
        group["lr"] = rates[group["name"]]
    # torch would warn of the steps that are made before the recording.
    optimizer._warned_capturable_if_run_uncaptured = True
