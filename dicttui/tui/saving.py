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
    told = saved(name, picture, recording, where(app.state_directory, recording))
    with contextlib.suppress(RuntimeError):  # the app has been left meanwhile
        app.call_from_thread(app.say, told)


def saved(name: str, picture: str, recording: Recording | None, directories: Sequence[Path]) -> str:
    """Write the picture, and the report if there is one to write; what became of both, in words."""
    try:
        path = _written(name, picture, directories)
    except OSError as error:
        return f"this screen could not be saved: {reason(error)}"
    if recording is None:
        return f"saved {path}; nothing is recorded, so there is no report"
    report = path.with_suffix(".html")
    try:
        from dicttui.report.page import write

        write(Path(recording.directory), report)
    except Exception as error:
        # Whatever is wrong with a recording, the app and its training go on.
        log.exception("the report could not be written")
        return f"saved {path}; the report could not be written: {reason(error)}"
    return f"saved {path} and {report.name}"


def _written(name: str, text: str, directories: Sequence[Path]) -> Path:
    """The file, in the first directory that takes it, under a name that was free."""
    failure: OSError = FileNotFoundError("no directory")
    for directory in directories:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return exclusively(directory, name, ".svg", text, beside=".html")
        except OSError as error:
            failure = error
    raise failure


def exclusively(directory: Path, name: str, suffix: str, text: str, beside: str = "") -> Path:
    """Write a file under a name that is free: `name`, `name-2`, …; no file of that name is there
    with the suffix `beside` either. Raises OSError.
    """
    for number in range(1, TRIES):
        path = directory / (f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")
        if beside and path.with_suffix(beside).exists():
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
    raise FileExistsError(f"{directory / name}{suffix} and {TRIES - 1} more of that name are there")


def where(state: Path | None, recording: Recording | None) -> list[Path]:
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
    name = plain_name(Path(snapshot.source).name.removesuffix(".toml"))
    return f"dicttui-{name}-{now:%Y%m%d-%H%M%S}"


def plain_name(text: str) -> str:
    """A text as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-")[:60] or "experiment"


def reason(error: Exception) -> str:
    """Why a file could not be written, for a person."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or type(error).__name__
