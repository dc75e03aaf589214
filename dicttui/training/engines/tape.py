"""What torch does in a step: the operations below autograd, in order, with where their results lie.

A step is recorded on a twin of the run, by a dispatch mode that sees every ATen operation of the
forward pass, of the backward pass, and of what is done to gradients and atoms around the
optimizer's own step. Played again in the same order on the same memory, they give the same
numbers; what would make that untrue is refused here, with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from dicttui.measures import codes, norms
from dicttui.networks import foreign
from dicttui.training.engines import held
from dicttui.training.engines.engine import CannotCaptureError, total
from dicttui.training.engines.step import after_update, before_update, clip_gradients
from dicttui.training.trainable import Trainable

_LOOKING = {"tolist", "numpy", "__array__", "__dlpack__"}
"""Methods of a tensor by which code gets at its numbers past torch's operations."""
_DIFFERENTIATED_OTHERWISE = {"prod", "cumprod"}
"""Operations of whose derivatives torch has two formulas, and takes another one while it is
watched."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A value, by its place among the values of a tape."""

    value: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tensor lies in its storage."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: torch.dtype

    @classmethod
    def of(cls, tensor: Tensor) -> "Layout":
        """The layout of a tensor."""
        offset = int(tensor.storage_offset())
        return cls(tuple(tensor.shape), tuple(tensor.stride()), offset, tensor.dtype)

    @property
    def dense(self) -> bool:
        """Whether its elements fill a storage of their own from the first to the last."""
        expected = 1
        for size, stride in sorted(zip(self.shape, self.stride, strict=True), key=lambda d: d[1]):
            if size != 1 and stride != expected:
                return False
            expected *= size
        return self.offset == 0


@dataclass(slots=True)
class Value:
    """A tensor that takes part in a step."""

    layout: Layout
    storage: int
    """The same for tensors that share memory."""
    node: int
    """The place of the operation that gave it; -1 if it was there before the step."""


@dataclass(slots=True)
class Node:
    """An operation."""

    op: OpOverload
    args: tuple[Any, ...]
    """Plain values, with a Ref for each tensor, in lists too."""
    kwargs: dict[str, Any]
    results: list[int]
    """The values it gave, in order; none for an operation that only changes its arguments."""
    listed: bool
    """Whether it returns several tensors."""
    mutated: frozenset[int]
    """The storages that it writes to, apart from those of its results."""


@dataclass(slots=True)
class Tape:
    """One step of one run, without the optimizer's own arithmetic."""

    values: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)
    """The values that are the network's parameters, in its order."""
    x: int = -1
    """The batch [batch, d_in]."""
    constants: dict[int, Tensor] = field(default_factory=dict)
    """Other tensors that were there before the step, buffers among them."""
    code: int = -1
    """[batch, n_atoms]"""
    largest: int = -1
    """The largest |code| of each atom, [n_atoms]."""
    norms: int | None = None
    """Of the atoms before the update, [n_atoms]; None where codes can be exactly zero."""
    loss: int = -1
    buffers: list[Tensor] = field(default_factory=list)
    """The network's buffers, in its order; those that take part are among the constants."""
    coded: int = 0
    """Operations of the forward and backward pass: after these, the code is as it was."""
    gradients: list[int | None] = field(default_factory=list)
    """Of each parameter, as the optimizer is given it; None where there is none."""
    updated: int = 0
    """Operations before the optimizer's step; the others follow it."""

    def of_buffers(self) -> set[int]:
        """The storages that are the network's buffers."""
        addresses = {buffer.untyped_storage().data_ptr() for buffer in self.buffers}
        return {
            self.values[place].storage
            for place, tensor in self.constants.items()
            if tensor.untyped_storage().data_ptr() in addresses
        }

    def new(self, place: int) -> list[int]:
        """The values that were not there before an operation."""
        return [v for v in self.nodes[place].results if self.values[v].node == place]

    def alike(self, other: "Tape") -> str:
        """Why another step's operations are not these; empty if they are."""
        if [n.op for n in self.nodes] != [n.op for n in other.nodes]:
            return "its operations change from step to step"
        for mine, its in zip(self.nodes, other.nodes, strict=True):
            if _written(mine) != _written(its):
                return f"a number in its {mine.op.overloadpacket} changes from step to step"
        if [v.layout for v in self.values] != [v.layout for v in other.values]:
            return "its shapes change from step to step"
        for place, tensor in self.constants.items():
            if not _same(tensor, other.constants[place]):
                return "it uses a tensor that is made anew for each step"
        return ""


