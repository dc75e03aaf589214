"""The table of keys, and what each key does."""

from dataclasses import replace
from typing import Any

import handmade
import pytest
from driving import Driver, drive

from dicttui.training.interventions import (
    Advance,
    Continue,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
)
from dicttui.training.snapshot import Snapshot
from dicttui.tui.commands import LEFT_OUT
from dicttui.tui.controls import READ_ONLY, Controls
from dicttui.tui.display import Display
from dicttui.tui.keys import BY_NAME, KEYS, fitting, footer_keys, works_on

NAMES = {"<": "less_than_sign", ">": "greater_than_sign", "+": "plus", "=": "equals_sign",
         "-": "minus", ".": "full_stop", "?": "question_mark", "/": "slash"}  # fmt: skip


@pytest.mark.parametrize("screen", ["main", "tables", "atoms", "sample", "why", "help"])
def test_no_key_has_two_meanings_on_a_screen(screen: str) -> None:
    keys = [name for key in KEYS if works_on(key, screen) for name in key.keys]
    assert len(keys) == len(set(keys))


def test_every_name_of_the_table_is_a_control() -> None:
    for key in KEYS:
        if key.name:
            assert callable(getattr(Controls, key.name)), key.name


@pytest.mark.parametrize("width", [1, 10, 20, 60, 80, 120, 200, 400])
def test_the_footer_fits_and_keeps_what_is_needed_most(width: int) -> None:
    keys = footer_keys(True, handmade.two_runs(), Display())
    labels = [key.label(handmade.two_runs(), Display()) for key in keys]
    kept = fitting(keys, labels, width)
    cells = sum(len(keys[i].written) + 1 + len(labels[i]) for i in kept) + 2 * (len(kept) - 1)
    assert cells <= width or not kept
    if width >= 20:
        assert keys[kept[0]].name == "pause_all"
    if width == 400:
        assert len(kept) == len(keys)


def offered(snapshot: Snapshot, **display: Any) -> list[str]:
    return [key.name for key in footer_keys(True, snapshot, Display(**display))]


def test_the_footer_offers_first_to_continue_what_has_ended() -> None:
    ended = handmade.two_finished()
    keys = footer_keys(True, ended, Display())
    assert keys[0].name == "go_on"
    for width in (15, 30, 80):
        labels = [key.label(ended, Display()) for key in keys]
        shown = [keys[place] for place in fitting(keys, labels, width)]
        assert shown[0].label(ended, Display()) == "continue"


def test_the_footer_hides_keys_that_can_do_nothing() -> None:
    training = {"pause_all", "pause_run", "one_step", "steps", "slower", "stop"}
    assert training <= set(offered(handmade.two_runs()))
    assert not training & set(offered(handmade.two_finished()))
    assert "faster" not in offered(handmade.two_runs())
    assert "faster" in offered(replace(handmade.two_runs(), pace=20.0))
    rates = {"double_rate", "halve_rate", "learning_rate", "reset_optimizer"}
    assert rates <= set(offered(handmade.one_diverged(), selected="adam"))
    assert not rates & set(offered(handmade.one_diverged(), selected="sgd"))
    assert "pause_all" in offered(handmade.one_diverged(), selected="sgd")
    assert "pause_run" not in offered(handmade.one_diverged(), selected="sgd")
    assert "device" not in offered(replace(handmade.two_runs(), devices=()))
    assert "next_run" not in offered(handmade.one_run())
    assert "samples" not in offered(handmade.two_runs())
    assert "samples" in offered(handmade.planted())
    assert "rows" not in offered(handmade.no_metrics())


def test_the_footer_of_a_screen_that_only_looks_offers_no_control() -> None:
    for name in offered(handmade.two_runs(), readonly=True):
        assert not BY_NAME[name].control


def test_the_footer_says_what_a_key_does_now() -> None:
    pause = BY_NAME["pause_all"]
    assert pause.label(handmade.two_runs(), Display()) == "pause"
    assert pause.label(handmade.two_paused(), Display()) == "resume"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("space", Pause()),
        ("p", Pause("adam")),
        (".", Advance(1)),
        ("c", Continue()),
        ("<", SetPace(2000.0)),
        ("+", SetLearningRate("adam", factor=2.0)),
        ("=", SetLearningRate("adam", factor=2.0)),
        ("-", SetLearningRate("adam", factor=0.5)),
        ("o", ResetOptimizer("adam")),
        ("u", Undo("adam")),
        ("b", Restart("adam")),
        ("x", Stop("adam")),
    ],
)
def test_a_key_submits_its_intervention(key: str, expected: Any) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(NAMES.get(key, key))
        assert app.session.submitted == [expected]

    drive(scenario, handmade.two_runs())


