"""The losses of a person's steps, kept until somebody looks, without waiting for a device."""

from typing import Any

import torch
from torch import Tensor

MOST = 4096
"""Losses that are kept on a device: then it is waited for."""


class Losses:
    """Takes one loss a step. Those of a GPU stay there, detached, until they are taken."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._ring: Tensor | None = None
        self._kept = 0

    def add(self, loss: Any) -> None:
        """Take a step's loss: a tensor of one number, or a number. Raises TypeError."""
        value = loss
        if isinstance(loss, Tensor):
            if not loss.is_cpu and loss.numel() == 1:
                self._keep(loss.detach())
                return
            try:
                value = loss.item()
            except RuntimeError as error:
                raise TypeError(
                    f"watched.step: the loss is a tensor {list(loss.shape)}; expected: one number, "
                    "the loss of this step"
                ) from error
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(
                f"watched.step: the loss is a {type(value).__name__}; expected: a tensor of one "
                "number, or a number"
            )
        if self._kept:
            self._bring()
        self._values.append(float(value))

    def take(self) -> list[float]:
        """All that were added since the last call, in their order (waits for the device)."""
        self._bring()
        values, self._values = self._values, []
        return values

    def _keep(self, loss: Tensor) -> None:
        ring = self._ring
        if ring is None or ring.device != loss.device or self._kept == MOST:
            self._bring()
            if ring is None or ring.device != loss.device:
                ring = self._ring = torch.empty(MOST, dtype=torch.float32, device=loss.device)
        ring[self._kept].copy_(loss.reshape(()), non_blocking=True)
        self._kept += 1

    def _bring(self) -> None:
        """Bring what is kept on a device here."""
        if self._kept and self._ring is not None:
            self._values += self._ring[: self._kept].tolist()
            self._kept = 0
