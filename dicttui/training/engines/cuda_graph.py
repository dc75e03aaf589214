"""Steps as a CUDA graph: recorded once, then run again and again with one call a step.

A step of a small network is dozens of kernels, each of which Python takes longer to start than the
GPU to run. A graph starts them all at once, and its steps wait neither for Python nor for each
other: batches and learning rates of a chunk are put on the device before it, losses are fetched
after it, and in between nothing is asked.

The recording is made on a copy of the run, whose tensors have a fixed place in memory. When the
engine makes steps of the run itself, the run's own tensors are moved to that place, with their
values, so that eager steps, measures, checkpoints, forks and moves see what the graph trains; what
has been replaced since by an undo, a restart or a checkpoint is moved there again before the next
step. The run keeps its own optimizers, whose step counts live in host memory; those that are
recorded have theirs on the device, and the counts are carried over at either end of a chunk.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import torch

from dicttui.data.error import DataError
from dicttui.networks import foreign
from dicttui.training import devices
from dicttui.training.engines import capturable, tape
from dicttui.training.engines.eager import EagerEngine
from dicttui.training.engines.engine import CannotCaptureError, Capture, Observe, StepError
from dicttui.training.engines.fixed import FixedStep
from dicttui.training.engines.graphs import CudaGraphs, Graphs, Work
from dicttui.training.trainable import Trainable

CHECKED_STEPS = 8
"""Steps in which a new engine's losses and weights are compared with eager's, in two chunks."""
LOSS_TOLERANCE = 1e-3
"""Share of a loss by which it may differ in those. Rounding makes 4e-6 of it, but for RAdam: the
form that can be recorded computes a small number as the difference of two of about 2,000, and is
off by 1.4e-4 in a training's first steps."""
WEIGHT_TOLERANCE = 2e-2
"""Share of the way that a parameter has gone in those by which it may be elsewhere: rounding makes
6e-5 of it, in RAdam 3.4e-3. A learning rate that is wrong by so much is noticed."""
ROUNDING = 1e-6
"""Share of a parameter that float32 may lose or gain in those."""

Result = TypeVar("Result")


class CudaGraphEngine:
    """Makes the steps of one run by running a graph."""

    name = "cuda_graph"
    exact = False

    def __init__(self, trainable: Trainable, step: FixedStep, again: Work, graphs: Graphs) -> None:
        """For a run, of whose step `step` is a copy and `again` the recording."""
        self._eager = EagerEngine()
        self._network, self._device = trainable.network, trainable.device
        self._step, self._again, self._graphs = step, again, graphs

    def fits(self, trainable: Trainable) -> bool:
        """Whether the network and the device are those it was made for."""
        return trainable.network is self._network and trainable.device == self._device

    def prepare(self, trainable: Trainable, first: int, count: int) -> None:
        """Nothing: the device makes the steps, and `advance` waits for it without the GIL."""

    def advance(
        self, trainable: Trainable, first: int, count: int, observe: Observe | None = None
    ) -> list[float]:
        """Make steps; all of them, whatever their losses. Eager makes the one that is observed, a
        step that comes alone, and the first after the optimizer has lost its state.
        """
        unobserved = count if observe is None else count - 1
        losses: list[float] = []
        try:
            if count > 1 and not self._step.ready(trainable):
                losses += self._eager.advance(trainable, first, 1)
            if count > 1 and len(losses) < unobserved:
                begin = first + len(losses)
                losses += self._run(trainable, begin, unobserved - len(losses))
            if len(losses) < count:
                last = observe if len(losses) == count - 1 else None
                losses += self._eager.advance(trainable, first + len(losses), 1, last)
        except StepError as error:
            raise StepError(losses + error.losses, error.cause) from error
        except foreign.failures() as error:
            raise StepError(losses, error) from error
        return losses

    def _run(self, trainable: Trainable, first: int, count: int) -> list[float]:
        step = self._step
        step.adopt(trainable)
        rates = step.rates(trainable, first, count)
        fetched = self._graphs.host(count + step.count_of_numbers)
        wanted = count
        for begin in range(0, wanted, step.capacity):
            end = min(begin + step.capacity, wanted)
            try:
                step.put(trainable, first + begin, rates[begin:end])
            except DataError:
                if begin == 0:
                    raise
                count = begin  # those have been made; whoever asks for the next is told why
                break
            for _ in range(begin, end):
                self._again()
            step.fetch_losses(fetched[begin:end])
        step.fetch_numbers(fetched[wanted:])
        self._graphs.wait()
        values: list[float] = fetched.tolist()
        step.give_back(trainable, values[wanted:])
        return values[:count]


