"""Leaving the app: what is asked first, and what would be lost."""

from typing import TYPE_CHECKING, Literal

from dicttui.training.snapshot import Recording
from dicttui.tui.display import ENDED
from dicttui.tui.screens.confirm import ConfirmDialog

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

Decision = Literal["stop", "background", "stay"]
MOST_NAMED = 4


def quit_app(app: "DicttuiApp", status: int) -> None:
    """Leave with an exit status; ask first where a training would end by that."""
    snapshot = app.latest()
    unfinished = [run.name for run in snapshot.runs if run.state not in ENDED]
    if not app.owns_training or snapshot.playback is not None or not unfinished:
        app.leave(status)
        return
    dialog = _dialog(unfinished, snapshot.recording, background=app.offers_background)
    app.push_screen(dialog, lambda decision: _decided(app, status, decision))


def _decided(app: "DicttuiApp", status: int, decision: Decision | None) -> None:
    if decision == "background":
        app.goes_on = True
        app.leave()
    elif decision == "stop":
        app.leave(status)
    else:
        app.stay()


def _dialog(
    names: list[str], recording: Recording | None, *, background: bool
) -> ConfirmDialog[Decision]:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    unfinished = f"{', '.join(names[:MOST_NAMED])}{more} not finished"
    if recording is None:
        body = f"{unfinished}; what was trained is lost."
        return ConfirmDialog("Quit?", body, (("quit", "stop"), ("stay", "stay")))
    later = f"dicttui resume {recording.id}"
    if recording.trouble:
        body = (
            f"{unfinished}, and not recorded at the moment: {recording.trouble}. "
            f"From the last checkpoint it goes on later with\n{later}"
        )
    else:
        body = f"{unfinished}. All of it is recorded; it goes on later with\n{later}"
    choices: list[tuple[str, Decision]] = [("stop here", "stop"), ("stay", "stay")]
    if background and not recording.trouble:
        choices.insert(1, ("go on in the background", "background"))
    return ConfirmDialog("Quit?", body, tuple(choices))
