"""Every screen at every size, in 7 bits, and without needless repaints."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import handmade
import pytest
from driving import Driver, drive
from textual.screen import UPDATE_PERIOD

from dicttui.training.snapshot import Snapshot
from dicttui.tui import cadence
from dicttui.tui.keys import KEYS
from dicttui.tui.numbers import number
from dicttui.tui.screens.events import EventsScreen
from dicttui.tui.screens.help import TITLE
from dicttui.tui.screens.live import LiveScreen
from dicttui.tui.screens.main import MainScreen
from dicttui.tui.screens.rows import RowsScreen
from dicttui.tui.widgets.lines import Lines

SIZES = [(1, 1), (2, 2), (5, 3), (20, 5), (24, 7), (60, 16), (80, 24), (300, 3), (3, 100),
         (300, 100)]  # fmt: skip
OPENING = {"help": "question_mark", "events": "e", "rows": "r", "dead": "z", "atoms": "a",
           "sample": "i", "why": "w",
           "LearningRateDialog": "l", "DeviceDialog": "d", "StepsDialog": "n",
           "ConfirmDialog": "q", "ForkDialog": "f", "NoteDialog": "k",
           "MetricDialog": "j", "CommandPalette": "ctrl+p"}  # fmt: skip


@pytest.mark.parametrize("name", handmade.SNAPSHOTS)
def test_every_state_at_every_size(name: str) -> None:
    async def scenario(app: Driver) -> None:
        for width, height in SIZES[::3]:
            await app.resize(width, height)
            lines = app.lines()
            assert len(lines) == height
            if width >= 20 and height >= 5:
                assert "".join(lines).strip()

    drive(scenario, handmade.SNAPSHOTS[name]())


@pytest.mark.parametrize("kind", OPENING)
def test_every_screen_opens_at_every_size_and_closes(kind: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(OPENING[kind])
        await app.until(lambda: app.kind == kind)
        for width, height in SIZES:
            await app.resize(width, height)
        await app.press("escape")
        await app.until(lambda: app.kind == "main")
        assert app.session.submitted == []

    drive(scenario, handmade.recorded(handmade.planted()))


@pytest.mark.parametrize("kind", ["rows", "events", "main"])
def test_a_picture_that_comes_before_a_new_screen_s_widgets_does_no_harm(kind: str) -> None:
    snapshot = handmade.planted()
    run = snapshot.runs[0].name

    async def scenario(app: Driver) -> None:
        screens: dict[str, Callable[[], LiveScreen]] = {
            "rows": lambda: RowsScreen(app.app.glyphs, run),
            "events": lambda: EventsScreen(app.app.glyphs, app.app.receipts),
            "main": lambda: MainScreen(
                app.app.glyphs, [run.name for run in snapshot.runs], app.app.looks
            ),
        }
        opened = app.app.push_screen(screens[kind]())
        assert app.kind == kind
        app.app.redraw()
        await opened
        await app.see({"rows": f"Rows of {run}", "events": "Events", "main": run}[kind])

    drive(scenario, snapshot)


@pytest.mark.parametrize("runs", [3, 8, 16])
def test_many_runs_are_all_told_of_on_a_small_screen(runs: int) -> None:
    snapshot = handmade.many_runs(runs)

    async def scenario(app: Driver) -> None:
        await app.settle()
        for run in snapshot.runs:
            assert run.name in app.text()
            assert number(run.loss) in app.text()

    drive(scenario, snapshot, size=(80, 24))


def test_the_selected_of_many_runs_is_scrolled_to() -> None:
    snapshot = handmade.many_runs(16)

    async def scenario(app: Driver) -> None:
        assert snapshot.runs[-1].name not in app.text()
        await app.press("shift+tab")
        await app.see(f"[16] {app.app.glyphs.run_marker(15)} {snapshot.runs[-1].name}")

    drive(scenario, snapshot, size=(40, 12))


@pytest.mark.parametrize("name", handmade.SNAPSHOTS)
def test_ascii_is_seven_bits(name: str) -> None:
    async def scenario(app: Driver) -> None:
        for width, height in ((20, 5), (80, 24), (140, 45)):
            await app.resize(width, height)
            assert app.text().isascii(), [c for c in app.text() if ord(c) > 127]

    drive(scenario, handmade.SNAPSHOTS[name](), ascii=True)


@pytest.mark.parametrize("kind", OPENING)
def test_ascii_is_seven_bits_on_every_screen(kind: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("plus", OPENING[kind])
        await app.until(lambda: app.kind == kind)
        for size in ((120, 40), (30, 10)):
            await app.resize(*size)
            assert app.text().isascii(), {c for c in app.text() if ord(c) > 127}

    drive(scenario, handmade.recorded(handmade.long_names()), ascii=True)


@pytest.mark.parametrize("key", ["question_mark", "e", "r", "z", "a", "i", "w"])
def test_the_key_that_opens_a_screen_closes_it(key: str) -> None:
    async def scenario(app: Driver) -> None:
        for _ in range(2):
            await app.press(key)
            await app.until(lambda: app.kind != "main")
            await app.press(key)
            await app.until(lambda: app.kind == "main")

    drive(scenario, handmade.two_runs())


def test_the_help_lists_the_whole_table_under_its_title() -> None:
    async def scenario(app: Driver) -> None:
        assert TITLE == "Keys and screens"
        await app.press("question_mark")
        await app.see(TITLE)
        text = app.text()
        for key in KEYS:
            assert key.help in text
        await app.press("escape")
        for opening in OPENING.values():
            if opening == "question_mark":
                continue
            await app.press(opening)
            assert TITLE not in app.text()
            await app.press("escape")

    drive(scenario, handmade.two_runs(), size=(160, 70))


def test_the_help_scrolls_where_it_has_no_room() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("question_mark")
        await app.see("more lines")
        assert "Search in a table" not in app.text()
        await app.press("end")
        await app.see("Search in a table")
        await app.press("home")
        await app.see("Training")

    drive(scenario, handmade.two_runs(), size=(80, 24))


ESSENTIAL = (
    "● adam", "▶ running", "4,200", "0.3636", "lr 0.01", "0.3529", "cpu", "mse 0.3512",
    "fvu 0.3587", "max/min 5.27", "loss (log) over steps", "pause", "quit",
)  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_what_is_essential_is_on_the_screen(size: tuple[int, int]) -> None:
    async def scenario(app: Driver) -> None:
        text = app.text()
        for words in ESSENTIAL:
            assert words in text

    drive(scenario, handmade.two_runs(), size=size)


def test_every_one_of_eight_cards_has_its_step_and_loss() -> None:
    async def scenario(app: Driver) -> None:
        text = app.text()
        assert text.count("step 4,200") == 8
        assert text.count("best 0.") + text.count("best 1.") == 8
        assert text.count("max/min") == 16

    drive(scenario, handmade.many_runs(8))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_metrics_of_an_earlier_step_say_so(size: tuple[int, int]) -> None:
    async def scenario(app: Driver) -> None:
        assert app.text().count("at step 4,199") == 2
        await app.show(handmade.measured_earlier())
        await app.see("at step 3,999")
        assert "at step 4,063" in app.text()

    drive(scenario, handmade.two_runs(), size=size)


def test_the_norms_of_rows_and_atoms_stand_apart() -> None:
    async def scenario(app: Driver) -> None:
        row = next(line for line in app.lines() if " 2.660 " in line)
        assert "2.660  0 " in row

    drive(scenario, handmade.two_runs())


def test_a_diverged_run_stands_out_without_colour() -> None:
    async def scenario(app: Driver) -> None:
        assert "✗ diverged at step 1,320" in app.text()
        assert "decoder.weight went first" in app.text()
        assert "loss nan" in app.text()

    drive(scenario, handmade.one_diverged())


def test_alerts_and_the_dictionarys_own_rate_are_on_the_card() -> None:
    async def scenario(app: Driver) -> None:
        assert "▲ no new best loss for 2,000 steps" in app.text()
        await app.show(handmade.with_marks())
        assert "dictionary 0.001" in app.text()
        assert "warm-up 40/100" in app.text()

    drive(scenario, handmade.with_alerts())


def test_a_narrow_card_shows_the_whole_learning_rate() -> None:
    async def scenario(app: Driver) -> None:
        assert "lr 0.01" in app.text()

    drive(scenario, handmade.two_runs(), size=(30, 9))


def test_recovery_and_lambda_stand_beside_what_they_are_compared_with() -> None:
    async def scenario(app: Driver) -> None:
        assert "mmcs 0.981/0.51" in app.text()
        assert "recovered 97%" in app.text()
        assert "held-out 1.97" in app.text()
        await app.show(handmade.two_runs())
        assert "λ 10 field, preset 0.01" in app.text()

    drive(scenario, handmade.planted())


async def _counting(app: Driver) -> Callable[[], int]:
    """How often is painted from now on, where what was asked for before has been painted."""
    painted: list[object] = []
    display = app.app._display

    def counted(screen: object, renderable: object) -> None:
        if renderable is not None:
            painted.append(renderable)
        display(screen, renderable)  # type: ignore[arg-type]

    app.app._display = counted  # type: ignore[method-assign, assignment]
    while True:
        painted.clear()
        # A screen that is covered tells of what it had left at the next tick of Textual's clock.
        await asyncio.sleep(2 * UPDATE_PERIOD)
        await app.settle()
        if not painted:
            return lambda: len(painted)


async def _look(app: Driver, snapshot: Snapshot) -> None:
    app.session.show(snapshot)
    app.app._look()
    await app.settle()


def test_nothing_is_painted_while_nothing_changes() -> None:
    async def scenario(app: Driver) -> None:
        painted = await _counting(app)
        paused = handmade.two_paused()
        busy = replace(handmade.SYSTEM, process_memory=10**9, processor_load=0.3)
        for seconds in (3.0, 4.0, 5.0):
            await _look(app, replace(paused, seconds=seconds, system=busy))
        assert painted() == 0
        await _look(app, handmade.two_runs())
        assert painted() > 0

    drive(scenario, handmade.two_paused())


def test_nothing_is_painted_while_the_display_is_frozen() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("v")
        painted = await _counting(app)
        for step in (5_000, 6_000):
            await _look(app, handmade.snapshot(handmade.adam(step), handmade.sgd(step)))
        assert painted() == 0

    drive(scenario, handmade.two_runs())


def test_nothing_is_painted_behind_another_screen() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("question_mark")
        painted = await _counting(app)
        for step in (5_000, 6_000):
            await _look(app, handmade.snapshot(handmade.adam(step), handmade.sgd(step)))
        assert painted() == 0
        await app.press("escape")
        await app.see("step 6,000")

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize("key", ["v", "question_mark", "l"], ids=["frozen", "screen", "dialog"])
def test_nothing_is_drawn_that_nobody_sees(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Lines] = []
    redraw = Lines.redraw
    monkeypatch.setattr(Lines, "redraw", lambda self: (drawn.append(self), redraw(self)))

    async def scenario(app: Driver) -> None:
        await app.press(key)
        drawn.clear()
        for step in (5_000, 6_000):
            await _look(app, handmade.snapshot(handmade.adam(step), handmade.sgd(step)))
        assert drawn == []

    drive(scenario, handmade.two_runs())


def test_curves_catch_up_where_no_other_picture_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cadence, "SECONDS", 1e9)
    monkeypatch.setattr(cadence, "LATE", 0.3)

    async def scenario(app: Driver) -> None:
        assert "4000" in app.text()
        await app.show(handmade.snapshot(handmade.adam(40_000), handmade.sgd(40_000)))
        assert "40,000" in app.text()
        assert "35000" not in app.text()
        await app.see("35000")

    drive(scenario, handmade.two_runs())


def test_another_theme_reaches_the_screens_that_are_there_already() -> None:
    async def scenario(app: Driver) -> None:
        def background() -> str:
            strips = app.app.screen._compositor.render_strips()
            (last,) = strips[-6].crop(119)
            return str(last.style.bgcolor.triplet.hex)

        await app.press("question_mark", "escape", "T")
        wanted = app.app.theme_variables["background"].lower()
        await app.until(lambda: background() == wanted)
        await app.press("question_mark")
        await app.until(lambda: background() == wanted)

    drive(scenario, handmade.two_runs())


def test_the_rows_screen_asks_for_the_selected_runs_rows() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "r")
        await app.see("Rows of sgd")
        assert app.session.views[-1].rows_of == ("sgd",)
        await app.see("5 rows")
        await app.press("escape")
        await app.until(lambda: app.session.views[-1].rows_of == ())

    drive(scenario, handmade.two_runs())


def test_rows_are_sorted_searched_and_many() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("r")
        await app.see("16,384 rows")
        await app.press("right")
        await app.see("by norm, largest first")
        await app.press("slash", *"12000", "enter")
        await app.see(" 12000 ")
        await app.press("slash", *"99999", "enter")
        await app.see("there is no row '99999'")
        await app.press("slash")
        await app.press("escape")
        assert app.kind == "rows"

    drive(scenario, handmade.large_dictionary())


def test_rows_name_the_nearest_true_atom_only_where_there_are_true_atoms() -> None:
    async def planted(app: Driver) -> None:
        await app.press("r")
        await app.see("cosine")

    async def article(app: Driver) -> None:
        await app.press("r")
        await app.see("atom norm")
        assert "cosine" not in app.text()

    drive(planted, handmade.planted())
    drive(article, handmade.two_runs())


def test_the_first_screen_says_what_is_loaded_then_gives_way() -> None:
    async def scenario(app: Driver) -> None:
        await app.see("loading torch…")
        await app.press("question_mark")
        await app.see(TITLE)
        app.session.show(handmade.two_runs())
        await app.until(lambda: app.kind == "main")
        await app.see("● adam")

    drive(scenario, handmade.loading())


def test_a_training_that_cannot_start_says_what_to_do() -> None:
    async def scenario(app: Driver) -> None:
        await app.see("The training could not start")
        assert "samples.npy: not found" in app.text()
        assert "Traceback" not in app.text()

    drive(scenario, handmade.session_failed())


def test_a_training_that_fails_later_says_why_once() -> None:
    async def scenario(app: Driver) -> None:
        failed = replace(handmade.two_runs(), state="failed", detail="the GPU fell off the bus")
        app.session.show(failed)
        await app.see("the GPU fell off the bus")
        await app.press("enter")
        await app.until(lambda: app.kind == "main")
        app.session.show(failed)
        app.app._look()
        await app.settle()
        assert app.kind == "main"

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize(
    ("option", "after", "rings"),
    [(True, handmade.two_finished, 1), (True, handmade.one_diverged, 1),
     (False, handmade.two_finished, 0), (True, handmade.two_paused, 0)],
)  # fmt: skip
def test_the_bell_rings_once_when_a_run_ends(
    option: bool, after: Callable[[], Snapshot], rings: int
) -> None:
    async def scenario(app: Driver) -> None:
        rung: list[None] = []
        app.app.bell = lambda: rung.append(None)  # type: ignore[method-assign]
        await app.show(after())
        await app.show(after())
        assert len(rung) == rings

    drive(scenario, handmade.two_runs(), bell=option)
