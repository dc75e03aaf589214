"""The app on a real session, from the first paint to the terminal as it was."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicttui.training.snapshot import Snapshot
from dicttui.tui.app import INTERRUPTED, DicttuiApp
from dicttui.tui.display import ChartSettings, Display

if TYPE_CHECKING:
    from dicttui.preset.model import Preset

WRONG_USAGE = 2
SIGNALLED = 128
ENDING = (signal.SIGTERM, signal.SIGHUP)
NO_TERMINAL = (
    "dicttui: the app needs a terminal for input and output; allowed: in a pipe or a file, "
    "dicttui train PRESET\n"
)
DRAWING_SHARE = 0.04
"""Of a core, while something trains: what drawing takes, an eager training loses."""
UNSUCCESSFUL = frozenset({"diverged", "failed"})


def run(
    preset: "Preset",
    *,
    refresh: float = 4.0,
    theme: str | None = None,
    ascii: bool = False,  # noqa: A002 - the option's name
    readonly: bool = False,
    bell: bool = True,
) -> int:
    """Train a preset in the app. Garbage is collected from its first picture on.

    Args:
        preset: what to train; its [display] says how the chart stands at the start.
        refresh: how often the screen is drawn, in Hz.
        theme: a theme's name; None is our dark one.
        ascii: whether to write 7-bit characters only.
        readonly: whether keys that change the training are refused.
        bell: whether a run that finishes or diverges rings.

    Returns:
        The exit status: 0; 1 if every run diverged or failed; 2 if the theme is not known, or the
        samples, the network or the device cannot be had, or if there is no terminal; 130 if it was
        interrupted; 128 and the signal's number if SIGTERM or SIGHUP ended it.

    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        sys.stderr.write(NO_TERMINAL)
        return WRONG_USAGE
    from dicttui.training.session import Session

    session = Session(preset, paced=True)

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
    )
    if theme is not None and theme not in app.available_themes:
        sys.stderr.write(
            f"--theme: {theme!r} is not known; allowed: {', '.join(sorted(app.available_themes))}\n"
        )
        return WRONG_USAGE
    try:
        with leaving_on_signals(app):
            status = app.run()
    except KeyboardInterrupt:
        status = INTERRUPTED
    finally:
        session.close()
    return status_of(session.latest(), status if status is not None else app.return_code or 0)


@contextlib.contextmanager
def leaving_on_signals(app: DicttuiApp) -> Iterator[None]:
    """While this lasts a signal that asks to end lets the app put the terminal back first; the
    exit status is what a shell reports for a program that the signal ended.
    """

    def leave(number: int, _frame: object) -> None:
        status = SIGNALLED + number
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise SystemExit(status) from None
        loop.call_soon_threadsafe(app.leave, status)

    before = {number: signal.signal(number, leave) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
