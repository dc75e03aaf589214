"""What a person sees: a picture of every size, theme, state, screen and dialog.

`pytest tests/tui/pictures --snapshot-update` takes them anew; look at each before it is accepted.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import handmade
import handmade_closeups
import handmade_findings
import pytest
from driving import Driver
from handmade import HandmadeSession
from textual.pilot import Pilot
from textual.widgets import Input

from dicttui.training.snapshot import Snapshot
from dicttui.tui import answers, cadence
from dicttui.tui.app import DicttuiApp


async def nothing(_app: Driver) -> None:
    """The screen as it opens."""


def press(*keys: str) -> Callable[[Driver], Awaitable[None]]:
    """Keys, one after another, each once the one before has been drawn."""

    async def scenario(app: Driver) -> None:
        for key in keys:
            await app.press(key)

    return scenario


async def frozen_seconds_of_mse(app: Driver) -> None:
    """The chart of another metric over time, frozen once it stands."""
    await press("t", "j", "down", "enter")(app)
    await app.see("mse (log) over seconds")
    await app.press("v")


async def another_row_and_order(app: Driver) -> None:
    """The rows by another column, once they are there."""
    await app.press("r")
    await app.see("rows, after")
    await press("right", "down")(app)


def dead_atoms(*keys: str) -> Callable[[Driver], Awaitable[None]]:
    """How often atoms fire, then keys."""

    async def scenario(app: Driver) -> None:
        await app.press("z")
        await app.see("never")
        await press(*keys)(app)

    return scenario


async def the_last_by_norm(app: Driver) -> None:
    """The end of very many rows, largest norms first."""
    await app.press("r")
    await app.see("16,384 rows")
    await app.press("right")
    await app.press("end")
    await app.until(lambda: "0.5" in app.lines()[-4])


async def scatter(app: Driver) -> None:
    """Error over sparsity in place of curves."""
    await press("j", "down", "down", "down", "enter")(app)
    await app.see("fvu (log) over l0")


async def three_receipts(app: Driver) -> None:
    """One intervention applied, one failed, one that waits for its answer."""
    await app.press("plus")
    app.session.apply(1)
    await app.press("minus")
    app.session.refuse(2, "cuda:0 is out of memory; the run goes on where it was")
    await app.press("space")
    await app.press("e")
    await app.see("requested")


async def ended_by_an_error(app: Driver) -> None:
    """The trainer's thread ends by an error while the main screen is up."""
    snapshot = app.session.snapshot
    await app.show(replace(snapshot, state="failed", detail="DataError: samples.npy has gone."))
    await app.until(lambda: app.kind == "ErrorDialog")


@dataclass(frozen=True)
class Picture:
    """What is shown, how large, and what is done before the picture is taken."""

    snapshot: Snapshot
    size: tuple[int, int] = (120, 40)
    scenario: Callable[[Driver], Awaitable[None]] = nothing
    options: dict[str, Any] = field(default_factory=dict)
    answer: bool = True


