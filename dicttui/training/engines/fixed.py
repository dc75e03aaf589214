"""One step of a run with everything it reads and writes in a fixed place of the device's memory, so
that it can be recorded once and made again and again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from dicttui.measures import codes
from dicttui.networks.precision import tf32
from dicttui.optimizers import schedules
from dicttui.optimizers.registry import GROUPS
from dicttui.training.engines import capturable
from dicttui.training.engines.engine import CannotCaptureError, total
from dicttui.training.engines.graphs import Graphs
from dicttui.training.engines.step import after_update, before_update, clip_gradients
from dicttui.training.trainable import Trainable

MOST_BYTES = 2**26
"""Of the batches that are at hand at a time."""
MOST_STEPS = 1024
"""That are made of what is at hand."""


@dataclass(frozen=True, slots=True)
class _State:
    """A tensor of an optimizer's state."""

    optimizer: int
    parameter: int
    """Its place among the optimizer's parameters."""
    key: str
    memory: Tensor
    on_host: bool
    """Whether the run's own optimizer keeps it in host memory; then it is one number."""


class FixedStep:
    """The step of a run, and the memory in which the run's tensors lie once they are adopted.

    Batches, learning rates and losses lie in rows, one a step; a counter on the device chooses the
    row, and another has the step's index.
    """

    def __init__(self, twin: Trainable, graphs: Graphs) -> None:
        """For a run of which `twin` is a copy with memory of its own, that is used up by this."""
        self._twin, self._graphs = twin, graphs
        samples, device = twin.samples, twin.device
        batch_bytes = 4 * samples.batch_size * samples.d_in
        self.capacity = MOST_STEPS
        self._x = samples.batch(0, device)
        """The full batch; else the batches at hand [capacity, batch, d_in]."""
        if not samples.full_batch:
            self.capacity = max(1, min(MOST_STEPS, MOST_BYTES // batch_bytes))
            self._x = torch.zeros(self.capacity, *self._x.shape, device=device)
        self._table = torch.zeros(self.capacity, len(GROUPS), device=device)
        """The learning rates of each step, in the order of GROUPS."""
        self._rates = torch.zeros(len(GROUPS), device=device)
        self._losses = torch.zeros(self.capacity, device=device)
        self._row = torch.zeros(1, dtype=torch.int64, device=device)
        self._index = torch.zeros(1, dtype=torch.int64, device=device)
        rates = dict(zip(GROUPS, self._rates.unbind(), strict=True))
        for optimizer in twin.optimizers:
            optimizer.state.clear()
            capturable.prepare(optimizer, rates)
        self._states: list[_State] = []
        self._numbers = torch.zeros(0, device=device)
        """Those that the run's own optimizer keeps in host memory."""

    def make(self) -> None:
        """Make the step, as eager does; nothing in it waits for the device or depends on Python."""
        twin, network = self._twin, self._twin.network
        self._rates.copy_(self._table.index_select(0, self._row).squeeze(0))
        x = self._x
        if not twin.samples.full_batch:
            x = x.index_select(0, self._row).squeeze(0)
        for optimizer in twin.optimizers:
            optimizer.zero_grad()
        with tf32(network.precision, twin.device):
            output = network(x)
            loss = total(network.loss_terms(x, output))
            loss.backward()  # type: ignore[no-untyped-call]
        firing = codes.Firing(twin.x_rms, network.sparse_code)
        firing.add(output.code, network.atoms.detach())
        last_fired = twin.deadness.last_fired
        last_fired.copy_(torch.where(firing.fired_any().squeeze(0), self._index, last_fired))
        self._losses.index_copy_(0, self._row, loss.detach().reshape(1).to(self._losses.dtype))
        clip_gradients(twin)
        before = before_update(twin)
        for optimizer in twin.optimizers:
            optimizer.step()
        after_update(twin, before, output.code)
        self._row.add_(1)
        self._index.add_(1)

    @torch.no_grad()
    def settle(self, reference: Sequence[Optimizer]) -> None:
        """The step has been made once or more, so that its optimizers have their state: give it its
        place. `reference` are optimizers as the run has them, after a step.

        Raises CannotCaptureError where they do not keep the same.
        """
        on_host: list[Tensor] = []
        for place, (own, other) in enumerate(zip(self._twin.optimizers, reference, strict=True)):
            pairs = zip(_parameters(own), _parameters(other), strict=True)
            for index, (parameter, its) in enumerate(pairs):
                state, expected = _tensors(own, parameter), _tensors(other, its)
                if state.keys() != expected.keys():
                    raise CannotCaptureError(f"{type(own).__name__} keeps another state in a graph")
                for key, tensor in state.items():
                    hosted = expected[key].device != tensor.device
                    if hosted:
                        on_host.append(tensor)
                    self._states.append(_State(place, index, key, tensor, hosted))
        if not on_host:
            return
        self._numbers = torch.stack(on_host)
        numbers = iter(self._numbers.unbind())
        for at, entry in enumerate(self._states):
            if entry.on_host:
                memory = next(numbers)
                own = self._twin.optimizers[entry.optimizer]
                own.state[_parameters(own)[entry.parameter]][entry.key] = memory
                self._states[at] = _State(
                    entry.optimizer, entry.parameter, entry.key, memory, on_host=True
                )

    # -- the run's own tensors -------------------------------------------------------------------

    def ready(self, run: Trainable) -> bool:
        """Whether the run's optimizers have the state that is carried on. Where they have lost it,
        or have none yet, a first step of their own makes it.
        """
        return all(
            run.optimizers[entry.optimizer].state.get(parameter, {}).get(entry.key) is not None
            for entry, parameter in self._places(run)
        )

    @torch.no_grad()
    def adopt(self, run: Trainable) -> None:
        """Let the run's tensors, and its optimizers' state, lie in this memory, with the numbers
        that they have: wherever they have been replaced, and all of them the first time. What its
        optimizers keep in host memory is copied.
        """
        for memory, tensor in zip(self._twin.module_tensors(), run.module_tensors(), strict=True):
            if not self._graphs.same_memory(tensor, memory):
                memory.copy_(tensor)
                self._graphs.share(tensor, memory)
        numbers: list[Tensor] = []
        for entry, parameter in self._places(run):
            state = run.optimizers[entry.optimizer].state[parameter]
            if entry.on_host:
                numbers.append(state[entry.key])
            elif state[entry.key] is not entry.memory:
                entry.memory.copy_(state[entry.key])
                state[entry.key] = entry.memory
        if numbers:
            host = self._graphs.host(len(numbers))
            host.copy_(torch.stack(numbers))
            self._numbers.copy_(host, non_blocking=True)

    def _places(self, run: Trainable) -> list[tuple[_State, nn.Parameter]]:
        parameters = [_parameters(optimizer) for optimizer in run.optimizers]
        return [(entry, parameters[entry.optimizer][entry.parameter]) for entry in self._states]

    # -- what a step is made of ------------------------------------------------------------------

    def rates(self, run: Trainable, first: int, count: int) -> Tensor:
        """The learning rates of these steps, as `put` takes them: [count, 2] in host memory."""
        host = self._graphs.host(count * len(GROUPS)).view(count, len(GROUPS))
        if schedules.constant(run.specification):
            rates = run.rates_at(first)
            host[:, 0], host[:, 1] = rates.dictionary, rates.rest
        else:
            found = [run.rates_at(step) for step in range(first, first + count)]
            host.copy_(torch.tensor([(rates.dictionary, rates.rest) for rates in found]))
        return host

    def put(self, run: Trainable, first: int, rates: Tensor) -> None:
        """Have at hand what as many steps from `first` on need as there are rows of rates, at most
        `capacity`: the next step that is made is the first of them.
        """
        count = len(rates)
        self._table[:count].copy_(rates, non_blocking=True)
        if not run.samples.full_batch:
            self._x[:count].copy_(run.samples.batches(first, count, run.device))
        self._row.zero_()
        self._index.fill_(first)

    def fetch_losses(self, losses: Tensor) -> None:
        """Have the losses of the last steps put into host memory, when they have been made."""
        losses.copy_(self._losses[: len(losses)], non_blocking=True)

    @property
    def count_of_numbers(self) -> int:
        """How many numbers `fetch_numbers` fetches."""
        return len(self._numbers)

    def fetch_numbers(self, numbers: Tensor) -> None:
        """Have what the run's optimizers keep in host memory put there."""
        if len(numbers):
            numbers.copy_(self._numbers, non_blocking=True)

    def give_back(self, run: Trainable, numbers: Sequence[float]) -> None:
        """Give the run's optimizers the numbers that were fetched."""
        hosted = [(entry, parameter) for entry, parameter in self._places(run) if entry.on_host]
        for (entry, parameter), number in zip(hosted, numbers, strict=True):
            run.optimizers[entry.optimizer].state[parameter][entry.key].fill_(number)


def _parameters(optimizer: Optimizer) -> list[nn.Parameter]:
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def _tensors(optimizer: Optimizer, parameter: nn.Parameter) -> dict[str, Tensor]:
    state = optimizer.state.get(parameter, {})
    return {key: value for key, value in state.items() if isinstance(value, Tensor)}
