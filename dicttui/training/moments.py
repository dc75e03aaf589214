"""Taking the state of a run down, and putting a run back into it, bit for bit."""

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.preset.resolved import dumped_run
from dicttui.training import devices, plain
from dicttui.training.measurement import Measurement
from dicttui.training.moment import Moment, MomentError
from dicttui.training.past import GHOSTS_KEPT, Past, as_series, as_tensor
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import Ghost
from dicttui.training.trainable import Rates, Trainable


def taken(run: GradientRun, *, ghosts: bool = False) -> Moment:
    """The state of a run between two steps, copied; with what was taken back if that is wanted."""
    trainable = run.trainable
    rates = trainable.rates
    past, of_the_past = run.past.taken_down()
    state, scalars = _optimizer_state(trainable.optimizers)
    tensors = {f"past.{name}": tensor for name, tensor in of_the_past.items()}
    tensors |= {name: _copied(tensor) for name, tensor in (_named(trainable) | state).items()}
    tensors["random_state"] = trainable.random_state.clone()
    facts: dict[str, Any] = {
        "state": run.state,
        "state_detail": run.state_detail,
        "target": run.target,
        "pause_at": run.pause_at,
        "seconds": run.seconds,
        "diverged_at": run.diverged_at,
        "segment": run.segment,
        "parent": run.parent,
        "root": run.root,
        "forked_at": run.forked_at,
        "begun_anew": run.begun_anew,
        "device": str(trainable.device),
        "rates": None if rates is None else [rates.rest, rates.dictionary],
        "deadness_start": trainable.deadness.start,
        "deaths": trainable.deadness.deaths,
        "optimizers": scalars,
        "past": past,
        "measured": None if run.measured is None else plain.plain(run.measured),
        "ghosts": [],
    }
    for place, ghost in enumerate(run.ghosts if ghosts else ()):
        facts["ghosts"].append([ghost.from_step, ghost.label, sorted(ghost.series)])
        for name, series in ghost.series.items():
            tensors[f"ghost.{place}.{name}"] = as_tensor(series)
    return Moment(run.name, run.step, dumped_run(run.specification), facts, tensors)


def put(run: GradientRun, moment: Moment) -> None:
    """Put a run back into a moment of it; its segment, its ghosts, and whether it pauses are not
    of the moment. Its device is.

    Raises:
        MomentError: the moment is not of this network or optimizer; the run is unchanged.
        DeviceError: the moment's device is not here; the run is unchanged.

    """
    facts, trainable = moment.facts, run.trainable
    _check(trainable, moment)
    device = devices.resolve(facts["device"])
    if device != trainable.device:
        devices.move(trainable, device)
    with torch.no_grad():
        for name, tensor in _named(trainable).items():
            tensor.copy_(moment.tensors[name])
    trainable.deadness.start = facts["deadness_start"]
    # What was kept before they were counted says nothing of them.
    deaths = facts.get("deaths", [0, 0, moment.step])
    trainable.deadness.count_on(moment.step, run.dead_window, deaths)
    for place, optimizer in enumerate(trainable.optimizers):
        _load(optimizer, place, moment)
    trainable.rates = None if facts["rates"] is None else Rates(*facts["rates"])
    trainable.random_state = moment.tensors["random_state"].clone()
    run.state, run.state_detail = facts["state"], facts["state_detail"]
    run.target, run.pause_at = facts["target"], facts["pause_at"]
    run.seconds, run.diverged_at = facts["seconds"], facts["diverged_at"]
    run.step = moment.step
    prefix = "past."
    of_the_past = {
        name.removeprefix(prefix): tensor
        for name, tensor in moment.tensors.items()
        if name.startswith(prefix)
    }
    run.past = Past.put_up(facts["past"], of_the_past)
    measured = facts["measured"]
    run.stand_elsewhere(None if measured is None else plain.restored(Measurement, measured))


def put_all(run: GradientRun, moment: Moment) -> None:
    """Put a run into a moment of it as `put` does, its segment and ghosts too: after a restart of
    the program.
    """
    put(run, moment)
    facts = moment.facts
    run.segment, run.forked_at = facts["segment"], facts["forked_at"]
    run.parent, run.root = facts["parent"], facts["root"]
    run.ghosts = [
        Ghost(step, label, {k: as_series(moment.tensors[f"ghost.{place}.{k}"]) for k in names})
        for place, (step, label, names) in enumerate(facts["ghosts"][-GHOSTS_KEPT:])
    ]


def _named(trainable: Trainable) -> dict[str, Tensor]:
    """The tensors that a step may change, by name; the optimizers' apart."""
    network = trainable.network
    return {
        **{f"parameter.{name}": p.detach() for name, p in network.named_parameters()},
        **{f"buffer.{name}": b.detach() for name, b in network.named_buffers()},
        "deadness": trainable.deadness.last_fired,
    }


def _optimizer_state(optimizers: list[Optimizer]) -> tuple[dict[str, Tensor], list[Any]]:
    """Tensors by name, and for each optimizer what is no tensor."""
    tensors: dict[str, Tensor] = {}
    scalars: list[Any] = []
    for place, optimizer in enumerate(optimizers):
        others: dict[str, dict[str, Any]] = {}
        for index, state in optimizer.state_dict()["state"].items():
            others[str(index)] = {}
            for key, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{place}.{index}.{key}"] = value
                else:
                    others[str(index)][key] = value
        scalars.append(others)
    return tensors, scalars


def _load(optimizer: Optimizer, place: int, moment: Moment) -> None:
    state: dict[int, dict[str, Any]] = {
        int(index): dict(values) for index, values in moment.facts["optimizers"][place].items()
    }
    prefix = f"optimizer.{place}."
    for name, tensor in moment.tensors.items():
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            # torch takes step counts as they are: they would be counted on in the moment.
            state[int(index)][key] = tensor.clone()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _check(trainable: Trainable, moment: Moment) -> None:
    """Refuse a moment of another network or optimizer before anything is touched."""
    here = {name: tuple(tensor.shape) for name, tensor in _named(trainable).items()}
    kinds = ("parameter.", "buffer.", "deadness")
    there = {
        name: tuple(tensor.shape)
        for name, tensor in moment.tensors.items()
        if name.startswith(kinds)
    }
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            raise MomentError(
                f"run {moment.run!r} was recorded with {name} of shape {there.get(name)}; its "
                f"network now has {here.get(name)}: it is another network"
            )
    if len(moment.facts["optimizers"]) != len(trainable.optimizers):
        raise MomentError(
            f"run {moment.run!r} was recorded with another number of optimizers than "
            f"{trainable.specification.optimizer} now has: torch, or the network, has changed"
        )


def _copied(tensor: Tensor) -> Tensor:
    """In host memory, with bytes of its own."""
    return tensor.detach().to("cpu", copy=True).contiguous()
