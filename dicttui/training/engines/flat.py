"""A run's parameters, gradients and optimizer state, each kind in one flat tensor.

The run's own tensors become views of the flat ones, so that eager steps, measures, checkpoints and
moves see and change the same memory. Each begins at a multiple of 64 bytes, as memory from torch's
allocator does: where a tensor begins may decide which vector instructions round it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from dicttui.training.engines import held
from dicttui.training.engines.engine import CannotCaptureError
from dicttui.training.engines.tape import Layout
from dicttui.training.trainable import Trainable

ALIGNMENT = 16
"""Numbers of float32 in 64 bytes."""
BLOCK = 2**17
"""Numbers that the optimizer's arithmetic takes at a time, so that they stay in a core's cache from
one operation to the next. Of 19 million, Adam's took 30 ms in such blocks, 40 ms all at once, 46 ms
in blocks of 8,192, and torch's own 120 ms."""


class Flat:
    """The memory of one run."""

    def __init__(self, trainable: Trainable, trained: Sequence[bool], state: Sequence[str]) -> None:
        """Memory for a run, of whose parameters `trained` says which have gradients, and the
        optimizer's state of these names. Raises CannotCaptureError if there is none to train.
        """
        parameters = list(trainable.network.parameters())
        groups = {
            id(p): group["name"]
            for optimizer in trainable.optimizers
            for group in optimizer.param_groups
            for p in group["params"]
        }
        self.layouts = [Layout.of(p) for p in parameters]
        self.state_names = tuple(state)
        self.trained = [i for i, has in enumerate(trained) if has and id(parameters[i]) in groups]
        """The places of the parameters that the optimizer steps, in the network's order."""
        if not self.trained:
            raise CannotCaptureError("none of its parameters has a gradient")
        self.all_parameters = parameters
        self._own = [parameters[i] for i in self.trained]
        self._offsets: dict[int, int] = {}
        self._spans: list[tuple[int, int, int]] = []
        """Of each parameter group that has parameters: (rate's place, first, last + 1)."""
        end = 0
        for rate, name in enumerate(("rest", "dictionary")):
            first = end
            for i in self.trained:
                if groups[id(parameters[i])] == name:
                    self._offsets[i] = end
                    end += -(-parameters[i].numel() // ALIGNMENT) * ALIGNMENT
            if end > first:
                self._spans.append((rate, first, end))
        self.parameters, self.gradients = torch.zeros(end), torch.zeros(end)
        self.state = {name: torch.zeros(end) for name in state}
        self._scratch = torch.zeros(min(end, BLOCK))
        self.together = self._pieces([(0, 0, end)])
        """For one learning rate."""
        self.apart = self._pieces(self._spans)
        """For a rate of the rest and one of the dictionary."""
        self._views = [self.view(self.parameters, i) for i in self.trained]
        self._state_views = [
            {name: self.view(flat, i) for name, flat in self.state.items()} for i in self.trained
        ]

    def _pieces(self, spans: Sequence[tuple[int, int, int]]) -> "Pieces":
        bounds = [
            (rate, at, min(at + BLOCK, last))
            for rate, first, last in spans
            for at in range(first, last, BLOCK)
        ]

        def cut(flat: Tensor) -> list[Tensor]:
            return [flat[first:last] for _, first, last in bounds]

        states = [cut(flat) for flat in self.state.values()]
        return Pieces(
            groups=[rate for rate, _, _ in bounds],
            parameters=cut(self.parameters),
            gradients=cut(self.gradients),
            scratch=[self._scratch[: last - first] for _, first, last in bounds],
            state=[states[s][j] for j in range(len(bounds)) for s in range(len(states))],
        )

    def view(self, flat: Tensor, place: int) -> Tensor:
        """The part of a flat tensor that belongs to a parameter, laid out as that is."""
        layout = self.layouts[place]
        return flat.as_strided(layout.shape, layout.stride, self._offsets[place])

    def memory(self, place: int) -> Tensor:
        """The gradient of a parameter as a flat tensor of its size."""
        first = self._offsets[place]
        size = self.view(self.gradients, place).numel()
        return self.gradients[first : first + size]

    # -- the run's own tensors -----------------------------------------------------------------

    def holds(self, trainable: Trainable) -> bool:
        """Whether the run's parameters and the optimizer's state lie here."""
        state = trainable.optimizers[0].state
        for parameter, view, states in zip(self._own, self._views, self._state_views, strict=True):
            if parameter.data_ptr() != view.data_ptr():
                return False
            if states:
                present = state[parameter]
                if any(present.get(name) is not own for name, own in states.items()):
                    return False
        return True

    def ready(self, trainable: Trainable) -> bool:
        """Whether the optimizer has made a step, so that it has the state that is carried on."""
        if not self.state_names:
            return True
        state = trainable.optimizers[0].state
        return all(
            parameter in state and all(name in state[parameter] for name in self.state_names)
            for parameter in self._own
        )

    @torch.no_grad()
    def adopt(self, trainable: Trainable) -> None:
        """Let the run's parameters and the optimizer's state lie here, with their values."""
        state = trainable.optimizers[0].state
        for parameter, view, states in zip(self._own, self._views, self._state_views, strict=True):
            if parameter.data_ptr() != view.data_ptr():
                view.copy_(parameter)
                parameter.data = view
            for name, own in states.items():
                if state[parameter][name] is not own:
                    own.copy_(state[parameter][name])
                    state[parameter][name] = own

    def counters(self, trainable: Trainable) -> list[Tensor]:
        """The optimizer's counts of its steps, one a parameter."""
        state = trainable.optimizers[0].state
        return [state[parameter]["step"] for parameter in self._own]


class Pieces:
    """What the optimizer's arithmetic goes over, piece by piece."""

    __slots__ = ("gradients", "groups", "parameters", "scratch", "state")

    def __init__(
        self,
        *,
        groups: list[int],
        parameters: list[Tensor],
        gradients: list[Tensor],
        scratch: list[Tensor],
        state: list[Tensor],
    ) -> None:
        self.groups = groups
        """The place of each piece's learning rate among (rest, dictionary)."""
        self.parameters = parameters
        self.gradients = gradients
        self.scratch = scratch
        self.state = state
        """Of the first piece every state tensor, then of the second, …"""


def refuse_shared(trainable: Trainable) -> None:
    """Raise CannotCaptureError where the parameters of a run cannot be put elsewhere, because
    something else lies in their memory or they do not lie in one piece.
    """
    parameters = list(trainable.network.parameters())
    own: Callable[[Tensor], int] = lambda t: t.untyped_storage().data_ptr()  # noqa: E731
    addresses = [own(p) for p in parameters]
    if len(set(addresses)) < len(addresses):
        # Those of a run that lies in a flat tensor already share its storage rightly.
        spans = sorted((p.data_ptr(), p.data_ptr() + p.nbytes) for p in parameters)
        if any(one[1] > other[0] for one, other in pairwise(spans)):
            raise CannotCaptureError("two of its parameters share their memory")
    for parameter in parameters:
        if parameter.dtype != torch.float32:
            raise CannotCaptureError("its parameters are not all float32")
        layout = Layout.of(parameter)
        if not Layout(layout.shape, layout.stride, 0, layout.dtype).dense:
            raise CannotCaptureError("one of its parameters does not lie in one piece")
        if type(parameter) is not torch.nn.Parameter or _hooks(parameter):
            raise CannotCaptureError("a parameter of it has hooks, or is of a kind of its own")
    known = {id(p) for p in parameters}
    for where, tensor in held.tensors(trainable.network):
        if id(tensor) not in known and tensor.layout == torch.strided and own(tensor) in addresses:
            raise CannotCaptureError(f"its {where} is a second view of a parameter")


def refuse_originals(trainable: Trainable, constants: Iterable[Tensor]) -> None:
    """Raise CannotCaptureError where what a copy of a run takes for constant is a parameter of the
    run itself, which a function that knows the module leads to.
    """
    spans = [(p.data_ptr(), p.data_ptr() + p.nbytes) for p in trainable.network.parameters()]
    for constant in constants:
        if any(first <= constant.data_ptr() < last for first, last in spans):
            raise CannotCaptureError("a function that it holds knows the module and is not copied")


def _hooks(parameter: Tensor) -> bool:
    return bool(
        getattr(parameter, "_backward_hooks", None)
        or getattr(parameter, "_post_accumulate_grad_hooks", None)
    )
