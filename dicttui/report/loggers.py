"""The live loggers by their names."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from dicttui.preset.model import Preset
from dicttui.preset.resolved import dumped
from dicttui.report.error import ReportError
from dicttui.report.extras import mind_absence
from dicttui.report.live.observer import LiveLogger
from dicttui.report.live.worker import SERVICES

NAMES = tuple(SERVICES)
KEEPING_FILES = frozenset({"tensorboard", "wandb"})
"""Where we say; trackio has a place of its own."""
LOGGED = "logged"
"""In the state directory."""


def observers(
    names: Sequence[str],
    preset: Preset,
    recording: Path | None,
    state: Path,
    tell: Callable[[str], None] = lambda _words: None,
) -> list[LiveLogger]:
    """A live logger of each name, for the training of a preset; they begin at once.

    Their files go into the recording's directory. If nothing is recorded they go into one of their
    own in the state directory, and `tell` is called with where that is.

    Raises ReportError as `check` does.
    """
    check(names)
    where = _place(recording, state)
    if recording is None and KEEPING_FILES & set(names):
        tell(f"nothing is recorded; what is logged goes into {where}")
    return [
        LiveLogger(name, _beginning(preset, recording, where / name))
        for name in dict.fromkeys(names)
    ]


def check(names: Sequence[str]) -> None:
    """Raises ReportError where a name is unknown, or its package is not installed."""
    for name in names:
        if name not in NAMES:
            raise ReportError(f'"{name}" is no logger; allowed: {", ".join(NAMES)}')
        mind_absence(name)


def _place(recording: Path | None, state: Path) -> Path:
    """Where the loggers' own files go."""
    if recording is not None:
        return recording.absolute()
    return state.absolute() / LOGGED / f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}"


def _beginning(preset: Preset, recording: Path | None, where: Path) -> dict[str, object]:
    return {
        "title": preset.title or preset.source,
        "id": recording.name.rpartition("_")[2] if recording else "",
        "directory": str(where),
        "preset": dumped(preset),
    }
