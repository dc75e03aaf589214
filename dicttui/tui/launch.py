"""The app on a real session, from the first paint to the terminal as it was."""

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dicttui.training.snapshot import Snapshot
from dicttui.tui.app import INTERRUPTED, DicttuiApp
from dicttui.tui.closing import Closing
from dicttui.tui.display import ChartSettings, Display
from dicttui.tui.leaving import AT_ONCE, PATIENCE, SAVING, Guard
from dicttui.tui.opening import Opened, Opening

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.record.reading import Recorded
    from dicttui.training.seam import SessionProtocol

FAILED, WRONG_USAGE = 1, 2
NO_TERMINAL = (
    "dicttui: the app needs a terminal for input and output; allowed: in a pipe or a file, "
    "dicttui train PRESET\n"
)
DRAWING_SHARE = 0.03
"""Of a core, while something trains: what drawing takes, an eager training loses."""
TURN = 0.0005
"""Seconds that a thread waits for another's turn in Python to end: Textual reads keys and writes
pictures in threads of their own, and a key waits for several turns."""
GOING_ON = 30.0
"""Seconds that the step being made has to end where the training is to go on elsewhere."""
UNSUCCESSFUL = frozenset({"diverged", "failed"})


def run(
    opened: Opened,
    *,
    refresh: float = 4.0,
    theme: str | None = None,
    theme_from: str = "--theme",
    ascii: bool = False,  # noqa: A002 - the option's name
    readonly: bool = False,
    bell: bool = True,
    state_directory: Path | None = None,
) -> int:
    """Train in the app. Garbage is collected from its first picture on.

    Args:
        opened: what to train.
        refresh: how often the screen is drawn, in Hz.
        theme: a theme's name; None is our dark one.
        theme_from: where the theme was named, for an error.
        ascii: whether to write 7-bit characters only.
        readonly: whether keys that change the training are refused.
        bell: whether a run that finishes or diverges rings.
        state_directory: where to save what the current directory does not take.

    Returns:
        The exit status: 0; 1 if every run diverged or failed; 2 if the theme is not known, or the
        samples, the network or the device cannot be had, or if there is no terminal; 130 if it was
        interrupted, by Ctrl-C or SIGINT; 128 and the signal's number if SIGTERM or SIGHUP ended it,
        or its terminal went away, which is a SIGHUP.

    """
    if not has_terminal():
        return WRONG_USAGE
    opening = Opening(lambda: opened, opened.preset.source)
    opening.open()
    app = DicttuiApp(
        opening,
        refresh=refresh,
        theme=theme,
        ascii=ascii,
        readonly=readonly,
        bell=bell,
        drawing_share=DRAWING_SHARE,
        on_ready=freeze_garbage,
        state_directory=state_directory,
    )
    if not knows_theme(app, theme, theme_from):
        return WRONG_USAGE
    return _run(app, opening)


def run_at_once(
    opens: Callable[[], Opened], source: str, state_directory: Path | None = None
) -> int:
    """Train what is to be trained in the app, as nobody's settings change it, and show the first
    picture before it is known what that is.

    Args:
        opens: makes it; what it raises is raised here once the terminal has been given back.
        source: the preset's name.
        state_directory: where to save what the current directory does not take.

    Returns:
        The exit status, as that of `run`.

    """
    if not has_terminal():
        return WRONG_USAGE
    opening = Opening(opens, source)
    app = DicttuiApp(
        opening,
        drawing_share=DRAWING_SHARE,
        on_ready=freeze_garbage,
        state_directory=state_directory,
    )
    return _run(app, opening)


def _run(app: DicttuiApp, opening: Opening) -> int:
    """Run the app, then end its training; the exit status."""
    sys.setswitchinterval(TURN)
    failures: list[BaseException] = []

    def begin() -> None:
        if opening.opened is None:
            try:
                _introduce(app, opening.open())
            except BaseException as error:  # whatever it is, first the terminal is given back
                failures.append(error)
                app.exit(FAILED)
                return
        opening.start()
        gc.enable()

    app.on_painted = begin
    if opening.opened is not None:
        _introduce(app, opening.opened)
    closing = Closing(opening, opening.leaving, opening.linger)
    with Guard(app, closing) as guard:
        status = _trained(app, opening, closing, guard)
    if failures:
        raise failures[0]
    opened = opening.opened
    if opened is not None and opened.on_background is not None and app.goes_on and not status:
        return opened.on_background()
    return status


def _introduce(app: DicttuiApp, opened: Opened) -> None:
    app.learn(
        display_of(opened.preset),
        worded=opened.worded,
        offers_background=opened.on_background is not None,
        news=opened.news,
        preset=opened.preset,
    )


def _trained(app: DicttuiApp, session: Opening, closing: Closing, guard: Guard) -> int:
    """Run the app, then end its training; the exit status."""
    patience = AT_ONCE
    try:
        with guard.drawing():
            left_with = app.run()
        if left_with is None:
            left_with = app.return_code or 0
        if guard.hurried_status is not None:
            left_with, app.patience = guard.hurried_status, AT_ONCE
        if session.latest().state != "loading":  # nothing is lost with what has not begun
            patience = GOING_ON if app.goes_on and not left_with else app.patience
        ended = closing.close(left_with, patience)
    except SystemExit as signalled:
        left_with = int(signalled.code or 0)
        if left_with != INTERRUPTED and session.latest().state != "loading":
            patience = PATIENCE
        else:
            patience = AT_ONCE
        ended = closing.close(left_with, patience)
    except Exception:
        closing.close(1, AT_ONCE)
        raise
    status = status_of(session.latest(), left_with)
    if not ended:
        if app.goes_on and not status:
            status = FAILED
        closing.finish(status, 0.0, 0.0 if patience == AT_ONCE else SAVING)
        if session.latest().state != "loading":
            recorded_as = session.opened.recorded_as if session.opened is not None else ""
            sys.stderr.write(
                f"dicttui: {abandoned(recorded_as, goes_on=app.goes_on and not left_with)}\n"
            )
            sys.stderr.flush()
        # The interpreter's own way to end is an abort where another thread is still in torch.
        os._exit(status)
    return status