def capture(
    trainable: Trainable, first: int, graphs_of: Callable[[torch.device], Graphs] = CudaGraphs
) -> Capture:
    """An engine for a run whose next step is `first`, once it has been checked.

    While it is being made there are up to three copies of the run on the device. One stays, in
    which the run's own tensors come to lie, with gradients of its own and the intermediate results
    of one step.
    """
    device = trainable.device
    graphs = graphs_of(device)
    for optimizer in trainable.optimizers:
        capturable.check(optimizer)
    examined = _tried(partial(devices.copied, trainable, graphs.examined_on))
    yield
    recorded = tape.record(examined, first)
    yield
    difference = recorded.alike(tape.record(examined, first + 1))
    if difference:
        raise CannotCaptureError(difference)
    del examined, recorded
    yield
    reference = _tried(partial(devices.copied, trainable, device))
    trial = _tried(partial(devices.copied, trainable, device))
    yield
    expected: list[float] = []
    for step in range(first, first + CHECKED_STEPS):
        expected += _tried(partial(EagerEngine().advance, reference, step, 1))
        yield
    fixed = _tried(partial(_made, trainable, graphs, first))
    fixed.settle(reference.optimizers)
    yield
    engine = CudaGraphEngine(trainable, fixed, _tried(partial(graphs.record, fixed.make)), graphs)
    yield
    ways = _ways(trial, reference)
    losses: list[float] = []
    chunk = CHECKED_STEPS // 2
    for begin in range(first, first + CHECKED_STEPS, chunk):
        losses += _tried(partial(engine.advance, trial, begin, chunk))
        yield
    _check(losses, expected, ROUNDING * trainable.x_rms**2)
    if math.isfinite(sum(expected)):
        _check_weights(trial, reference, ways)
    return engine


def _made(trainable: Trainable, graphs: Graphs, first: int) -> FixedStep:
    """The step in fixed memory, having been made as often as it takes to record it."""
    fixed = FixedStep(devices.copied(trainable, trainable.device), graphs)
    rates = fixed.rates(trainable, first, 1)
    for make in (graphs.warm_up, graphs.try_out):
        fixed.put(trainable, first, rates)
        make(fixed.make)
    graphs.wait()
    return fixed


def _check(losses: list[float], expected: list[float], negligible: float) -> None:
    """Compare losses with eager's, up to the first of these that is not finite. Raises
    CannotCaptureError where one is another.
    """
    for loss, right in zip(losses, expected, strict=True):
        if not math.isfinite(right):
            return
        if not abs(loss - right) <= LOSS_TOLERANCE * abs(right) + negligible:
            raise CannotCaptureError(
                f"a graph of its step gives a loss of {loss:.6g} for {right:.6g}"
            )


def _ways(one: Trainable, other: Trainable) -> list[float]:
    """How far each parameter of one network is from that of the other, as a Euclidean norm."""
    pairs = zip(one.network.parameters(), other.network.parameters(), strict=True)
    with torch.no_grad():
        return [float(torch.linalg.vector_norm(a - b)) for a, b in pairs]


def _check_weights(trial: Trainable, reference: Trainable, ways: list[float]) -> None:
    """Compare weights with eager's, of which each has gone so far. Raises CannotCaptureError where
    one is elsewhere.
    """
    named = reference.network.named_parameters()
    for (name, right), off, way in zip(named, _ways(trial, reference), ways, strict=True):
        size = float(torch.linalg.vector_norm(right.detach()))
        if not off <= WEIGHT_TOLERANCE * way + ROUNDING * size:
            raise CannotCaptureError(f"a graph of its step gives another {name}")


def _tried(work: Callable[[], Result]) -> Result:
    """The result of work. Raises CannotCaptureError with the reason why there is none."""
    try:
        return work()
    except CannotCaptureError:
        raise
    except foreign.failures() as error:
        cause = error.cause if isinstance(error, StepError) else error
        first_line = foreign.told(cause).strip().split("\n")[0]
        raise CannotCaptureError(f"its step cannot be recorded ({first_line})") from error
