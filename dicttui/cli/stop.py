"""`dicttui stop [ID]`: save a training in the background, and end it."""

import typer

from dicttui.cli.output import FAILED, INTERRUPTED, note, put
from dicttui.cli.serving import RunningId, connected, socket_of

WITHOUT_A_WORD = 5.0
"""Seconds after which a person is told that it takes time."""
LONGEST = 120.0
"""Seconds that a step and what is to be saved may take."""


def stop(running: RunningId = None) -> None:
    """Save a training in the background, and end it.

    `dicttui resume` goes on with it later.
    """
    session = connected(socket_of(running, "stop"), readonly=True, watching=False)
    session.end()
    try:
        parting = session.wait(WITHOUT_A_WORD)
        if parting is None:
            note(f"{session.id}: waiting for the step that is being made, and for the disk …")
            parting = session.wait(LONGEST)
    except KeyboardInterrupt:
        note("it has been asked to end, and will")
        raise typer.Exit(INTERRUPTED) from None
    if parting is None:
        note(f"{session.id}: has not ended yet (process {session.process})")
        raise typer.Exit(FAILED)
    if not parting.ended:
        note(f"{session.id}: {parting.reason}")
        raise typer.Exit(FAILED)
    put(f"{session.id}: {parting.reason}")
