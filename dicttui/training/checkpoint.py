"""A copy of a run's state in memory, to go back to."""

import time
from typing import Any

import torch
from torch import Tensor

from dicttui.training.trainable import Rates, Trainable

MOST_OF_THE_TIME = 0.004
"""Share of the training time that copies may take."""

_State = dict[str, tuple[Any, torch.device | None]]
"""Of one parameter in an optimizer: by name a value, and the device where a tensor lives."""


class Checkpoint:
    """The newest copy of one run's state with finite parameters, and the step it was taken at.

    The copy lies in host memory, so that it takes nothing of a GPU's.
    """

    def __init__(self) -> None:
        self.step = -1
        self.rates: Rates | None = None
        """The base learning rates of the steps after the copy."""
        self._tensors: list[Tensor] = []
        self._states: list[dict[Tensor, _State]] = []
        self._random_state = torch.empty(0)
        self._cost = 0.0
        self._taken = float("-inf")

    def due(self) -> bool:
        """Whether enough time has passed for another copy."""
        return (time.perf_counter() - self._taken) * MOST_OF_THE_TIME >= self._cost

    def take(self, trainable: Trainable, step: int) -> None:
        """Copy the state as it is before the update of a step, unless a parameter is not finite:
        then the older copy is the one to go back to.
        """
        began = time.perf_counter()
        with torch.no_grad():
            if all(torch.isfinite(p).all().item() for p in trainable.network.parameters()):
                self._copy(trainable)
                self.step = step
        self._taken = time.perf_counter()
        self._cost = self._taken - began

    def _copy(self, trainable: Trainable) -> None:
        tensors = trainable.module_tensors()
        former: list[Any] = self._tensors or [None] * len(tensors)
        self._tensors = [_copied(t, old) for t, old in zip(tensors, former, strict=True)]
        before = self._states or [{} for _ in trainable.optimizers]
        self._states = [
            {
                parameter: _kept(state, former.get(parameter, {}))
                for parameter, state in optimizer.state.items()
            }
            for optimizer, former in zip(trainable.optimizers, before, strict=True)
        ]
        self._random_state = trainable.random_state.clone()
        self.rates = trainable.rates

    def restore(self, trainable: Trainable) -> None:
        """Put the copied state back; the base learning rates are left alone."""
        with torch.no_grad():
            for tensor, copy in zip(trainable.module_tensors(), self._tensors, strict=True):
                tensor.copy_(copy)
        for optimizer, states in zip(trainable.optimizers, self._states, strict=True):
            optimizer.state.clear()
            for parameter, state in states.items():
                optimizer.state[parameter] = {
                    key: value.to(home, copy=True) if isinstance(value, Tensor) else value
                    for key, (value, home) in state.items()
                }
        trainable.random_state = self._random_state.clone()

    def renew(self) -> None:
        """Take another copy at the next opportunity: the steps from now on are of another kind,
        and those since the copy could not be repeated with them.
        """
        self._taken = float("-inf")

    def forget(self) -> None:
        """Let go of the copy: what it was taken of is no more."""
        self.step, self._tensors, self._states = -1, [], []
        self._taken = float("-inf")


def _kept(state: dict[str, Any], former: _State) -> _State:
    return {
        key: (_copied(value, former.get(key, (None, None))[0]), getattr(value, "device", None))
        for key, value in state.items()
    }


def _copied(value: Any, former: Any) -> Any:
    """A tensor's copy in host memory, in the place of the former one if that fits; anything else
    as it is.
    """
    if not isinstance(value, Tensor):
        return value
    if isinstance(former, Tensor) and (former.shape, former.dtype) == (value.shape, value.dtype):
        return former.copy_(value)
    return value.detach().to("cpu", copy=True)
