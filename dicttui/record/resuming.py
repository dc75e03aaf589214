"""Going on with a recorded experiment, from its newest whole checkpoint.

What had been changed since that checkpoint is applied again at the same steps, so that the
training ends with the numbers it would have ended with.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicttui.preset.model import Preset
from dicttui.preset.networks import UserNetwork
from dicttui.preset.problems import PresetError
from dicttui.preset.resolved import loaded_run
from dicttui.preset.trust import code_notice
from dicttui.record import clock, environment, manifest, moment_files, places
from dicttui.record.cutting import Cut
from dicttui.record.error import RecordError, reason
from dicttui.record.facts import RecordedIntervention
from dicttui.record.lock import Lock
from dicttui.record.manifest import Manifest
from dicttui.record.places import Place
from dicttui.record.reading import Recorded
from dicttui.training.interventions import CHANGE_THE_TRAINING, Fork, Undo
from dicttui.training.moment import ExperimentCheckpoint, Moment, RunCheckpoint, UndoPoint
from dicttui.training.script import Scripted, Start

SCRIPTED = (*CHANGE_THE_TRAINING, Undo, Fork)
"""What is applied again; pauses and pace change no number."""
MAKES_NO_MORE = ("diverged", "failed")
"""States of a run that goes on, if at all, only after a step back."""
Tell = Callable[[str], None]


@dataclass(slots=True)
class Resumable:
    """An experiment that can be gone on with, and is locked for that."""

    place: Place
    preset: Preset
    lock: Lock
    start: Start
    segments: Mapping[str, int]
    """In which the runs go on."""
    cut: Cut
    origin: str
    """From where it goes on: "checkpoint-7.json"; "the beginning"."""
    last_stop: bool
    """Whether the last change was that somebody stopped runs."""
    paused: bool
    """Whether a run pauses where it goes on."""
    tell: Tell
    """Called on the trainer's thread with what is noticed only once torch is there."""
    late: list[str] = field(default_factory=list)
    """What it was called with."""

    def release(self) -> None:
        """Let go of it: it is not gone on with."""
        self.lock.release()


def resumable(
    recorded: Recorded, tell: Tell = lambda _note: None, device: str | None = None
) -> Resumable:
    """Make everything ready to go on with an experiment, and lock it.

    Args:
        recorded: the experiment.
        tell: called with what a person should know: a damaged checkpoint, another version of
            torch, code that has changed; also later, on the trainer's thread.
        device: where to go on; None: where it was.

    Raises:
        RecordError: it cannot be gone on with, or another process trains it.

    """
    directory = recorded.directory
    preset = recorded.preset()
    mind_code(preset, directory)
    try:
        lock = Lock.take(directory)
    except OSError as error:
        raise RecordError(f"cannot be gone on with: {reason(error, directory)}") from error
    try:
        return _ready(Recorded.open(directory), preset, lock, tell, device)
    except BaseException:
        lock.release()
        raise


def _ready(
    recorded: Recorded, preset: Preset, lock: Lock, tell: Tell, device: str | None
) -> Resumable:
    for note in notices_of_code(recorded):
        tell(note)
    before = recorded.environment()
    chosen = newest_whole(recorded.directory, tell)
    content = None if chosen is None else chosen[1]
    last = [event.at.timestamp() for event in recorded.events()[-1:]]
    clock.not_before(max([*last, 0.0 if content is None else content.at]))
    interventions = recorded.interventions()
    script = script_of(interventions, 0 if content is None else content.last_intervention)
    unmade = _forked_by(script, interventions)
    known = {
        run.name: max(recorded.segments(run.name), default=0)
        for run in recorded.runs()
        if run.name not in unmade
    }
    if content is None:
        unmade |= {run.name for run in recorded.runs()} - {run.name for run in preset.runs}
        runs: dict[str, tuple[int, int | None]] = {run.name: (0, 0) for run in preset.runs}
        known = dict.fromkeys(runs, 0)
    else:
        runs = {
            run.name: (run.segment, None if run.state in MAKES_NO_MORE else run.step)
            for run in content.runs
        }
    segments = known | {name: segment for name, (segment, _) in runs.items()}
    found = Resumable(
        place=Place(recorded.id, recorded.directory),
        preset=preset,
        lock=lock,
        start=Start(),
        segments=segments,
        cut=Cut(float("-inf") if content is None else content.at, runs, frozenset(unmade)),
        origin="the beginning" if chosen is None else chosen[0].name,
        last_stop=_last_stop(interventions),
        paused=content is not None and any(run.state == "paused" for run in content.runs),
        tell=tell,
    )

    def checkpoint() -> ExperimentCheckpoint | None:
        for note in differences_of_machine(before):
            found.late.append(note)
            found.tell(note)
        return None if content is None else read(content, recorded.directory, preset)

    found.start = Start(
        checkpoint=checkpoint,
        script=script,
        receipts=tuple(item.receipt for item in interventions),
        next_id=max((item.id for item in interventions), default=0) + 1,
        segments=segments,
        seconds=max((item.receipt.seconds for item in interventions), default=0.0),
        device=device,
    )
    return found


# -- what is applied again ---------------------------------------------------------------------


def script_of(interventions: Iterable[RecordedIntervention], after: int) -> tuple[Scripted, ...]:
    """The interventions with ids above `after` that changed the training, in their order."""
    return tuple(
        Scripted(item.id, item.intervention, item.before)
        for item in interventions
        if item.id > after
        and item.receipt.status == "applied"
        and isinstance(item.intervention, SCRIPTED)
    )


