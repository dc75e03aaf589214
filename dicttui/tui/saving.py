"""Saving what is on the screen as a picture, and the report of what is recorded."""

import contextlib
import logging
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dicttui.training.snapshot import Recording, Snapshot

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

log = logging.getLogger(__name__)

TRIES = 100
"""Names that are tried where files of the same second are there already."""


def save(app: "DicttuiApp") -> None:
    """Save the screen as it is now; the files are written by a thread of their own."""
    snapshot = app.latest()
    name = _file_name(snapshot, datetime.now().astimezone())
    picture = app.export_screenshot(title=f"dicttui {snapshot.source} {app.sub_title}".strip())
    app.say("saving this screen…")
    app.run_worker(
        partial(_save, app, name, picture, snapshot.recording),
        thread=True,
        group="save",
        exit_on_error=False,
    )


def _save(app: "DicttuiApp", name: str, picture: str, recording: Recording | None) -> None:
    told = saved(name, picture, recording, _directories(app.state_directory, recording))
    with contextlib.suppress(RuntimeError):  # the app has been left meanwhile
        app.call_from_thread(app.say, told)


def saved(name: str, picture: str, recording: Recording | None, directories: Sequence[Path]) -> str:
    """Write the picture, and the report if there is one to write; what became of both, in words."""
    try:
        path = _written(name, picture, directories)
    except OSError as error:
        return f"this screen could not be saved: {_reason(error)}"
    if recording is None:
        return f"saved {path}; nothing is recorded, so there is no report"
    report = path.with_suffix(".html")
    try:
        from dicttui.report.page import write

        write(Path(recording.directory), report)
    except Exception as error:
        # Whatever is wrong with a recording, the app and its training go on.
        log.exception("the report could not be written")
        return f"saved {path}; the report could not be written: {_reason(error)}"
    return f"saved {path} and {report.name}"


def _written(name: str, text: str, directories: Sequence[Path]) -> Path:
    """The file, in the first directory that takes it, under a name that was free."""
    failure: OSError = FileNotFoundError("no directory")
    for directory in directories:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return _exclusively(directory, name, text)
        except OSError as error:
            failure = error
    raise failure


def _exclusively(directory: Path, name: str, text: str) -> Path:
    for number in range(1, TRIES):
        path = directory / (f"{name}.svg" if number == 1 else f"{name}-{number}.svg")
        if path.with_suffix(".html").exists():
            continue
        try:
            file = path.open("x", encoding="utf-8")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(text)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
    raise FileExistsError(f"{directory / name}.svg and {TRIES - 1} more of that name are there")


def _directories(state: Path | None, recording: Recording | None) -> list[Path]:
    """Where to write, the best place first."""
    directories = []
    with contextlib.suppress(OSError):  # it may have been removed
        directories.append(Path.cwd())
    if state is not None:
        directories.append(state)
    if recording is not None:
        directories.append(Path(recording.directory))
    return directories


def _file_name(snapshot: Snapshot, now: datetime) -> str:
    """`dicttui-article-sparse-20261124-071502`."""
    source = Path(snapshot.source or "experiment").name.removesuffix(".toml")
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", source).strip(".-")[:60] or "experiment"
    return f"dicttui-{plain}-{now:%Y%m%d-%H%M%S}"


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or type(error).__name__