def _written(node: Node) -> str:
    # As text, so that nan equals nan and -0.0 does not equal 0.0.
    return repr((node.args, sorted(node.kwargs.items())))


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are one memory, or equal numbers in two."""
    if one.data_ptr() == other.data_ptr():
        return True
    return one.dtype == other.dtype and torch.equal(one, other)


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tape = Tape()
        self.paused = False
        self._places: dict[tuple[int, Layout], int] = {}
        self._storages: dict[int, int] = {}
        self._alive: list[torch.UntypedStorage] = []
        """All memory of the step, so that no address is given twice. Not the tensors: one that
        nobody else holds becomes a gradient as it is, where it would be copied."""

    def place(self, tensor: Tensor, node: int = -1) -> int:
        """The place of a tensor's value; a new one if it has not been seen."""
        memory = tensor.untyped_storage()
        address = memory.data_ptr()
        key = (address, Layout.of(tensor))
        found = self._places.get(key)
        if found is None:
            self._alive.append(memory)
            storage = self._storages.setdefault(address, len(self._storages))
            found = self._places[key] = len(self.tape.values)
            self.tape.values.append(Value(key[1], storage, node))
            if node < 0:
                self.tape.constants[found] = tensor.detach()
        return found

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self.paused:
            return func(*args, **kwargs)
        _refuse(func)
        for tensor in _tensors((args, tuple(kwargs.values()))):
            _refuse_tensor(tensor)
        written = tuple(self._referred(argument) for argument in args)
        named = {name: self._referred(argument) for name, argument in kwargs.items()}
        written_to = _mutated(func, args, kwargs)
        mutated = frozenset(self.tape.values[self.place(t)].storage for t in written_to)
        laid_out = [_lies(tensor) for tensor in written_to]
        result = func(*args, **kwargs)
        if laid_out != [_lies(tensor) for tensor in written_to]:
            raise CannotCaptureError(
                f"it changes a tensor's shape in place ({func.overloadpacket})"
            )
        results, listed = _results(func, result)
        place = len(self.tape.nodes)
        self.tape.nodes.append(
            Node(func, written, named, [self.place(t, place) for t in results], listed, mutated)
        )
        return result

    def _referred(self, argument: Any) -> Any:
        if isinstance(argument, Tensor):
            return Ref(self.place(argument))
        if isinstance(argument, (list, tuple)):
            return [self._referred(item) for item in argument]
        return argument


class _Looks(TorchFunctionMode):
    """Refuses what no operation shows: code that looks at numbers by itself."""

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in _LOOKING:
            raise CannotCaptureError(f"it looks at numbers past torch's operations ({name})")
        return func(*args, **(kwargs or {}))