def test_space_resumes_what_is_paused() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("space")
        assert app.session.submitted == [Resume()]

    drive(scenario, handmade.two_paused())


def test_faster_than_the_fastest_pace_is_full_speed() -> None:
    async def scenario(app: Driver) -> None:
        for _ in range(4):
            await app.press("less_than_sign")
        for _ in range(9):
            await app.press("greater_than_sign")
        paces = [change.steps_per_second for change in app.session.submitted]
        assert paces[-1] is None
        assert None not in paces[:-1]
        await app.see("already goes as fast as it can")

    drive(scenario, handmade.two_runs())


def test_keys_act_on_the_selected_run() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "plus")
        await app.press("tab", "plus")
        await app.press("shift+tab", "plus")
        await app.press("9", "plus")
        names = [change.run for change in app.session.submitted]
        assert names == ["sgd", "adam", "sgd", "sgd"]

    drive(scenario, handmade.two_runs())


def test_the_selected_card_is_marked_without_colour() -> None:
    async def scenario(app: Driver) -> None:
        assert "[1] ● adam" in app.text()
        await app.press("2")
        await app.see("[2] ■ sgd")
        assert "[1]" not in app.text()

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize(
    ("key", "field", "values"),
    [
        ("y", "log_y", [False, True]),
        ("g", "log_x", [True, False]),
        ("t", "seconds", [True, False]),
        ("m", "smoothing", ["light", "strong", "off"]),
        ("h", "samples", ["held-out", "both", "train"]),
    ],
)
def test_chart_keys_change_the_chart(key: str, field: str, values: list[Any]) -> None:
    async def scenario(app: Driver) -> None:
        for value in values:
            await app.press(key)
            assert getattr(app.app.showing.chart, field) == value
        assert not app.session.submitted

    drive(scenario, handmade.two_runs())


def test_the_axis_is_named_on_the_chart() -> None:
    async def scenario(app: Driver) -> None:
        await app.see("loss (log) over steps")
        await app.press("y", "t")
        await app.see("loss over seconds")

    drive(scenario, handmade.two_runs())


def test_enter_enlarges_the_selected_card() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "enter")
        await app.until(lambda: "adam" not in "\n".join(app.lines()[1:-3]))
        await app.press("escape")
        await app.see(" 1  ● adam")

    drive(scenario, handmade.two_runs())


def test_a_frozen_display_stands_still_and_comes_back() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("v")
        await app.see("display frozen")
        app.session.show(handmade.snapshot(handmade.adam(9_999), handmade.sgd(9_999)))
        await app.settle()
        app.app._look()
        await app.settle()
        assert "9,999" not in app.text()
        await app.press("v")
        await app.see("step 9,999")

    drive(scenario, handmade.two_runs())


CONTROLS = [key for key in KEYS if key.control]


@pytest.mark.parametrize("key", CONTROLS, ids=lambda key: key.name)
def test_a_read_only_app_refuses_to_control_and_says_so(key: Any) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(NAMES.get(key.keys[0], key.keys[0]))
        await app.see(READ_ONLY)
        assert app.session.submitted == []
        assert app.kind == "main"

    drive(scenario, handmade.two_runs(), readonly=True)


def test_nothing_is_submitted_before_there_is_a_training() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("space", "plus", "l", "b")
        assert app.session.submitted == []
        assert app.kind == "loading"

    drive(scenario, handmade.loading())


def test_the_theme_key_goes_round() -> None:
    async def scenario(app: Driver) -> None:
        first = app.app.theme
        seen = {first}
        for _ in range(20):
            await app.press("T")
            seen.add(app.app.theme)
            if app.app.theme == first:
                break
        assert app.app.theme == first
        assert {"dicttui-dark", "dicttui-light"} < seen

    drive(scenario, handmade.two_runs())


def test_the_palette_offers_the_table() -> None:
    async def scenario(app: Driver) -> None:
        offered = " ".join(c.title for c in app.app.get_system_commands(app.app.screen))
        for key in KEYS:
            if key.name not in ("", *LEFT_OUT) and works_on(key, "main"):
                assert f"({key.written})" in offered
        await app.press("ctrl+p")
        assert app.kind == "CommandPalette"

    drive(scenario, handmade.two_runs())


def test_a_click_on_the_footer_is_its_key() -> None:
    async def scenario(app: Driver) -> None:
        x = app.lines()[-1].index("pause")
        await app.pilot.click(offset=(x, 39))
        await app.settle()
        assert app.session.submitted == [Pause()]

    drive(scenario, handmade.two_runs())


def test_a_click_on_a_card_selects_its_run() -> None:
    async def scenario(app: Driver) -> None:
        await app.pilot.click(offset=(90, 5))
        await app.see("[2] ■ sgd")

    drive(scenario, handmade.two_runs())
