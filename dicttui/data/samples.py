"""The samples of an experiment, and the batch of every step."""

import copy
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, Self

import torch
from torch import Tensor

from dicttui.data.error import DataError
from dicttui.data.memory import GIBIBYTE
from dicttui.data.moments import moments_of
from dicttui.data.outliers import within
from dicttui.data.recent import Recent
from dicttui.data.scaling import Scaling, fit
from dicttui.data.seeds import generator
from dicttui.preset.data import DataSpecification

RESIDENT_BYTES = GIBIBYTE
"""A train set below this is copied whole to the device that asks for batches."""
PROBE_SAMPLES = 2048
"""Most samples of the probe batch."""
BATCH_CACHE_BYTES = 2**26
STREAM_CACHE_BYTES = 2**24
"""The same of those that come from disk, which has memory of its own for them."""
BATCH_CACHE_ENTRIES = 256
"""Bounds of the batches that are kept for other runs at the same step."""
PERMUTATION_CACHE_BYTES = 2**26

STEPS_BETWEEN_ORDERS = 2**40
"""Step indices from one order of batches to the next: no training is as long."""

FreshBatch = Callable[[int], Tensor]
"""The new samples [batch, d_in] of a step, on the CPU: a function of the step's index alone."""


class BatchStream(Protocol):
    """Where batches come from that are not in memory: each a function of the step's index alone."""

    epoch_rows: int
    """Samples that an epoch trains on."""

    def batch(self, step: int, device: torch.device) -> Tensor:
        """The batch [batch_size, d_in] of a step, scaled. Raises DataError where it cannot be read
        now; asked for again later it may be there, and is the same.
        """

    def batches(self, steps: Sequence[int], device: torch.device) -> Tensor:
        """The batches [len(steps), batch_size, d_in] of some steps. Raises DataError."""

    @property
    def notice(self) -> str:
        """What a person should know of what has been read so far; empty: nothing."""

    def close(self) -> None:
        """Stop reading ahead."""


def effective_batch_size(batch_size: int, n: int) -> int:
    """Samples of one step out of n: n itself for the full batch, which is what 0 or n and more
    ask for.
    """
    return batch_size if 0 < batch_size < n else n


