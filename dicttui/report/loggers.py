"""The live loggers by their names."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from dicttui.preset.model import Preset
from dicttui.preset.resolved import dumped
from dicttui.report.error import ReportError
from dicttui.report.extras import mind_absence
from dicttui.report.live.observer import LiveLogger
from dicttui.report.live.worker import SERVICES

NAMES = tuple(SERVICES)


def observers(names: Sequence[str], preset: Preset, recording: Path | None) -> list[LiveLogger]:
    """A live logger of each name, for the training of a preset; they begin at once.

    Their files go into the recording's directory; into the present one if nothing is recorded.
    Raises ReportError as `check` does.
    """
    check(names)
    return [LiveLogger(name, _beginning(name, preset, recording)) for name in dict.fromkeys(names)]


def check(names: Sequence[str]) -> None:
    """Raises ReportError where a name is unknown, or its package is not installed."""
    for name in names:
        if name not in NAMES:
            raise ReportError(f'"{name}" is no logger; allowed: {", ".join(NAMES)}')
        mind_absence(name)


def place(name: str, recording: Path | None) -> Path:
    """Where a logger's own files go."""
    if recording is not None:
        return recording.absolute() / name
    return Path(f"dicttui-{name}", f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}").absolute()


def _beginning(name: str, preset: Preset, recording: Path | None) -> dict[str, object]:
    return {
        "title": preset.title or preset.source,
        "id": recording.name.rpartition("_")[2] if recording else "",
        "directory": str(place(name, recording)),
        "preset": dumped(preset),
    }
