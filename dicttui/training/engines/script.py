"""A tape as one function of TorchScript that makes many steps.

What is not the step's own business is done once a call, in front of the loop: views of memory that
stays where it is, and operations on nothing but numbers that stay the same. Of the rest, whatever
torch can write to given memory does so: allocating costs about as much as a small operation.
Gradients are written to where the optimizer wants them.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload

from dicttui.training.engines import liveness, signs
from dicttui.training.engines.arithmetic import Arithmetic
from dicttui.training.engines.engine import CannotCaptureError
from dicttui.training.engines.operations import LAYOUT_ONLY, Name, call, out_variant, refs, text
from dicttui.training.engines.tape import Layout, Node, Ref, Tape

SMALL_CODE = 4096
"""Numbers of a code that is kept whole until the end of the call, which is then cheaper than to
look at once for its largest."""
LOOKS = 40
"""How often a call looks whether the trainer is to stand aside."""
LAST_COUNTED = 2.0**24
"""Where a float32, in which torch's optimizers count their steps, can count no further."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that a result is written to, in every step."""

    base: int
    """Buffers of one base share their memory, one after the other."""
    layout: Layout


@dataclass(slots=True)
class Script:
    """The source, and what it is called with."""

    source: str = ""
    constants: list[Tensor] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    bases: list[int] = field(default_factory=list)
    """Bytes of each base."""
    gradients: dict[int, int] = field(default_factory=dict)
    """The bases that are gradients: by base, the parameter's place."""
    copied: list[int] = field(default_factory=list)
    """The parameters whose gradients are copied to their place, in the order of argument G."""
    keeps_codes: bool = False
    """Whether whole codes are kept until the end of a call."""


def written(
    tape: Tape,
    arithmetic: Arithmetic,
    *,
    full_batch: bool,
    whole_batches: bool,
    into_memory: bool = True,
) -> Script:
    """The script of a tape.

    Args:
        tape: a step.
        arithmetic: the optimizer's part of it.
        full_batch: whether every step has the same batch.
        whole_batches: whether a batch may be used where it lies among others; otherwise it is
            copied first, so that it begins where memory for vectors begins.
        into_memory: whether results are written to memory that is there, where torch can do that.

    Raises:
        CannotCaptureError: TorchScript has no words for it.

    """
    tape = signs.added_at_once(liveness.without_repeats(tape))
    return _Writer(tape, full_batch, into_memory).write(arithmetic, whole_batches)


