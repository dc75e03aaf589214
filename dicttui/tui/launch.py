"""The app on a real session, from the first paint to the terminal as it was."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from dicttui.training.snapshot import Snapshot
from dicttui.tui.app import DicttuiApp
from dicttui.tui.display import ChartSettings, Display
from dicttui.tui.leaving import AT_ONCE, Guard

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.training.observation import Observer
    from dicttui.training.script import Start
    from dicttui.training.session import Session

WRONG_USAGE = 2
NO_TERMINAL = (
    "dicttui: the app needs a terminal for input and output; allowed: in a pipe or a file, "
    "dicttui train PRESET\n"
)
DRAWING_SHARE = 0.03
"""Of a core, while something trains: what drawing takes, an eager training loses."""
UNSUCCESSFUL = frozenset({"diverged", "failed"})


def run(
    preset: "Preset",
    *,
    refresh: float = 4.0,
    theme: str | None = None,
    theme_from: str = "--theme",
    ascii: bool = False,  # noqa: A002 - the option's name
    readonly: bool = False,
    bell: bool = True,
    worded: Callable[[Snapshot], Snapshot] | None = None,
    observers: "Sequence[Observer]" = (),
    start: "Start | None" = None,
    leaving: Callable[[int], None] = lambda _status: None,
) -> int:
    """Train a preset in the app. Garbage is collected from its first picture on.

    Args:
        preset: what to train; its [display] says how the chart stands at the start.
        refresh: how often the screen is drawn, in Hz.
        theme: a theme's name; None is our dark one.
        theme_from: where the theme was named, for an error.
        ascii: whether to write 7-bit characters only.
        readonly: whether keys that change the training are refused.
        bell: whether a run that finishes or diverges rings.
        worded: what is done to every snapshot before the app looks at it.
        observers: of the training.
        start: where it begins, if not at step 0.
        leaving: called with the exit status before the session is closed.

    Returns:
        The exit status: 0; 1 if every run diverged or failed; 2 if the theme is not known, or the
        samples, the network or the device cannot be had, or if there is no terminal; 130 if it was
        interrupted, by Ctrl-C or SIGINT; 128 and the signal's number if SIGTERM or SIGHUP ended it,
        or its terminal went away, which is a SIGHUP.

    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        sys.stderr.write(NO_TERMINAL)
        return WRONG_USAGE
    from dicttui.training.session import Session

    session = Session(preset, paced=True, observers=observers, start=start)

    def begin() -> None:
        session.start()
        gc.enable()

    app = DicttuiApp(
        session,
        refresh=refresh,
        theme=theme,
        ascii=ascii,
        readonly=readonly,
        bell=bell,
        display=Display(
            chart=ChartSettings(
                metric=preset.charted,
                log_y=preset.display.y == "log",
                log_x=preset.display.x == "log",
                smoothing=preset.display.smoothing,
            )
        ),
        drawing_share=DRAWING_SHARE,
        on_painted=begin,
        on_ready=freeze_garbage,
        worded=worded,
    )
    if theme is not None and theme not in app.available_themes:
        sys.stderr.write(
            f"{theme_from}: {theme!r} is not known; "
            f"allowed: {', '.join(sorted(app.available_themes))}\n"
        )
        return WRONG_USAGE
    with Guard(app, session) as guard:
        try:
            with guard.drawing():
                left_with = app.run()
            if left_with is None:
                left_with = app.return_code or 0
            leaving(left_with)
            # Nothing is lost with a training that has not begun.
            loading = session.latest().state == "loading"
            ended = session.close(AT_ONCE if loading else app.patience)
        except SystemExit as signalled:
            left_with = int(signalled.code or 0)
            leaving(left_with)
            ended = session.close(AT_ONCE)
        except Exception:
            session.close(AT_ONCE)
            raise
        status = status_of(session.latest(), left_with)
        if not ended:
            abandon(session, status)
    return status


def abandon(session: "Session", status: int) -> NoReturn:
    """End the process beside a step that does not end."""
    if session.latest().state != "loading":
        sys.stderr.write("dicttui: a step was still being made; it has been abandoned\n")
        sys.stderr.flush()
    # The interpreter's own way to end is an abort where another thread is still in torch.
    os._exit(status)


def freeze_garbage() -> None:
    """Take what torch and the screen have allocated out of every later collection: a full one
    stops the training for a tenth of a second.
    """
    gc.collect()
    gc.freeze()


def status_of(snapshot: Snapshot, left_with: int) -> int:
    """The exit status after the app was left with one and the session ended like this."""
    if left_with:
        return left_with
    states = {run.state for run in snapshot.runs}
    ended_badly = bool(states) and states <= UNSUCCESSFUL
    if snapshot.state == "failed" and not snapshot.runs:
        return WRONG_USAGE
    return 1 if ended_badly or snapshot.state == "failed" else 0
