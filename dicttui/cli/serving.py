"""Experiments that train in the background, by their ids."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dicttui.cli.output import put, refuse
from dicttui.cli.places import log_file, state_directory

if TYPE_CHECKING:
    from dicttui.serve.client import RemoteSession
    from dicttui.serve.order import Order, Outcome

RunningId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Of an experiment in the background; none: the only one."),
]


def socket_of(given: str | None, command: str) -> Path:
    """Where an experiment is served; ends the program if it is not, or if it is not clear which
    is meant.
    """
    from dicttui.serve import address

    state = state_directory()
    running = address.live(state)
    if given is None:
        if not running:
            refuse(["nothing trains in the background; dicttui start PRESET begins something"])
        if len(running) > 1:
            titles = [f"  dicttui {command} {name}  {_title(name)}" for name in running]
            refuse([f"{len(running)} experiments train in the background:", *titles])
        return address.path(state, running[0])
    wanted = Path(given).resolve().name.rpartition("_")[2] if "/" in given else given.lower()
    found = [name for name in running if name.startswith(wanted)] if wanted else []
    if len(found) > 1 and wanted not in found:
        refuse([f"{given!r} is the beginning of several ids: {', '.join(found)}"])
    if not found:
        refuse([_not_running(given, running)])
    return address.path(state, wanted if wanted in found else found[0])


def connected(
    where: Path, *, readonly: bool = False, name: str = "", watching: bool = True
) -> "RemoteSession":
    """A session that is served there; ends the program if there is none any more."""
    from dicttui.serve.client import RemoteSession
    from dicttui.serve.error import ServeError

    try:
        return RemoteSession(where, readonly=readonly, name=name, watching=watching)
    except ServeError as error:
        refuse([str(error)])


def order(**what: object) -> "Order":
    """What a process in the background is to do, with the program's own places."""
    from dicttui.serve.order import Order

    return Order.model_validate({"state": state_directory(), "log": log_file().absolute(), **what})


def say_how_to_go_on(outcome: "Outcome") -> None:
    """What a person can do with a training in the background."""
    put(f"{outcome.id} trains in the background (process {outcome.process})")
    if outcome.directory:
        put(f"recorded in {outcome.directory}")
    put(f"dicttui attach {outcome.id} opens the app on it, dicttui stop {outcome.id} ends it")


def _title(experiment: str) -> str:
    """What an experiment trains, as far as it says."""
    from dicttui.serve import address
    from dicttui.serve.client import RemoteSession
    from dicttui.serve.error import ServeError

    try:
        where = address.path(state_directory(), experiment)
        session = RemoteSession(where, readonly=True, watching=False)
    except ServeError:
        return ""
    session.close()
    return session.title


def _not_running(given: str, running: list[str]) -> str:
    """What there is to know of an experiment that is not being served."""
    from dicttui.cli.options import settings
    from dicttui.cli.recording import directory
    from dicttui.record.error import RecordError
    from dicttui.record.finding import find

    there = f"; in the background: {', '.join(running)}" if running else ""
    try:
        recorded = find(given, directory(None, settings()))
        state = recorded.state
    except RecordError:
        return f"{given}: no experiment of this id trains in the background{there}"
    if state == "running":
        return f"{recorded.id} trains, but in a terminal of its own and not in the background"
    if recorded.preset().of_own_loop:
        return f"{recorded.id} does not train ({state}); only its own program can train it again"
    return f"{recorded.id} does not train ({state}); dicttui resume {recorded.id} goes on with it"
