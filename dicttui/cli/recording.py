"""The options of recording, and what they come to."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import refuse
from dicttui.cli.places import experiments

if TYPE_CHECKING:
    from dicttui.cli.config import Config
    from dicttui.preset.model import Preset
    from dicttui.record.reading import Recorded
    from dicttui.record.recorder import Recorder

RecordDirectory = Annotated[
    Path | None,
    typer.Option("--record", metavar="DIR", help="Record in a new directory in DIR."),
]
"""Of a command that trains."""
NoRecord = Annotated[bool, typer.Option("--no-record", help="Record nothing.")]
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


def recorder(
    preset: "Preset", given: Path | None, no_record: bool, config: "Config"
) -> "Recorder | None":
    """What records a training; None if nothing is to be recorded."""
    if no_record:
        if given is not None:
            refuse(["command line: --record: is not allowed together with --no-record"])
        return None
    from dicttui.record.recorder import Recorder

    return Recorder.begin(preset, directory(given, config))


def recorded(id_or_path: str, where: Path) -> "Recorded":
    """A recorded experiment; ends the program if there is none such."""
    from dicttui.record.error import RecordError
    from dicttui.record.finding import find

    try:
        return find(id_or_path, where)
    except RecordError as error:
        refuse([str(error)])
