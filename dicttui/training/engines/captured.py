"""Steps without Python on a CPU: recorded once, then run many at a time without the GIL.

What torch does in a step is written as one TorchScript function that makes as many steps as it is
asked for; the optimizer's arithmetic is in it. It calls torch's own operations in the order in
which eager steps do, so that every bit is the same, and most of them write to memory that is there
already.

How else it could be done, measured on two cores of an AMD EPYC with torch 2.13, one thread: a step
of the article's sparse network with Adam (a bare loop takes 440 µs) and of 64 → 256 at batch 256
(1,190 µs), the time until the first step is made, and whether losses and weights are eager's to
the bit.

                                             article  64 → 256  build   same bits  GIL
    a TorchScript loop                         43 µs    727 µs  0.04 s  yes        free
    the same operations called from C++        39       708     28      yes        free
    the same operations called from Python     73       824     0.01    yes        held
    torch.compile, C++ wrapper, whole step     84       751     16      no         free in a step
    the same, a while_loop of 100 steps        32       672     17      no         free
    AOTInductor, one step a call               34       658     18      no         held
    torch.compile, optimizer.step apart       330     1,139     20      no         held

What is faster than the same operations called from C++ fuses them, and that rounds differently: a
last bit became 1e-2 of a weight within 200 steps of 64 → 256. It needs a C++ compiler, and takes
longer to build than most of the article's runs last. A Python loop stands still beside a busy
screen: it lets go of the GIL at every operation and waits for it again.

Of TorchScript, which torch calls deprecated, no more is used than `torch.jit.CompilationUnit`:
text goes to its C++ parser, and none of the Python in front of it. Where a torch has it no longer,
or an operation it does not know, runs stay eager, with the same results. Tried by hand with torch
2.4.1, the oldest that is supported, and 2.14.1: all bits equal, of eight optimizers on four
networks.

How near it is to what can be had: the article's step is 21 operations of forward and backward
pass, eight of them matrix products that took 18 of its 45 µs, 6 of Adam and 3 to see which atoms
fire. They move less than 100 kB, all of it in a core's cache: what is left is what torch takes to
start an operation, about a microsecond each. On 64 → 256 the matrix products are the step.
"""

import math
import re
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import torch
from torch import Tensor

from dicttui.measures import codes
from dicttui.networks import foreign
from dicttui.optimizers import schedules
from dicttui.training import courtesy, devices
from dicttui.training.engines import arithmetic, flat, script, tape
from dicttui.training.engines.eager import EagerEngine
from dicttui.training.engines.engine import (
    CannotCaptureError,
    Capture,
    Lent,
    Observe,
    StepError,
    Work,
)
from dicttui.training.engines.flat import ALIGNMENT, Flat, Pieces
from dicttui.training.engines.script import Buffer, Script
from dicttui.training.engines.tape import Layout, Tape
from dicttui.training.trainable import Trainable

MOST_BYTES = 2**24
"""Of the batches, or of the codes, that one call has at hand."""
CHECKED_STEPS = (1, 2, 5, 8, 16)
"""Steps whose numbers are compared with eager's before an engine is used, call by call."""
CHECKED_SECONDS = 1.0
"""After which no further call is compared."""
WANTED, UNWANTED = (
    torch.frombuffer(b, dtype=torch.uint8)[0] for b in (courtesy.wanted, bytearray(1))
)
"""Whether the trainer is to stand aside; and that it is not."""
LONG_SLICE = 0.01
"""Seconds after which the trainer gets its turn."""


@dataclass(slots=True)
class _Call:
    """Steps that are being made by one call of the function."""

    first: int
    count: int
    """How many; those that were made, once it has returned; none where it raised."""
    work: Work
    results: tuple[float, Tensor, Tensor] | None = None
    """The optimizer's count of steps; losses [count]; the step at which each atom fired last,
    [n_atoms], -1 where it did not."""
    error: BaseException | None = None