class Samples:
    """What an experiment trains on, scaled and split.

    One object serves every run. Batches and sets are shared between callers: nobody writes to
    them.
    """

    train: Tensor
    """[n, d_in] float32, on the CPU."""
    held_out: Tensor | None
    """[m, d_in] float32, on the CPU."""
    true_atoms: Tensor | None
    """[n_true, d_in] unit rows, where the data have a known dictionary."""
    mean: Tensor
    """[d_in], of the train set."""
    batch_size: int
    """Samples of one step; n for the full batch."""
    seed: int
    """What batches are a function of, beside the step."""
    fresh: bool
    """Whether every step has samples of its own, not taken from `train`."""
    scaling: Scaling
    """What was done to them."""

    def __init__(
        self,
        train: Tensor,
        held_out: Tensor | None,
        true_atoms: Tensor | None,
        *,
        batch_size: int,
        seed: int,
        scaling: Scaling,
        fresh: FreshBatch | None = None,
        stream: BatchStream | None = None,
    ) -> None:
        """Serve given samples, scaled already; with `fresh` or `stream`, batches come from that
        instead.
        """
        self.train = train
        self.scaling = scaling
        self.held_out = held_out
        self.true_atoms = true_atoms
        self.fresh = fresh is not None or stream is not None
        self.batch_size = batch_size if self.fresh else effective_batch_size(batch_size, len(train))
        self.mean = moments_of(train).mean.float()
        self._most_measured = sys.maxsize
        self._fresh = fresh
        self._stream = stream
        self._first_step = 0
        self.seed = seed
        self._resident = train.nbytes < RESIDENT_BYTES or self.full_batch
        self._trains: dict[torch.device, Tensor] = {}
        self._probes: dict[torch.device, Tensor] = {}
        self._fvu_sets: dict[torch.device, Tensor] = {}
        self._fvu_means: dict[torch.device, Tensor] = {}
        batch_bytes = self.batch_size * self.d_in * train.element_size()
        kept = BATCH_CACHE_BYTES if stream is None else STREAM_CACHE_BYTES
        self._batches = Recent[tuple[int, torch.device], Tensor](
            min(max(1, kept // batch_bytes), BATCH_CACHE_ENTRIES)
        )
        self._chunks = Recent[tuple[int, int, torch.device], Tensor](1)
        """For another run that makes the same steps next."""
        self._permutations = Recent[tuple[int, torch.device], Tensor](
            min(max(2, PERMUTATION_CACHE_BYTES // (8 * self.n)), 32)
        )

    @property
    def n(self) -> int:
        """Train samples."""
        return len(self.train)

    @property
    def d_in(self) -> int:
        """Features of a sample."""
        return self.train.shape[1]

    @property
    def full_batch(self) -> bool:
        """Whether every step sees the whole train set."""
        return not self.fresh and self.batch_size == self.n

    @property
    def epoch_rows(self) -> int | None:
        """Samples that an epoch trains on: an epoch has so many ÷ batch_size steps. None where
        every step draws new samples, so that there are no epochs.
        """
        if self._stream is not None:
            return self._stream.epoch_rows
        return None if self.fresh else self.n - self.n % self.batch_size

    @property
    def steps_per_epoch(self) -> int | None:
        """Steps of an epoch; None where there are no epochs."""
        rows = self.epoch_rows
        return None if rows is None else max(1, rows // self.batch_size)

    @property
    def on_disk(self) -> bool:
        """Whether batches are read from disk, in the order of their steps."""
        return self._stream is not None

    @property
    def notice(self) -> str:
        """What a person should know of the samples that have been read so far; empty: nothing."""
        return "" if self._stream is None else self._stream.notice

    def close(self) -> None:
        """Stop reading ahead, where samples come from disk; asking for a batch begins it again."""
        if self._stream is not None:
            self._stream.close()

    def in_order(self, order: int) -> Self:
        """The same samples with the batches of the steps in another order, 0 being this one; of
        samples that are new at every step, other ones. What is measured on stays the same.
        """
        if order == 0:
            return self
        shifted = copy.copy(self)
        shifted._first_step = self._first_step + order * STEPS_BETWEEN_ORDERS
        return shifted

    def measure_at_most(self, count: int) -> None:
        """Let the fixed sets hold no more samples than so many, drawn by chance from those that
        they would hold; to be said before any of them is asked for.
        """
        self._most_measured = count

    @property
    def all_measured(self) -> bool:
        """Whether `fvu_set` is all of the held-out samples, or of the train samples."""
        return len(self._whole_set()) <= self._most_measured

    def batch(self, step: int, device: torch.device) -> Tensor:
        """The batch [batch_size, d_in] of the step with index `step`, on a device.

        A function of (seed, step) alone, whatever was asked for before. The full batch is the
        train set itself, the same tensor each time. Minibatches run through a permutation of the
        train set that is drawn anew each epoch; an epoch's last incomplete batch is left out.

        Raises DataError where samples come from disk and cannot be read now.
        """
        if self.full_batch:
            return self._train_on(device)
        step += self._first_step
        return self._batches.get((step, device), lambda: self._make_batch(step, device))

    def batches(self, first: int, count: int, device: torch.device) -> Tensor:
        """The batches [count, batch_size, d_in] of the steps first … first + count − 1, gathered at
        once; each equal to `batch` of its step. The full batch is repeated without a copy.

        Raises DataError as `batch` does.
        """
        if self.full_batch:
            return self._train_on(device).expand(count, -1, -1)
        first += self._first_step
        return self._chunks.get(
            (first, count, device), lambda: self._make_batches(first, count, device)
        )

    def probe(self, device: torch.device) -> Tensor:
        """The fixed batch [at most 2048, d_in] for measures: held-out samples, or train samples
        where none are held out.
        """
        if device not in self._probes:
            self._probes[device] = self._probe_rows().to(device)
        return self._probes[device]

    def fvu_set(self, device: torch.device) -> Tensor:
        """The fixed set on which `fvu` is measured: the held-out samples, or all train samples
        where none are held out; of either so many as are to be measured.
        """
        if not self.all_measured:
            return self.probe(device)
        if self.held_out is None:
            return self._train_on(device)
        if device not in self._fvu_sets:
            self._fvu_sets[device] = self.held_out.to(device)
        return self._fvu_sets[device]

    def fvu_mean(self, device: torch.device) -> Tensor:
        """The mean [d_in] of `fvu_set`, so that predicting it everywhere has an fvu of 1."""
        if device not in self._fvu_means:
            measured = self._whole_set() if self.all_measured else self._probe_rows()
            own = self.mean if measured is self.train else moments_of(measured).mean.float()
            self._fvu_means[device] = own.to(device)
        return self._fvu_means[device]

    def release(self, device: torch.device) -> None:
        """Drop every copy that is kept for a device; a later call makes them again, equal."""
        for copies in (self._trains, self._probes, self._fvu_sets, self._fvu_means):
            copies.pop(device, None)
        self._batches.forget(lambda key: key[1] == device)
        self._chunks.forget(lambda key: key[2] == device)
        self._permutations.forget(lambda key: key[1] == device)

    def _train_on(self, device: torch.device) -> Tensor:
        if device not in self._trains:
            self._trains[device] = self.train.to(device)
        return self._trains[device]

    def _make_batches(self, first: int, count: int, device: torch.device) -> Tensor:
        steps = range(first, first + count)
        if self._stream is not None:
            return self._stream.batches(steps, device)
        if self._fresh is not None:
            return torch.stack(
                [
                    self._batches.get((step, device), partial(self._make_batch, step, device))
                    for step in steps
                ]
            )
        source = self._train_on(device) if self._resident else self.train
        in_epoch, pieces, step = self.n // self.batch_size, list[Tensor](), first
        while step < steps.stop:
            epoch, place = divmod(step, in_epoch)
            ended = min(steps.stop, (epoch + 1) * in_epoch)
            order = self._permutation(epoch, source.device)
            pieces.append(order[place * self.batch_size : (place + ended - step) * self.batch_size])
            step = ended
        rows = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        return source.index_select(0, rows).to(device).view(count, self.batch_size, self.d_in)

    def _make_batch(self, step: int, device: torch.device) -> Tensor:
        if self._stream is not None:
            return self._stream.batch(step, device)
        if self._fresh is not None:
            return self._fresh(step).to(device)
        epoch, place = divmod(step, self.n // self.batch_size)
        source = self._train_on(device) if self._resident else self.train
        order = self._permutation(epoch, source.device)
        rows = order[place * self.batch_size : (place + 1) * self.batch_size]
        return source.index_select(0, rows).to(device)

    def _permutation(self, epoch: int, device: torch.device) -> Tensor:
        def draw() -> Tensor:
            stream = generator(self.seed, "epoch", epoch)
            return torch.randperm(self.n, generator=stream).to(device)

        return self._permutations.get((epoch, device), draw)

    def _probe_rows(self) -> Tensor:
        x, count = self._whole_set(), min(PROBE_SAMPLES, self._most_measured)
        if len(x) <= count:
            return x
        order = torch.randperm(len(x), generator=generator(self.seed, "probe"))
        return x.index_select(0, order[:count].sort().values)

    def _whole_set(self) -> Tensor:
        return self.train if self.held_out is None else self.held_out


def prepare(
    train: Tensor,
    held_out: Tensor | None,
    specification: DataSpecification,
    seed: int,
    *,
    true_atoms: Tensor | None = None,
    fresh: FreshBatch | None = None,
) -> Samples:
    """Samples from raw ones: scaling is fitted on train [n, d_in] and applied to all of them.

    Outliers are left out first, if the specification says so.

    Raises DataError where the scaling is not defined for these samples.
    """
    if specification.outliers == "drop":
        if fresh is not None:
            raise DataError(
                'data.outliers = "drop" needs samples that are drawn once; without fresh'
            )
        if held_out is not None:
            held_out = held_out[within(held_out, train)]
        train = train[within(train)]
    scaling = fit(specification.scaling, train)
    return Samples(
        scaling.apply(train),
        None if held_out is None else scaling.apply(held_out),
        None if true_atoms is None else scaling.carry_atoms(true_atoms),
        batch_size=specification.batch_size,
        seed=seed,
        scaling=scaling,
        fresh=None if fresh is None else lambda step: scaling.apply(fresh(step)),
    )