def record(trainable: Trainable, step: int) -> Tape:
    """Make a step with a run, which is spoilt by it, and write down what was done.

    Raises CannotCaptureError, with the reason, where the same operations would not make the next
    steps too.
    """
    network = trainable.network
    recorder = _Recorder()
    tape = recorder.tape
    tape.parameters = [recorder.place(p) for p in network.parameters()]
    x = trainable.samples.batch(step, trainable.device)
    tape.x = recorder.place(x)
    for place in (*tape.parameters, tape.x):
        tape.constants.pop(place, None)
    for optimizer in trainable.optimizers:
        optimizer.zero_grad()
    tape.buffers = list(network.buffers())
    before, (drawn, _) = held.values(network), held.random_streams()
    try:
        with recorder, _Looks():
            output = network(x)
            loss = total(network.loss_terms(x, output))
            loss.backward()  # type: ignore[no-untyped-call]
            tape.code = recorder.place(output.code.detach())
            tape.largest = recorder.place(codes.largest_magnitudes(output.code))
            if not network.sparse_code:
                tape.norms = recorder.place(norms.row_norms(network.atoms))
            tape.loss = recorder.place(loss.detach())
            tape.coded = len(tape.nodes)
            clip_gradients(trainable)
            old_atoms = before_update(trainable)
            tape.gradients = [
                None if p.grad is None else recorder.place(p.grad) for p in network.parameters()
            ]
            tape.updated = len(tape.nodes)
            recorder.paused = True
            for optimizer in trainable.optimizers:
                optimizer.step()
            recorder.paused = False
            after_update(trainable, old_atoms, output.code)
    except CannotCaptureError:
        raise
    except foreign.failures() as error:
        reason = foreign.named(error).split("\n")[0]
        raise CannotCaptureError(f"its step cannot be recorded ({reason})") from error
    if held.random_streams()[0] != drawn:
        raise CannotCaptureError("it draws random numbers in every step (from Python or NumPy)")
    _refuse_changes(tape, before, held.values(network))
    return tape


# -- what is refused ---------------------------------------------------------------------------


def _refuse(op: OpOverload) -> None:
    tags = op.tags
    name = op.overloadpacket._qualified_op_name.removeprefix("aten::")
    if torch.Tag.nondeterministic_seeded in tags:
        raise CannotCaptureError(f"it draws random numbers in every step ({name})")
    if torch.Tag.data_dependent_output in tags or name == "_local_scalar_dense":
        raise CannotCaptureError("it looks at a number to decide what to do next")
    if torch.Tag.dynamic_output_shape in tags:
        raise CannotCaptureError(f"the shape of a result depends on the data ({name})")
    if name in _DIFFERENTIATED_OTHERWISE:
        raise CannotCaptureError(f"torch differentiates {name} otherwise while it is recorded")
    if op.namespace != "aten":
        raise CannotCaptureError(f"it uses {op}, which is not one of torch's own operations")


def _refuse_tensor(tensor: Tensor) -> None:
    if tensor.layout is not torch.strided or tensor.is_complex() or tensor.is_quantized:
        raise CannotCaptureError("it uses sparse, complex or quantized tensors")
    if type(tensor) not in (Tensor, torch.nn.Parameter):
        raise CannotCaptureError(f"it uses tensors of a kind of its own ({type(tensor).__name__})")


def _refuse_changes(tape: Tape, before: dict[str, str], after: dict[str, str]) -> None:
    changed = sorted(key for key in before | after if before.get(key) != after.get(key))
    if changed:
        raise CannotCaptureError(f"its module changes in every step ({changed[0]})")
    held = {tape.values[place].storage for place in (*tape.constants, tape.x)}
    of_parameters = {tape.values[place].storage for place in tape.parameters}
    of_buffers = tape.of_buffers()
    for place, node in enumerate(tape.nodes):
        if place >= tape.updated and node.mutated <= of_buffers | of_parameters:
            continue
        if node.mutated & held:
            raise CannotCaptureError("it changes a buffer in every step (batch normalisation?)")
        if node.mutated & of_parameters and place < tape.updated:
            raise CannotCaptureError("it writes to its parameters in the forward pass")


# -- arguments and results ---------------------------------------------------------------------


def _lies(tensor: Tensor) -> tuple[Layout, int]:
    return Layout.of(tensor), tensor.untyped_storage().data_ptr()


def _tensors(arguments: Sequence[Any]) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, (list, tuple)):
            yield from _tensors(argument)


def _mutated(op: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    found: list[Any] = []
    for place, argument in enumerate(op._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = args[place] if place < len(args) else kwargs.get(argument.name)
            found.append(given)
    return list(_tensors(found))


def _results(op: OpOverload, result: Any) -> tuple[list[Tensor], bool]:
    if isinstance(result, Tensor):
        return [result], False
    if result is None:
        return [], False
    if isinstance(result, (list, tuple)) and all(isinstance(r, Tensor) for r in result):
        return list(result), True
    raise CannotCaptureError(f"{op.overloadpacket} gives something that is no tensor")
