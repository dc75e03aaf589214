"""`dicttui attach [ID]`: the app on a training in the background."""

import gc
from typing import TYPE_CHECKING

import typer

from dicttui.cli.log import open_log
from dicttui.cli.options import Ascii, Readonly, Refresh, Theme, settings, theme_from
from dicttui.cli.output import note
from dicttui.cli.places import state_directory
from dicttui.cli.serving import RunningId, connected, socket_of

if TYPE_CHECKING:
    from dicttui.serve.client import RemoteSession


def attach(
    running: RunningId = None,
    refresh: Refresh = None,
    theme: Theme = None,
    ascii_only: Ascii = False,
    readonly: Readonly = False,
) -> None:
    """Open the app on a training in the background.

    The training goes on when the app is left. The first who attaches may change it until they
    leave; others watch meanwhile.
    """
    gc.disable()
    config = settings()
    where = socket_of(running, "attach")
    open_log()
    from dicttui.serve.client import terminal
    from dicttui.tui.launch import run_attached

    session = connected(where, readonly=readonly, name=terminal())
    try:
        status = run_attached(
            session,
            id=session.id,
            refresh=config.refresh if refresh is None else refresh,
            theme=theme or config.theme,
            theme_from=theme_from(theme),
            ascii=ascii_only,
            readonly=readonly,
            bell=config.bell,
            state_directory=state_directory(),
            news=lambda: _who_holds_the_controls(session),
            holder=lambda: session.holder,
        )
    finally:
        gone = session.parting
        session.close()
    if gone is not None:
        note(gone.reason)
    elif status == 0:
        note(f"{session.id} trains on; dicttui attach {session.id} shows it again")
    raise typer.Exit(status)


def _who_holds_the_controls(session: "RemoteSession") -> str:
    """What a person is told who can only watch for now; empty if they hold the controls."""
    if not session.holder:
        return ""
    return f"{session.holder} holds the controls until it leaves: you can watch"
