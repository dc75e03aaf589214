"""The option --log, and what it comes to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import note, refuse

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.report.live.observer import LiveLogger

Log = Annotated[
    list[str] | None,
    typer.Option(
        "--log", metavar="SERVICE", help="Log live: tensorboard, wandb or trackio; repeatable."
    ),
]


def live_loggers(
    names: Sequence[str] | None, preset: "Preset", recording: Path | None
) -> "list[LiveLogger]":
    """The loggers of these names, which begin at once; ends the program if one cannot.

    Args:
        names: what --log was given.
        preset: what is trained.
        recording: the directory in which it is recorded; None: it is not.

    """
    if not names:
        return []
    from dicttui.report.error import ReportError
    from dicttui.report.loggers import observers

    try:
        return observers(names, preset, recording)
    except ReportError as error:
        refuse([f"command line: --log: {error}"])


def say_what_was_not_logged(loggers: "Sequence[LiveLogger]") -> None:
    """Say why not everything was logged, once they are closed."""
    for logger in loggers:
        if logger.trouble:
            note(f"not all was logged: {logger.trouble}")
