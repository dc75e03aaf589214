"""The newest weights that were recorded of a run. Importing this module imports torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicttui.networks.exchange.state import BUFFER, PARAMETER, NetworkState
from dicttui.preset.data import DataSpecification
from dicttui.preset.learners import LEARNERS
from dicttui.record import manifest, moment_files
from dicttui.record.error import RecordError
from dicttui.record.manifest import Manifest
from dicttui.record.places import MOMENTS
from dicttui.record.reading import Recorded
from dicttui.training.moment import Moment


@dataclass(frozen=True, slots=True)
class RecordedWeights:
    """One run's weights, and where they were found."""

    state: NetworkState
    step: int
    """Completed updates."""
    checkpoint: Path
    damaged: tuple[str, ...]
    """Why newer checkpoints could not be read."""


def newest(experiment: Recorded, run: str) -> RecordedWeights:
    """The weights of a run in the newest checkpoint that has it and is whole.

    Raises RecordError where there is none, or the run has no network.
    """
    damaged: list[str] = []
    for path, content in _newest_first(experiment.directory, damaged):
        name = next((entry.moment for entry in content.runs if entry.name == run), None)
        if name is None:
            continue
        try:
            moment = moment_files.read(experiment.directory / MOMENTS / name)
        except RecordError as error:
            damaged.append(str(error))
            continue
        return RecordedWeights(_state(experiment, moment), moment.step, path, tuple(damaged))
    if damaged:
        raise RecordError("\n".join(damaged))
    if experiment.preset().of_own_loop:
        raise RecordError(
            f"{experiment.directory}: a program of its own trained this and dicttui watched it "
            "without keeping weights; allowed: to save them there, with torch.save"
        )
    raise RecordError(
        f"{experiment.directory}: has no checkpoint of run {run!r}, so its weights are not known; "
        "allowed: a run that dicttui has written a checkpoint of"
    )


def _newest_first(directory: Path, damaged: list[str]) -> list[tuple[Path, Manifest]]:
    found = []
    for kind in ("checkpoint", "kept"):
        for numbered in manifest.numbered(directory, kind):
            try:
                found.append((numbered.path, manifest.read(numbered.path)))
            except RecordError as error:
                damaged.append(str(error))
    return sorted(found, key=lambda item: item[1].at, reverse=True)


def _state(experiment: Recorded, moment: Moment) -> NetworkState:
    from dicttui import __version__

    data = experiment.preset().data
    specification = moment.specification["network"]
    if moment.specification["optimizer"] in LEARNERS:
        # Of a network it has the first rows alone, and none of its other parts.
        specification = {"kind": moment.specification["optimizer"]}
    about: dict[str, Any] = {
        "dicttui": __version__,
        "experiment": experiment.id,
        "run": moment.run,
        "step": moment.step,
        "title": experiment.title,
        "network": _without_places(specification),
        **{key: moment.specification[key] for key in ("optimizer", "lr", "arguments")},
        "data": _without_places(data.model_dump(mode="json")),
        **_origin(data),
    }
    averaged = moment.specification.get("ema_decay")
    if averaged:
        about["ema_decay"] = averaged
    tensors = {n: t for n, t in moment.tensors.items() if n.startswith((PARAMETER, BUFFER))}
    return NetworkState(specification, tensors, experiment.scaling(), about)


def _without_places(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same with files by their names alone: what is exported is given to others."""
    files = {key: table[key] for key in ("path", "weights") if isinstance(table.get(key), str)}
    return {**table, **{key: Path(value).name for key, value in files.items()}}


def _origin(data: DataSpecification) -> dict[str, str]:
    """Which model's activations the samples are, where the preset says so."""
    named = {key: getattr(data, key, None) for key in ("model_name", "hook_name")}
    return {key: value for key, value in named.items() if value}
