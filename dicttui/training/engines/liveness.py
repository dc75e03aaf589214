"""Which operations of a tape are needed, and how long what they give is."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dicttui.training.engines.operations import refs
from dicttui.training.engines.tape import Node, Ref, Tape


def without_repeats(tape: Tape) -> Tape:
    """The tape with every operation of its forward and backward pass that is made a second time on
    the same values left to the first. What anything writes to is not touched.
    """
    mutated = {storage for node in tape.nodes for storage in node.mutated}
    first: dict[str, list[int]] = {}
    instead: dict[int, int] = {}

    def renamed(argument: Any) -> Any:
        if isinstance(argument, Ref):
            return Ref(instead.get(argument.value, argument.value))
        if isinstance(argument, list):
            return [renamed(item) for item in argument]
        return argument

    nodes: list[Node] = []
    for place, node in enumerate(tape.nodes):
        args = tuple(renamed(argument) for argument in node.args)
        kwargs = {key: renamed(value) for key, value in node.kwargs.items()}
        nodes.append(replace(node, args=args, kwargs=kwargs))
        used = refs((args, kwargs)) | set(node.results)
        if place < tape.coded and not {tape.values[v].storage for v in used} & mutated:
            results = first.setdefault(repr((str(node.op), args, kwargs)), node.results)
            pairs = zip(node.results, results, strict=True)
            new = tape.new(place)
            instead |= {mine: its for mine, its in pairs if mine != its and mine in new}
    return replace(
        tape,
        nodes=nodes,
        code=instead.get(tape.code, tape.code),
        largest=instead.get(tape.largest, tape.largest),
        norms=None if tape.norms is None else instead.get(tape.norms, tape.norms),
        loss=instead.get(tape.loss, tape.loss),
        gradients=[None if g is None else instead.get(g, g) for g in tape.gradients],
    )


def needed(tape: Tape, measured: Iterable[int]) -> list[int]:
    """The places of the operations on which the values that are measured, gradients, parameters or
    buffers depend, in order.
    """
    wanted = {v for v in (*measured, *tape.gradients) if v is not None}
    storages = {tape.values[v].storage for v in (*wanted, *tape.parameters)} | tape.of_buffers()
    found: list[int] = []
    for place in reversed(range(len(tape.nodes))):
        node = tape.nodes[place]
        if any(v in wanted for v in tape.new(place)) or node.mutated & storages:
            found.append(place)
            used = refs((node.args, node.kwargs))
            wanted |= used
            storages |= {tape.values[v].storage for v in used}
    return found[::-1]


def last_uses(tape: Tape, places: list[int], measured: Iterable[int]) -> dict[int, int]:
    """By storage, the last of these operations that reads or writes it; after all of them where it
    is a gradient or measured.
    """
    last: dict[int, int] = {}
    for place in places:
        node = tape.nodes[place]
        for v in refs((node.args, node.kwargs)) | set(node.results):
            last[tape.values[v].storage] = place
    ends = {v: len(tape.nodes) for v in (*measured, *tape.gradients) if v is not None}
    for v, place in ends.items():
        storage = tape.values[v].storage
        last[storage] = max(place, last.get(storage, 0))
    return last


def gradients_by_storage(tape: Tape) -> dict[int, int]:
    """The places of the parameters whose gradient fills a storage of its own and lies in it as its
    parameter does, so that the storage can be where gradients belong; by storage.
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    for place, (parameter, g) in enumerate(zip(tape.parameters, tape.gradients, strict=True)):
        if g is None:
            continue
        value, wanted = tape.values[g], tape.values[parameter].layout
        same = (value.layout.shape, value.layout.stride) == (wanted.shape, wanted.stride)
        if same and value.layout.dense and value.storage not in taken:
            found[value.storage] = place
        else:
            found.pop(value.storage, None)
        taken.add(value.storage)
    return found