LARGE, USUAL, SMALL = (200, 60), (120, 40), (80, 24)
PICTURES = {
    # Sizes
    "main_120x40": Picture(handmade.two_runs()),
    "main_80x24": Picture(handmade.measured_earlier(), SMALL),
    "main_200x60_four_runs": Picture(handmade.many_runs(4), LARGE),
    "main_60x18": Picture(handmade.one_failed(), (60, 18)),
    "main_20x5": Picture(handmade.two_runs(), (20, 5)),
    # Looks
    "light": Picture(handmade.with_alerts(), options={"theme": "dicttui-light"}),
    "ascii_log_log": Picture(handmade.with_marks(), scenario=press("g"), options={"ascii": True}),
    "no_colour": Picture(handmade.with_alerts(), SMALL),
    # States
    "loading_notice": Picture(
        handmade.loading("mine.toml imports mynet:Net: this runs code of yours. Loading torch…"),
        (60, 18),
    ),
    "session_failed": Picture(handmade.session_failed(), (60, 18)),
    "paused_at_the_start": Picture(handmade.at_the_start(), SMALL),
    "finished": Picture(handmade.two_finished(), SMALL),
    "diverged": Picture(handmade.one_diverged()),
    "nan_losses": Picture(handmade.nan_losses()),
    "no_metrics": Picture(handmade.no_metrics(), (40, 12)),
    "long_names": Picture(handmade.long_names(), SMALL),
    # Runs and rows
    "one_run": Picture(handmade.one_run(), SMALL),
    "eight_runs": Picture(handmade.many_runs(8)),
    "sixteen_runs": Picture(handmade.many_runs(16), LARGE),
    "sixteen_runs_small": Picture(handmade.many_runs(16), SMALL),
    "eight_runs_small": Picture(handmade.many_runs(8), SMALL),
    "planted": Picture(handmade.planted(), scenario=press("h", "h")),
    "many_rows": Picture(handmade.large_dictionary()),
    "enlarged": Picture(handmade.planted(), scenario=press("tab", "enter")),
    "forked": Picture(handmade.forked(), scenario=press("3")),
    "taken_back": Picture(handmade.two_runs(), SMALL, press("x", "u")),
    # The recording
    "not_recorded": Picture(handmade.not_recorded(), SMALL, press("plus")),
    "not_recorded_30x7": Picture(handmade.not_recorded(), (30, 7)),
    "catching_up": Picture(handmade.catching_up(), SMALL),
    # The chart
    "ghosts": Picture(handmade.with_ghosts()),
    "ghosts_seconds_smooth": Picture(handmade.with_ghosts(), SMALL, press("t", "m", "y")),
    "ghosts_ascii": Picture(handmade.with_ghosts(), SMALL, options={"ascii": True}),
    "chart_linear_smooth": Picture(handmade.with_marks(), SMALL, press("y", "m", "m")),
    "scatter": Picture(handmade.scattered(), scenario=scatter),
    "scatter_ascii_small": Picture(handmade.scattered(), SMALL, scatter, {"ascii": True}),
    "minibatches": Picture(handmade.dying(2), SMALL),
    "chart_seconds_of_mse": Picture(handmade.two_runs(), scenario=frozen_seconds_of_mse),
    # Screens
    "rows": Picture(handmade.planted(), scenario=another_row_and_order),
    "rows_of_many": Picture(handmade.large_dictionary(), scenario=the_last_by_norm),
    "rows_narrow": Picture(handmade.large_dictionary(), SMALL, press("r")),
    "atoms": Picture(
        handmade_closeups.three_pictures(), (120, 24), press("a", "left", "3", "down")
    ),
    "atoms_one_scale_light": Picture(
        handmade_closeups.pictures(), SMALL, press("a", "A", "O"), {"theme": "dicttui-light"}
    ),
    "atoms_ascii": Picture(
        handmade_closeups.pictures(), SMALL, press("a"), options={"ascii": True}
    ),
    "atoms_30x8": Picture(handmade_closeups.pictures(), (30, 8), press("a")),
    "atoms_are_no_pictures": Picture(handmade.two_runs(), SMALL, press("a")),
    "sample": Picture(handmade_closeups.pictures(), scenario=press("i", "right_square_bracket")),
    "sample_narrow": Picture(handmade_closeups.pictures(), SMALL, press("i", "2")),
    "sample_of_known_atoms": Picture(handmade_closeups.known_atoms(), scenario=press("i")),
    "dead": Picture(handmade.dying(), scenario=dead_atoms("tab")),
    "dead_small": Picture(handmade.dying(), SMALL, dead_atoms()),
    "dead_ascii_eight_runs": Picture(
        handmade.dying(8), SMALL, dead_atoms("shift+tab"), {"ascii": True}
    ),
    "events": Picture(handmade.two_runs(), scenario=three_receipts, answer=False),
    "findings": Picture(handmade_findings.diagnosed()),
    "findings_small": Picture(handmade_findings.diagnosed(), SMALL),
    "why": Picture(handmade_findings.diagnosed(), scenario=press("w")),
    "why_small": Picture(handmade_findings.diagnosed(), SMALL, press("w", "down")),
    "why_ascii": Picture(
        handmade_findings.diagnosed(), SMALL, press("w", "pagedown"), {"ascii": True}
    ),
    "why_30x7": Picture(handmade_findings.diagnosed(), (30, 7), press("w")),
    "help": Picture(handmade.two_runs(), scenario=press("question_mark")),
    "palette": Picture(handmade.two_runs(), SMALL, press("ctrl+p", "l", "r")),
    # Dialogs
    "dialog_learning_rate": Picture(
        handmade.two_runs(), SMALL, press("l", "ctrl+u", *"fast", "enter")
    ),
    "dialog_device": Picture(handmade.on_a_gpu(), SMALL, press("d")),
    "dialog_steps": Picture(handmade.two_runs(), (40, 12), press("n")),
    "dialog_fork": Picture(
        handmade.forked(),
        SMALL,
        press("f", "down", "right", "down", "down", "ctrl+u", "x", "enter"),
    ),
    "dialog_fork_low": Picture(handmade.forked(), (40, 12), press("f")),
    "dialog_note": Picture(handmade.forked(), (60, 18), press("k", *"before it fell")),
    "dialog_quit": Picture(
        handmade.two_runs(), SMALL, press("q"), options={"theme": "dicttui-light"}
    ),
    "dialog_quit_recorded": Picture(
        handmade.recorded(handmade.two_runs()),
        SMALL,
        press("q"),
        options={"offers_background": True},
    ),
    "dialog_metric": Picture(handmade.planted(), SMALL, press("j")),
    "dialog_remedy": Picture(handmade_findings.diagnosed(), SMALL, press("w", "enter", "down")),
    "dialog_error": Picture(handmade.two_runs(), SMALL, ended_by_an_error),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture(name: str, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    if name == "no_colour":
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(cadence, "SECONDS", 0.0)
    # An intervention that waits for its answer is not waited for at the quick rate.
    monkeypatch.setattr(answers, "QUICK_PATIENCE", 0.0)
    picture = PICTURES[name]
    session = HandmadeSession(picture.snapshot, answer=picture.answer)
    app = DicttuiApp(session, **picture.options)

    async def prepare(pilot: Pilot[Any]) -> None:
        driver = Driver(app, pilot, session)
        if picture.snapshot.state == "ready":
            await driver.until(lambda: driver.kind == "main")
        await driver.settle()
        await picture.scenario(driver)
        await driver.until(lambda: app.snapshot.sequence == session.snapshot.sequence)
        for field_ in app.screen.query(Input):
            field_.cursor_blink = False
        await driver.settle()

    assert snap_compare(app, terminal_size=picture.size, run_before=prepare)