def run_attached(
    session: "SessionProtocol",
    *,
    id: str,  # noqa: A002 - what the command line calls it
    refresh: float = 4.0,
    theme: str | None = None,
    theme_from: str = "--theme",
    ascii: bool = False,  # noqa: A002 - the option's name
    readonly: bool = False,
    bell: bool = True,
    on_painted: Callable[[], None] | None = None,
    state_directory: Path | None = None,
    news: Callable[[], str] | None = None,
    holder: Callable[[], str] | None = None,
) -> int:
    """Look at a training that is others', and goes on when the app is left.

    Args:
        session: what is looked at; opened and closed by the caller.
        id: the experiment's.
        refresh: how often the screen is drawn, in Hz.
        theme: a theme's name; None is our dark one.
        theme_from: where the theme was named, for an error.
        ascii: whether to write 7-bit characters only.
        readonly: whether keys that change the training are refused.
        bell: whether a run that finishes or diverges rings.
        on_painted: called once, when the first screen has been painted.
        state_directory: where to save what the current directory does not take.
        news: what a person is to be told once the training is there, or nothing; called in a
            thread of its own.
        holder: who else holds the controls now; empty: nobody.

    Returns:
        The exit status: 0, 2 if the theme is not known or if there is no terminal, 130 if it was
        left by Ctrl-C, 128 and the number of the signal that ended the app.

    """
    if not has_terminal():
        return WRONG_USAGE
    app = DicttuiApp(
        session,
        refresh=refresh,
        theme=theme,
        ascii=ascii,
        readonly=readonly,
        bell=bell,
        on_painted=on_painted,
        on_ready=freeze_garbage,
        owns_training=False,
        state_directory=state_directory,
        news=news,
        holder=holder,
    )
    if not knows_theme(app, theme, theme_from):
        return WRONG_USAGE
    app.sub_title = id
    gc.enable()
    with Guard(app, None) as guard:
        return _looked(app, guard)


def watch(
    recorded: "Recorded",
    *,
    refresh: float = 4.0,
    theme: str | None = None,
    theme_from: str = "--theme",
    ascii: bool = False,  # noqa: A002 - the option's name
    state_directory: Path | None = None,
) -> int:
    """Look at a recorded experiment; nothing is trained.

    Args:
        recorded: what is looked at.
        refresh: how often the screen is drawn, in Hz.
        theme: a theme's name; None is our dark one.
        theme_from: where the theme was named, for an error.
        ascii: whether to write 7-bit characters only.
        state_directory: where to save what the current directory does not take.

    Returns:
        The exit status: 0, 2 if the theme is not known or if there is no terminal, 130 if it was
        left by Ctrl-C, 128 and the number of the signal that ended the app.

    Raises RecordError if there is nothing to look at.

    """
    if not has_terminal():
        return WRONG_USAGE
    from dicttui.record.playback import PlaybackSession

    session = PlaybackSession(recorded)
    app = DicttuiApp(
        session,
        refresh=refresh,
        theme=theme,
        ascii=ascii,
        bell=False,
        display=display_of(recorded.preset()),
        owns_training=False,
        state_directory=state_directory,
        player=session,
    )
    if not knows_theme(app, theme, theme_from):
        return WRONG_USAGE
    gc.enable()
    with Guard(app, None) as guard:
        return _looked(app, guard)


def _looked(app: DicttuiApp, guard: Guard) -> int:
    """Run an app whose training is not its own; the exit status."""
    try:
        with guard.drawing():
            left_with = app.run()
    except SystemExit as signalled:
        return int(signalled.code or 0)
    return (app.return_code or 0) if left_with is None else left_with


def has_terminal() -> bool:
    """Whether there is a terminal for the app; says so if there is none."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if all(stream is not None and stream.isatty() for stream in streams):
        return True
    if sys.stderr is not None:
        sys.stderr.write(NO_TERMINAL)
    return False


def knows_theme(app: DicttuiApp, theme: str | None, theme_from: str) -> bool:
    """Whether there is a theme of this name; says so if there is none."""
    if theme is None or theme in app.available_themes:
        return True
    allowed = ", ".join(sorted(app.available_themes))
    sys.stderr.write(f"{theme_from}: {theme!r} is not known; allowed: {allowed}\n")
    return False


def display_of(preset: "Preset") -> Display:
    """How the chart stands at the start."""
    return Display(
        chart=ChartSettings(
            metric=preset.charted,
            log_y=preset.display.y == "log",
            log_x=preset.display.x == "log",
            smoothing=preset.display.smoothing,
        )
    )


def abandoned(recorded_as: str, *, goes_on: bool) -> str:
    """What a person is told where a step did not end in time.

    Args:
        recorded_as: the id under which the training is recorded; empty: it is not.
        goes_on: whether it was to go on in the background.

    """
    words = "a step was still being made; it has been abandoned"
    if goes_on:
        words += ", and nothing trains in the background"
    if recorded_as:
        words += f"; dicttui resume {recorded_as} goes on from the last checkpoint"
    return words


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
    return FAILED if ended_badly or snapshot.state == "failed" else 0
