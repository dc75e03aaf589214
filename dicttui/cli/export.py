"""`dicttui export`: a recorded experiment's numbers, or a run's weights, for other programs."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dicttui.cli.options import settings
from dicttui.cli.output import note, put, refuse, silence
from dicttui.cli.recording import RecordedIn, directory, recorded


class Format(StrEnum):
    """What an export can be."""

    CSV = "csv"
    PARQUET = "parquet"
    TENSORBOARD = "tensorboard"
    JSON = "json"
    SAE_LENS = "sae-lens"
    DICTIONARY_LEARNING = "dictionary-learning"
    SAFETENSORS = "safetensors"
    NPZ = "npz"


STDOUT = "-"


def export(
    experiment_id: Annotated[
        str,
        typer.Argument(
            metavar="ID[/RUN]", help="An id that `dicttui runs` lists, or a directory; and a run."
        ),
    ],
    form: Annotated[
        Format, typer.Option("--format", metavar="|".join(Format), help="What is written.")
    ] = Format.CSV,
    output: Annotated[
        str | None,
        typer.Option(
            "-o", "--output", metavar="PATH", help="Where; -: stdout (csv: metrics alone; json)."
        ),
    ] = None,
    every: Annotated[
        int, typer.Option("--every", metavar="N", min=1, help="The steps 0, N, 2N, … and the last.")
    ] = 1,
    record: RecordedIn = None,
) -> None:
    """Write a recorded experiment's metrics and interventions, or the weights of a run of it, into
    files for other programs.

    Nothing is overwritten. csv, parquet and tensorboard make a directory, json makes a file. The
    other formats are of the newest recorded weights of one run: sae-lens and dictionary-learning
    make a directory for that program, with the scaling of the samples folded in; safetensors and
    npz make a file with the weights as they were trained.
    """
    name, run = split(experiment_id)
    experiment = recorded(name, directory(record, settings()))
    from dicttui.report.error import ReportError
    from dicttui.report.export import formats

    try:
        if output == STDOUT:
            formats.stream(experiment, form, sys.stdout, run=run, every=every)
            return
        path = Path(output or formats.default_name(experiment, form, run)).expanduser()
        words = formats.export(experiment, form, path, run=run, every=every)
    except ReportError as error:
        refuse([str(error)])
    except OSError as error:
        raise typer.Exit(silence(error)) from None
    put(str(path))
    for line in words.splitlines():
        note(line)
    if experiment.state == "running":
        note(f"{experiment.id} is still being trained; what was recorded up to now was written")


def split(experiment_id: str) -> tuple[str, str | None]:
    """The experiment and the run of ID or ID/RUN, where ID may be a path."""
    if "/" in experiment_id and Path(experiment_id).expanduser().is_dir():
        return experiment_id, None
    name, slash, run = experiment_id.rpartition("/")
    return (name, run) if slash and name else (experiment_id, None)