class CapturedEngine:
    """Makes the steps of one run by calls of one TorchScript function."""

    name = "captured"
    exact = True

    def __init__(self, trainable: Trainable, recorded: Tape, written: Script) -> None:
        self._eager = EagerEngine()
        self._network = trainable.network
        self._device = trainable.device
        self._function = _compiled(written.source)
        self._script = written
        self._counts = arithmetic.of(trainable.optimizers[0]).counts
        code = recorded.values[recorded.code].layout
        self._code_bytes = 4 * math.prod(code.shape) if written.keeps_codes else 0
        trained = [g is not None for g in recorded.gradients]
        self._flat = Flat(trainable, trained, arithmetic.of(trainable.optimizers[0]).state)
        bases = [
            self._flat.memory(written.gradients[base]).view(torch.uint8)
            if base in written.gradients
            else torch.zeros(size, dtype=torch.uint8)
            for base, size in enumerate(written.bases)
        ]
        self._buffers = [_laid_out(bases[b.base].view(b.layout.dtype), b) for b in written.buffers]
        self._copied = [self._flat.view(self._flat.gradients, place) for place in written.copied]
        self._addresses = [buffer.data_ptr() for buffer in self._buffers]
        self._called: _Call | None = None
        lie = {(b.data_ptr(), Layout.of(b)): i for i, b in enumerate(recorded.buffers)}
        places = (
            (i, lie.get((c.data_ptr(), Layout.of(c)))) for i, c in enumerate(written.constants)
        )
        self._of_network = [(i, buffer) for i, buffer in places if buffer is not None]
        """Constants that are buffers of the network: (their place, the buffer's)."""

    def check_memory(self) -> None:
        """Raise CannotCaptureError if torch has put other memory in the place of what it got."""
        if [buffer.data_ptr() for buffer in self._buffers] != self._addresses:
            raise CannotCaptureError("torch moves the memory of one of its results")

    def fits(self, trainable: Trainable) -> bool:
        """Whether the network and the device are those it was made for."""
        return trainable.network is self._network and trainable.device == self._device

    # -- steps -----------------------------------------------------------------------------------

    def prepare(self, trainable: Trainable, first: int, count: int) -> Work | None:
        """One call of the function, for as many of these steps as have their batches at hand."""
        self._called = self._call(trainable, first, count, WANTED)
        return None if self._called is None else self._called.work

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """Make steps, until a call of the function ends with a loss that is not finite. The step
        that is observed is eager's, and so is the first after the optimizer has lost its state.
        """
        losses: list[float] = []
        unobserved = count if observe is None else count - 1
        try:
            while len(losses) < unobserved:
                losses += self._some(trainable, first + len(losses), unobserved - len(losses))
                if losses[-1] - losses[-1] != 0:  # nan or inf
                    return losses
            if observe is not None:
                losses += self._eager.advance(trainable, first + count - 1, 1, observe)
        except StepError as error:
            raise StepError(losses + error.losses, error.cause) from error
        except foreign.failures() as error:
            raise StepError(losses, error) from error
        return losses

    def _some(self, trainable: Trainable, step: int, most: int) -> list[float]:
        """The next steps, at most so many: those of a call that was made already, if they are."""
        call, self._called = self._called, None
        if call is None or call.first != step or call.count > most:
            call = self._call(trainable, step, most, UNWANTED)
            if call is None:
                return self._eager.advance(trainable, step, 1)
            call.work()
        if call.error is not None:
            _raise(call.error)
        assert call.results is not None
        counted, losses, last_fired = call.results
        trainable.deadness.seen(last_fired)
        if self._counts:
            for counter in self._flat.counters(trainable):
                counter.fill_(counted)
        return losses.tolist()

    def _most(self, trainable: Trainable) -> int:
        """Steps that one call makes at most."""
        samples = trainable.samples
        size = 4 * samples.batch_size * samples.d_in
        most = MOST_BYTES // max(1, self._code_bytes)
        return max(1, most if samples.full_batch else min(most, MOST_BYTES // size))

    def _call(self, trainable: Trainable, first: int, count: int, wanted: Tensor) -> _Call | None:
        """A call for these steps, or the first of them: it returns early where `wanted` becomes
        other than 0. None where the optimizer has no state that could be carried on.
        """
        memory = self._flat
        if count < 1 or not memory.ready(trainable):
            return None
        if not memory.holds(trainable):
            memory.adopt(trainable)
        count = min(count, self._most(trainable))
        rates, stride, pieces = self._rates(trainable, first, count)
        arguments: tuple[Any, ...] = (
            first, count, float(memory.counters(trainable)[0]) if self._counts else 0.0,
            codes.FIRING_THRESHOLD * trainable.x_rms, rates, stride,
            trainable.samples.batches(first, count, trainable.device),
            [p.detach() for p in memory.all_parameters],
            self._constants(trainable), self._buffers, self._copied,
            pieces.groups, pieces.parameters, pieces.gradients, pieces.scratch, pieces.state,
            wanted,
        )  # fmt: skip

        def work() -> Lent:
            nonlocal arguments
            # The call knows its work and the work the call: left there, batches would stay in
            # memory until Python looks for such circles.
            given, arguments = arguments, ()
            try:
                with torch.inference_mode(), _unoptimized():
                    call.results = self._function(*given)
                call.count = len(call.results[1])
            except BaseException as error:
                call.count, call.error = 0, error  # raised by the thread that asked
                return Lent(0, False)
            return Lent(call.count, call.count < count)

        call = _Call(first, count, work)
        return call

    def _constants(self, trainable: Trainable) -> list[Tensor]:
        """What stays the same in a step. Buffers are the run's own: a restart writes to them."""
        constants, buffers = list(self._script.constants), list(trainable.network.buffers())
        for place, buffer in self._of_network:
            constants[place] = buffers[buffer]
        return constants

    def _rates(
        self, trainable: Trainable, first: int, count: int
    ) -> tuple[list[float], int, Pieces]:
        """(rest, dictionary) of each step; how far apart two steps lie in the list; the pieces."""
        constant = schedules.constant(trainable.specification)
        steps = (first,) if constant else range(first, first + count)
        rates = trainable.rates_of(steps)
        together = rates[0::2] == rates[1::2]
        return rates, 0 if constant else 2, self._flat.together if together else self._flat.apart


def _laid_out(memory: Tensor, buffer: Buffer) -> Tensor:
    offset = memory.storage_offset()
    return memory.as_strided(buffer.layout.shape, buffer.layout.stride, offset)


def _raise(error: BaseException) -> NoReturn:
    """Raise what an operation raised, without what TorchScript writes above it."""
    if not isinstance(error, RuntimeError):
        raise error
    last = foreign.without_backtrace(str(error)).strip().split("\n")[-1]
    raise RuntimeError(last.removeprefix("RuntimeError: ")) from error


def capture(trainable: Trainable, first: int) -> Capture:
    """An engine for a run whose next step is `first`, once it has been checked."""
    if len(trainable.optimizers) != 1:
        raise CannotCaptureError("it has two optimizers, and only one could be captured")
    try:
        update = arithmetic.of(trainable.optimizers[0])
    except arithmetic.NoArithmeticError as error:
        raise CannotCaptureError(str(error)) from error
    if not hasattr(torch.jit, "CompilationUnit"):
        raise CannotCaptureError(f"torch {torch.__version__} has no TorchScript")
    flat.refuse_shared(trainable)
    spoilt = _twin(trainable)
    yield
    recorded = tape.record(spoilt, first)
    flat.refuse_originals(trainable, recorded.constants.values())
    yield
    difference = recorded.alike(tape.record(spoilt, first + 1))
    if difference:
        raise CannotCaptureError(difference)
    yield
    samples = trainable.samples
    whole_batches = samples.batch_size * samples.d_in % ALIGNMENT == 0
    for into_memory in (True, False):
        # Some operations that could write to given memory cannot be called so in TorchScript.
        written = script.written(
            recorded,
            update,
            full_batch=samples.full_batch,
            whole_batches=whole_batches,
            into_memory=into_memory,
        )
        try:
            _compiled(written.source)
            break
        except CannotCaptureError:
            if not into_memory:
                raise
    yield
    del spoilt
    trial, reference = _twin(trainable), _twin(trainable)
    yield
    engine = CapturedEngine(trial, recorded, written)
    yield from _checked(engine, trial, reference, first)
    return CapturedEngine(trainable, recorded, written)


def _checked(
    engine: CapturedEngine, trial: Trainable, reference: Trainable, first: int
) -> Generator[None, None, None]:
    """Make the same steps with the engine and with eager. Raises CannotCaptureError where a bit
    differs.
    """
    eager, began = EagerEngine(), time.perf_counter()
    for count in CHECKED_STEPS:
        expected = eager.advance(reference, first, count)
        if time.perf_counter() - began > LONG_SLICE:
            yield
        if not math.isfinite(expected[-1]):
            raise CannotCaptureError("its loss was not finite when it was to be checked")
        found = engine.advance(trial, first, count)
        engine.check_memory()
        first += count
        if found != expected or not _equal(trial, reference):
            raise CannotCaptureError("its numbers would differ from plain PyTorch's")
        if time.perf_counter() - began > CHECKED_SECONDS:
            return
        yield


def _equal(one: Trainable, other: Trainable) -> bool:
    pairs = list(zip(one.module_tensors(), other.module_tensors(), strict=True))
    for mine, its in zip(one.optimizers, other.optimizers, strict=True):
        for p, q in zip(one.network.parameters(), other.network.parameters(), strict=True):
            there = its.state.get(q, {})
            pairs += [
                (value, there[key])
                for key, value in mine.state.get(p, {}).items()
                if isinstance(value, Tensor)
            ]
    return all(torch.equal(a, b) for a, b in pairs)


def _twin(trainable: Trainable) -> Trainable:
    return devices.copied(trainable, trainable.device)


def _unoptimized() -> AbstractContextManager[None]:
    """What the optimizer of TorchScript does takes its first calls, and gains nothing here."""
    return torch.jit.optimized_execution(False)  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def _compiled(source: str) -> Callable[..., tuple[float, Tensor, Tensor]]:
    """The function of a script. Raises CannotCaptureError where TorchScript does not take it."""
    try:
        return torch.jit.CompilationUnit(source).steps  # type: ignore[no-any-return]
    except RuntimeError as error:
        text = foreign.without_backtrace(str(error)).strip()
        operation, reason = re.search(r"aten::\w+", text), text.split("\n")[0]
        what = "step" if operation is None else operation[0]
        raise CannotCaptureError(f"TorchScript does not take its {what} ({reason})") from error
