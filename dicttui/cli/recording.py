"""The options of recording, and what they come to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import refuse
from dicttui.cli.places import experiments

if TYPE_CHECKING:
    from dicttui.cli.config import Config
    from dicttui.preset.model import Preset
    from dicttui.record.places import Place
    from dicttui.record.reading import Recorded
    from dicttui.record.recorder import Recorder
    from dicttui.record.schedule import Schedule

RecordDirectory = Annotated[
    Path | None,
    typer.Option("--record", metavar="DIR", help="Record in a new directory in DIR."),
]
"""Of a command that trains."""
NoRecord = Annotated[bool, typer.Option("--no-record", help="Record nothing.")]
CheckpointEvery = Annotated[
    str | None,
    typer.Option(
        "--checkpoint-every", metavar="30s|5m|N", help="Write a checkpoint so often; N: updates."
    ),
]
RecordedIn = Annotated[
    Path | None,
    typer.Option("--record", metavar="DIR", help="Look for experiments in DIR."),
]
"""Of a command on what was recorded."""
Id = Annotated[
    str, typer.Argument(metavar="ID", help="An id that `dicttui runs` lists, or a directory.")
]


def directory(given: Path | None, config: "Config") -> Path:
    """Where experiments are recorded."""
    if given is not None:
        return given.expanduser()
    if config.record_directory is not None:
        return Path(config.record_directory).expanduser()
    return experiments()


def checkpoint_words(given: str | None, config: "Config") -> str:
    """How often a checkpoint is to be written, in a person's words; empty: as usual. Ends the
    program if these say no such thing.
    """
    from dicttui.record.schedule import ALLOWED, is_schedule

    if given is None:
        return "" if config.checkpoint_every is None else str(config.checkpoint_every)
    if not is_schedule(given):
        refuse(
            [
                f"command line: --checkpoint-every: {given!r} does not say how often; "
                f"allowed: {ALLOWED}"
            ]
        )
    return given


def schedule(words: str) -> "Schedule | None":
    """When checkpoints are written, by such words; None: as usual."""
    from dicttui.record.schedule import Schedule

    return Schedule.of(words) if words else None


def mind_no_record(no_record: bool, record: Path | None, checkpoint_every: str | None) -> None:
    """End the program if what is not to be recorded is to be recorded somehow."""
    for option, given in (("--record", record), ("--checkpoint-every", checkpoint_every)):
        if no_record and given is not None:
            refuse([f"command line: {option}: is not allowed together with --no-record"])


def recorder(
    preset: "Preset",
    given: Path | None,
    no_record: bool,
    config: "Config",
    checkpoint_every: str | None = None,
) -> "Recorder | None":
    """What records a training; None if nothing is to be recorded."""
    mind_no_record(no_record, given, checkpoint_every)
    words = checkpoint_words(checkpoint_every, config)
    if no_record:
        return None
    from dicttui.record.recorder import Recorder

    return Recorder.begin(preset, directory(given, config), schedule=schedule(words))


def recorded(id_or_path: str, where: Path) -> "Recorded":
    """A recorded experiment; ends the program if there is none such."""
    from dicttui.record.error import RecordError
    from dicttui.record.finding import find

    try:
        return find(id_or_path, where)
    except RecordError as error:
        refuse([str(error)])


def place(id_or_path: str, where: Path) -> "Place":
    """Where an experiment is recorded, and be it damaged; ends the program if there is none
    such.
    """
    from dicttui.record.error import RecordError
    from dicttui.record.finding import locate

    try:
        return locate(id_or_path, where)
    except RecordError as error:
        refuse([str(error)])
