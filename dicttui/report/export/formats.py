"""Every format of an export, by its name."""

import os
import secrets
import shutil
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.report.error import ReportError
from dicttui.report.export import (
    csv_files,
    event_files,
    json_document,
    parquet_files,
    weight_files,
)

Write = Callable[[Recorded, Collection[str], int, Path], str | None]
"""Returns what else there is to say, if there is."""
Stream = Callable[[Recorded, Collection[str], int, TextIO], None]


@dataclass(frozen=True, slots=True)
class Format:
    """How an experiment is written in one format."""

    write: Write
    """Into a new file; into a new directory if `suffix` is empty."""
    suffix: str = ""
    stream: Stream | None = None
    """Onto stdout, where that makes sense."""
    of_one_run: bool = False


FORMATS = {
    "csv": Format(csv_files.write, stream=csv_files.write_metrics),
    "parquet": Format(parquet_files.write),
    "tensorboard": Format(event_files.write),
    "json": Format(json_document.write, suffix=".json", stream=json_document.write_document),
    "sae-lens": Format(weight_files.write_sae_lens, of_one_run=True),
    "dictionary-learning": Format(weight_files.write_dictionary_learning, of_one_run=True),
    "safetensors": Format(weight_files.write_safetensors, suffix=".safetensors", of_one_run=True),
    "npz": Format(weight_files.write_npz, suffix=".npz", of_one_run=True),
}


def default_name(experiment: Recorded, format_name: str, run: str | None = None) -> str:
    """What an export is called if nobody says: "dicttui-3f9a1c-csv", "dicttui-3f9a1c.json",
    "dicttui-3f9a1c-adam-sae-lens".

    Raises ReportError where the format is of one run and it is not clear of which.
    """
    chosen_format = FORMATS[format_name]
    name = f"dicttui-{experiment.id}"
    if chosen_format.of_one_run:
        (only,) = meant(experiment, format_name, run)
        name = f"{name}-{only}"
    return name + (chosen_format.suffix or f"-{format_name}")


def export(
    experiment: Recorded,
    format_name: str,
    path: Path,
    *,
    run: str | None = None,
    every: int = 1,
) -> str:
    """Write an experiment, or one run of it, to a path where nothing is yet; what else there is to
    say.

    The path is there when all has been written, or not at all. Raises ReportError.
    """
    chosen_format = FORMATS[format_name]
    if path.exists() or path.is_symlink():
        raise ReportError(f"{path}: is there already, and is not overwritten; allowed: a new path")
    runs = meant(experiment, format_name, run)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        if not chosen_format.suffix:
            partial.mkdir()
        words = chosen_format.write(experiment, runs, every, partial)
        os.rename(partial, path)
    except RecordError as error:
        raise ReportError(str(error)) from error
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        _remove(partial)
    return words or ""


def stream(
    experiment: Recorded,
    format_name: str,
    onto: TextIO,
    *,
    run: str | None = None,
    every: int = 1,
) -> None:
    """Write an experiment's numbers onto a stream, in a format that allows it.

    Raises ReportError, and OSError if the stream takes no more.
    """
    write = FORMATS[format_name].stream
    if write is None:
        can = ", ".join(name for name, known in FORMATS.items() if known.stream)
        what = "is no text" if FORMATS[format_name].suffix else "is several files and no stream"
        raise ReportError(f"{format_name}: {what}; allowed: {can}")
    try:
        write(experiment, chosen(experiment, run), every, onto)
    except RecordError as error:
        raise ReportError(str(error)) from error


def meant(experiment: Recorded, format_name: str, run: str | None) -> tuple[str, ...]:
    """The names of the runs that are written in this format.

    Raises ReportError if there is none of that name, or the format is of one and there are several.
    """
    try:
        runs = chosen(experiment, run)
    except RecordError as error:
        raise ReportError(str(error)) from error
    if FORMATS[format_name].of_one_run and len(runs) != 1:
        names = ", ".join(f"{experiment.id}/{name}" for name in runs) or "none yet"
        raise ReportError(f"{format_name}: is of one run; allowed: {names}")
    return runs


def chosen(experiment: Recorded, run: str | None) -> tuple[str, ...]:
    """The names of the runs that are meant: all that are there, or one that ever was.

    Raises ReportError if there is none of that name.
    """
    runs = experiment.runs()
    if run is None:
        return tuple(recorded.name for recorded in runs if recorded.present)
    names = [recorded.name for recorded in runs]
    if run not in names:
        raise ReportError(f'no run is called "{run}"; allowed: {", ".join(names) or "none yet"}')
    return (run,)


def _remove(partial: Path) -> None:
    if partial.is_dir():
        shutil.rmtree(partial, ignore_errors=True)
    with suppress(OSError):
        partial.unlink()
