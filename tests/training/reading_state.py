"""The state of a run in plain numbers, to compare bit for bit."""

import time
from collections.abc import Callable
from typing import Any

import torch

from dicttui.training.run import GradientRun


def weights(run: GradientRun) -> dict[str, Any]:
    """Every number of a run's module and optimizers, and of its random stream."""
    trainable = run.trainable
    found: dict[str, Any] = {"random": trainable.random_state.tolist()}
    for name, tensor in (
        *trainable.network.named_parameters(), *trainable.network.named_buffers(),
    ):  # fmt: skip
        found[name] = tensor.detach().cpu().tolist()
    for place, optimizer in enumerate(trainable.optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for key, value in state.items():
                plain = value.cpu().tolist() if isinstance(value, torch.Tensor) else value
                found[f"{place}.{index}.{key}"] = plain
    return found


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
