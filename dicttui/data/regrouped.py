"""The same samples in larger batches."""

from typing import Self

import torch
from torch import Tensor

from dicttui.data.samples import Samples


class Regrouped(Samples):
    """Samples whose every batch is some of another's, one after another; sets that are measured on
    are the other's. With as many as there are samples, it is the full batch.
    """

    _inner: Samples
    _times: int

    @classmethod
    def of(cls, samples: Samples, times: int) -> Self:
        """Batches `times` as large."""
        made = cls.__new__(cls)
        made.__dict__ = samples.__dict__.copy()
        made._inner, made._times = samples, times
        size = samples.batch_size * times
        made.batch_size = size if samples.fresh else min(size, samples.n)
        return made

    def in_order(self, order: int) -> Self:
        """As `Samples.in_order`."""
        return self.of(self._inner.in_order(order), self._times)

    def batch(self, step: int, device: torch.device) -> Tensor:
        """The batch [batch_size, d_in] of a step. Raises DataError as `Samples.batch` does."""
        return self.batches(step, 1, device)[0]

    def batches(self, first: int, count: int, device: torch.device) -> Tensor:
        """The batches [count, batch_size, d_in] of some steps. Raises DataError."""
        if self.full_batch:
            return self._train_on(device).expand(count, -1, -1)
        times = self._times
        found = self._inner.batches(first * times, count * times, device)
        return found.reshape(count, self.batch_size, self.d_in)