class _Writer:
    def __init__(self, tape: Tape, full_batch: bool, into_memory: bool) -> None:
        self.tape = tape
        self.into_memory = into_memory
        self.full_batch = full_batch
        self.script = Script()
        self.before: list[str] = []
        """Lines in front of the loop."""
        self.loop: list[str] = []
        self.stays = set(tape.parameters) | tape.constants.keys()
        """Values whose memory is the same throughout a call."""
        if full_batch:
            self.stays.add(tape.x)
        # What is looked at after a call, of every step.
        self.measured = [tape.loss, tape.code if self._keeps_code() else tape.largest]
        if tape.norms is not None:
            self.measured.append(tape.norms)
        self.alive = liveness.needed(tape, self.measured)
        self.mutated = {s for place in self.alive for s in tape.nodes[place].mutated}
        self.same = {v for v in tape.constants if tape.values[v].storage not in self.mutated}
        """Values whose numbers are the same throughout a call, too."""
        if full_batch:
            self.same.add(tape.x)
        self.last_use = liveness.last_uses(tape, self.alive, self.measured)
        self.free: list[tuple[int, int]] = []
        """Bases that may be used again: (bytes, base)."""
        self.bound: dict[int, int] = {}
        """By storage, the base it lies in."""
        self.numbers: dict[tuple[float, torch.dtype], str] = {}
        self.gradient_of = liveness.gradients_by_storage(tape)

    # -- writing -----------------------------------------------------------------------------------

    def write(self, arithmetic: Arithmetic, whole_batches: bool) -> Script:
        tape = self.tape
        for place in self.alive:
            if place < tape.coded:
                self._node(place)
        self._measures()
        for place in self.alive:
            if tape.coded <= place < tape.updated:
                self._node(place)
        self._gradients()
        self.before += arithmetic.once.splitlines()
        self.loop += self._update(arithmetic)
        for place in self.alive:
            if place >= tape.updated:
                self._node(place)
        self._assemble(whole_batches)
        return self.script

    def _node(self, place: int) -> None:
        tape, node = self.tape, self.tape.nodes[place]
        new = tape.new(place)
        if node.mutated:
            if new:
                self._give(self.loop, node, new)
            else:
                self.loop += self._changes(node)
            return
        if not new:
            return  # the same memory as something that has a name already
        used = refs((node.args, node.kwargs))
        shared = {tape.values[v].storage for v in new}
        viewed = [v for v in used if tape.values[v].storage in shared]
        untouched = not shared & self.mutated
        if viewed:
            fixed = all(v in self.stays for v in used)
            self.stays |= set(new) if fixed else set()
            self.same |= set(new) if untouched and all(v in self.same for v in used) else set()
            self._give(self.before if fixed else self.loop, node, new)
        elif untouched and node.op.overloadpacket.__name__ in LAYOUT_ONLY:
            self._constant(node, new)
        elif untouched and all(v in self.same for v in used):
            self.stays |= set(new)
            self.same |= set(new)
            self._give(self.before, node, new)
        elif not self._into_buffer(place, node, new):
            self._give(self.loop, node, new)

    def _changes(self, node: Node) -> list[str]:
        """Of an operation that writes to its arguments. TorchScript takes one on a list that is put
        together on the spot for an operation without effect, so each tensor gets its own.
        """
        name = node.op.overloadpacket.__name__
        lists = [a for a in node.args if isinstance(a, list) and refs(a)]
        if not lists:
            return [call(node.op, node.args, node.kwargs)]
        if not (name.startswith("_foreach_") and name.endswith("_")) or node.kwargs:
            raise CannotCaptureError(f"{name} writes to several tensors at once")
        each, calls = name.removeprefix("_foreach_"), []
        for i in range(len(lists[0])):
            given = [argument[i] if argument in lists else argument for argument in node.args]
            calls.append(f"torch.ops.aten.{each}({', '.join(map(text, given))})")
        return calls

    def _give(self, lines: list[str], node: Node, new: list[int]) -> None:
        called = call(node.op, node.args, node.kwargs)
        if not node.listed:
            lines.append(f"v{new[0]} = {called}")
            return
        name = f"w{new[0]}"
        lines.append(f"{name} = {called}")
        lines += [f"v{v} = {name}[{i}]" for i, v in enumerate(node.results) if v in new]

    def _constant(self, node: Node, new: list[int]) -> None:
        """A tensor that depends on no number of the step, made now."""

        def stand_in(argument: Any) -> Any:
            if not isinstance(argument, Ref):
                return argument
            layout = self.tape.values[argument.value].layout
            return torch.empty_strided(layout.shape, layout.stride, dtype=layout.dtype)

        made = node.op(*map(stand_in, node.args), **node.kwargs)
        self.before.append(f"v{new[0]} = {self._held(made)}")
        self.stays.add(new[0])
        self.same.add(new[0])

    def _held(self, tensor: Tensor) -> str:
        self.script.constants.append(tensor)
        return f"C[{len(self.script.constants) - 1}]"

    # -- results in given memory -------------------------------------------------------------------

    def _into_buffer(self, place: int, node: Node, new: list[int]) -> bool:
        """Have torch write the results to memory of ours, if it can."""
        tape = self.tape
        out = out_variant(node.op) if self.into_memory else None
        storages = [tape.values[v].storage for v in node.results]
        fresh = new == node.results and len(set(storages)) == len(storages)
        if out is None or not fresh or node.listed != (len(new) > 1):
            return False
        if any(not tape.values[v].layout.dense for v in new):
            return False
        if {tape.values[v].storage for v in self.measured} & set(storages):
            return False
        args = self._as_tensors(out, node)
        if args is None:
            return False
        for v in new:
            self.before.append(f"v{v} = B[{self._buffer(place, v)}]")
            self.stays.add(v)
        names = [a.name for a in out._schema.arguments if a.kwarg_only and a.alias_info is not None]
        given = {name: Ref(v) for name, v in zip(names, new, strict=True)}
        self.loop.append(call(out, args, {**node.kwargs, **given}))
        return True

    def _buffer(self, place: int, v: int) -> int:
        value = self.tape.values[v]
        layout, storage = value.layout, value.storage
        size = layout.dtype.itemsize
        for extent in layout.shape:
            size *= extent
        base = self._base(place, storage, size)
        self.bound[storage] = base
        self.script.buffers.append(Buffer(base, layout))
        return len(self.script.buffers) - 1

    def _base(self, place: int, storage: int, size: int) -> int:
        script = self.script
        if storage in self.gradient_of:
            script.bases.append(size)
            script.gradients[len(script.bases) - 1] = self.gradient_of[storage]
            return len(script.bases) - 1
        self._release(place)
        for entry in reversed(self.free):  # what was used last is still in the cache
            if entry[0] == size:
                self.free.remove(entry)
                return entry[1]
        script.bases.append(size)
        return len(script.bases) - 1

    def _release(self, place: int) -> None:
        """Let memory be used again whose last use was before an operation."""
        for storage in [s for s in self.bound if self.last_use.get(s, 0) < place]:
            base = self.bound.pop(storage)
            if base not in self.script.gradients:
                self.free.append((self.script.bases[base], base))

    def _as_tensors(self, out: OpOverload, node: Node) -> tuple[Any, ...] | None:
        """The arguments, where a plain number stands for a tensor as a tensor of no dimension; None
        if that would be another computation.
        """
        given: list[Any] = []
        dtypes = {self.tape.values[v].layout.dtype for v in refs((node.args, node.kwargs))}
        for argument, value in zip(out._schema.arguments, node.args, strict=False):
            if str(argument.type) != "Tensor" or isinstance(value, Ref):
                given.append(value)
                continue
            result = self.tape.values[node.results[0]].layout.dtype
            if dtypes != {result} or not isinstance(value, (int, float)):
                return None
            given.append(Name(self._number(float(value), result)))
        return tuple(given)

    def _number(self, value: float, dtype: torch.dtype) -> str:
        key = (value, dtype)
        if key not in self.numbers:
            held = self._held(torch.scalar_tensor(value, dtype=dtype))
            self.numbers[key] = f"n{len(self.numbers)}"
            self.before.append(f"{self.numbers[key]} = {held}")
        return self.numbers[key]

    # -- around the recorded operations ------------------------------------------------------------

    def _keeps_code(self) -> bool:
        value = self.tape.values[self.tape.code]
        numbers = 1
        for extent in value.layout.shape:
            numbers *= extent
        return numbers <= SMALL_CODE and value.node >= 0

    def _measures(self) -> None:
        for name, v in zip(("losses", "codes", "lengths"), self.measured, strict=False):
            # What lies in the same memory in every step would be the last step's of all.
            own = ".clone()" if v in self.stays else ""
            self.loop.append(f"{name}.append(v{v}{own})")
        self.script.keeps_codes = self._keeps_code()

    def _gradients(self) -> None:
        """Copy to their places those gradients that could not be written there."""
        tape, script = self.tape, self.script
        placed = set(script.gradients.values())
        for place, g in enumerate(tape.gradients):
            if g is not None and place not in placed:
                self.loop.append(f"G[{len(script.copied)}].copy_(v{g})")
                script.copied.append(place)

    @staticmethod
    def _update(arithmetic: Arithmetic) -> list[str]:
        counted = [f"if t < {LAST_COUNTED!r}:", "    t += 1.0"] if arithmetic.counts else []
        states = [f"{name} = S[j * {len(arithmetic.state)} + {i}]"
                  for i, name in enumerate(arithmetic.state)]  # fmt: skip
        body = [
            "p = P[j]", "g = Q[j]", "d = D[j]", *states, "lr = rates[stride * i + groups[j]]",
            *arithmetic.each.splitlines(),
        ]  # fmt: skip
        return [*counted, "for j in range(len(groups)):", *(f"    {line}" for line in body)]

    def _assemble(self, whole_batches: bool) -> None:
        tape = self.tape
        x = f"v{tape.x}"
        if self.full_batch:
            self.before.insert(0, f"{x} = xs[0]")
        else:
            self.loop.insert(0, f"{x} = xs[i]" if whole_batches else f"{x} = xs[i].clone()")
        for i, v in enumerate(tape.parameters):
            self.before.insert(0, f"v{v} = W[{i}]")
        for v, tensor in tape.constants.items():
            self.before.insert(0, f"v{v} = {self._held(tensor)}")
        largest = "torch.stack(codes)"
        if self.script.keeps_codes:
            largest += ".abs().amax(1)"
        fired = (
            "largest != 0" if tape.norms is None else "largest * torch.stack(lengths) > threshold"
        )
        lines = [
            "def steps(first: int, n: int, t: float, threshold: float, rates: List[float], "
            "stride: int, xs: Tensor, "
            "W: List[Tensor], C: List[Tensor], B: List[Tensor], G: List[Tensor], "
            "groups: List[int], P: List[Tensor], Q: List[Tensor], D: List[Tensor], "
            "S: List[Tensor], wanted: Tensor) -> Tuple[float, Tensor, Tensor]:",
            *(f"    {line}" for line in self.before),
            "    losses: List[Tensor] = []",
            "    codes: List[Tensor] = []",
            "    lengths: List[Tensor] = []",
            f"    look = max(1, n // {LOOKS})",
            "    made = 0",
            "    while made < n and (made == 0 or int(wanted) == 0):",
            "        until = min(n, made + look)",
            "        for i in range(made, until):",
            *(f"            {line}" for line in self.loop),
            "        made = until",
            f"    largest = {largest}",
            f"    fired = {fired}",
            "    at = torch.arange(first, first + made).unsqueeze(1)",
            "    last = torch.where(fired, at, torch.full_like(at, -1)).amax(0)",
            "    return t, torch.stack(losses), last",
        ]
        self.script.source = "\n".join(lines) + "\n"
