"""The option --log, and what it comes to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import note, refuse
from dicttui.cli.places import state_directory

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.record.recorder import Recorder
    from dicttui.report.live.observer import LiveLogger

Log = Annotated[
    list[str] | None,
    typer.Option(
        "--log", metavar="SERVICE", help="Log live: tensorboard, wandb or trackio; repeatable."
    ),
]

AT_ONCE = 1.0
"""Seconds that a logger has which was not closed before."""


def live_loggers(
    names: Sequence[str] | None, preset: "Preset", recording: "Recorder | None"
) -> "list[LiveLogger]":
    """The loggers of these names, which begin at once.

    Args:
        names: what --log was given.
        preset: what is trained.
        recording: what records it; None: it is not.

    """
    chosen = checked(names)
    if not chosen:
        return []
    from dicttui.report.loggers import observers

    where = None if recording is None else recording.directory
    return observers(chosen, preset, where, state_directory(), note)


def checked(names: Sequence[str] | None) -> tuple[str, ...]:
    """The names of loggers; ends the program if one is none, or its package is not here."""
    if not names:
        return ()
    from dicttui.report.error import ReportError
    from dicttui.report.loggers import check

    try:
        check(names)
    except ReportError as error:
        refuse([f"command line: --log: {error}"])
    return tuple(names)


def say_what_was_not_logged(loggers: "Sequence[LiveLogger]") -> None:
    """Say why not everything was logged, now that the training is over."""
    for logger in loggers:
        logger.close(AT_ONCE)  # where no session was ever begun
        if logger.trouble:
            note(f"not all was logged: {logger.trouble}")