def _forked_by(
    script: Iterable[Scripted], interventions: Iterable[RecordedIntervention]
) -> set[str]:
    """The runs that a script makes."""
    receipts = {item.id: item.receipt for item in interventions}
    return {
        change.run
        for item in script
        if isinstance(item.intervention, Fork)
        for change in receipts[item.number].changes
        if not change.failed
    }


def _last_stop(interventions: Iterable[RecordedIntervention]) -> bool:
    changing = script_of(interventions, 0)
    return bool(changing) and type(changing[-1].intervention).__name__ == "Stop"


# -- checkpoints -------------------------------------------------------------------------------


def newest_whole(directory: Path, tell: Tell) -> tuple[Path, Manifest] | None:
    """The newest checkpoint of which every file is whole, those that a person asked for among
    them; None: there is none. Damaged ones are told of.
    """
    readable = []
    for kind in ("checkpoint", "kept"):
        for numbered in manifest.numbered(directory, kind):
            try:
                readable.append((numbered.path, manifest.read(numbered.path)))
            except RecordError as error:
                tell(f"{error}; an older checkpoint is taken")
    for path, content in sorted(readable, key=lambda item: item[1].at, reverse=True):
        try:
            for name in sorted(content.moments):
                moment_files.verify(directory / places.MOMENTS / name)
        except RecordError as error:
            tell(f"{error}; an older checkpoint than {path.name} is taken")
        else:
            return path, content
    return None


def read(content: Manifest, directory: Path, preset: Preset) -> ExperimentCheckpoint:
    """The state that a checkpoint names, tensors too. Raises RecordError."""
    moments: dict[str, Moment] = {}

    def moment(name: str) -> Moment:
        if name not in moments:
            path = directory / places.MOMENTS / name
            moments[name] = moment_files.read(path)
            _mind_specification(moments[name], preset, path)
        return moments[name]

    return ExperimentCheckpoint(
        runs=tuple(
            RunCheckpoint(
                moment(run.moment),
                tuple(
                    UndoPoint(
                        point.intervention, point.words, point.label, point.since,
                        None if point.moment is None else moment(point.moment),
                    )
                    for point in run.undo
                ),
            )
            for run in content.runs
        ),
        last_intervention=content.last_intervention,
        pace=content.pace,
        samples=content.samples,
        weights=content.weights,
    )  # fmt: skip


# -- a person's own code -----------------------------------------------------------------------


def mind_code(preset: Preset, directory: Path) -> None:
    """Refuse to train again what only a person's own program can train, and to run a person's own
    code that a recording of somebody else's names.

    Raises RecordError where a loop was watched; where the preset brings code along and its
    directory, or the file that names the code, is not this user's, or is one that others may write
    to.
    """
    if preset.of_own_loop:
        raise RecordError(
            f"{directory}: a program of its own trained this and dicttui watched it, so only that "
            "program can train it again; allowed: dicttui runs show, report, export of its "
            "numbers, and replay --watch"
        )
    if not _factories(preset):
        return
    if not preset.trusted_code:
        raise RecordError(f"{directory}: names code of its own, which its preset may not")
    for path in (directory, directory / places.PRESET):
        try:
            about = path.stat()
        except OSError as error:
            raise RecordError(f"{path}: cannot be read: {error.strerror}") from error
        others = stat.S_IWGRP | stat.S_IWOTH
        if about.st_uid != os.geteuid() or about.st_mode & others:
            raise RecordError(
                f"{path}: names code of its own and is not yours alone; allowed: owned by you, "
                "and written to by nobody else (chmod go-w)"
            )


def notices_of_code(recorded: Recorded) -> list[str]:
    """What to say before a person's own code is imported: that it is, and whether it has changed
    since; empty if there is none.
    """
    preset = recorded.preset()
    notice = code_notice(preset)
    changes = _differences_of_code(recorded.environment(), preset)
    return [*([notice] if notice else []), *changes]


def _factories(preset: Preset) -> set[str]:
    return {run.network.factory for run in preset.runs if isinstance(run.network, UserNetwork)}


def _mind_specification(moment: Moment, preset: Preset, path: Path) -> None:
    """A moment may name no other code than the preset does."""
    try:
        network = loaded_run(moment.specification, str(path)).network
    except PresetError as error:
        raise RecordError("\n".join(error.errors)) from error
    if isinstance(network, UserNetwork) and network.factory not in _factories(preset):
        raise RecordError(f"{path}: names code that its preset does not")


# -- whether the numbers will be the same ------------------------------------------------------


def _differences_of_code(before: dict[str, Any], preset: Preset) -> list[str]:
    recorded = before.get("code")
    digests = {
        own.get("factory"): own.get("digest")
        for own in (recorded if isinstance(recorded, list) else ())
        if isinstance(own, dict)
    }
    found = []
    for factory in sorted(_factories(preset)):
        source = environment.source_of(factory, preset.directory)
        digest = None if source is None else environment.digest_of(source)
        known = digests.get(factory)
        if known and digest and digest != known:
            found.append(f"{source} has changed since: the training goes on with what it is now")
    return found


def differences_of_machine(before: dict[str, Any]) -> list[str]:
    """What differs so that not every bit need be the same; torch has been imported."""
    packages = before.get("packages")
    versions = packages if isinstance(packages, dict) else {}
    pairs = [
        ("torch", versions.get("torch"), environment.versions().get("torch")),
        ("the processor's instructions", before.get("processor"), environment.capability()),
        ("the machine", before.get("machine"), environment.machine()),
    ]
    found = [f"{what} {then} → {now}" for what, then, now in pairs if then and now and then != now]
    return [f"not bit for bit what it would have been: {', '.join(found)}"] if found else []
