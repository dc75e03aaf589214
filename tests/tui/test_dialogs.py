"""Dialogs: what they ask, what they refuse, what they submit."""

from dataclasses import replace

import handmade
import pytest
from driving import Driver, drive
from textual.widgets import Input

from dicttui.training.interventions import (
    Advance,
    MoveToDevice,
    SetLearningRate,
)
from dicttui.tui.app import INTERRUPTED
from dicttui.tui.screens.error import ErrorDialog


async def _type(app: Driver, text: str) -> None:
    app.app.screen.query_one(Input).value = text
    await app.press("enter")


def test_a_learning_rate_is_set_for_a_group_of_one_run() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "l")
        await app.see("sgd now: 0.01")
        await app.press("down", "down", "right", "up", "up")
        await _type(app, "3e-3")
        assert app.session.submitted == [SetLearningRate("sgd", lr=0.003, group="dictionary")]
        await app.until(lambda: app.kind == "main")

    drive(scenario, handmade.two_runs())


def test_a_learning_rate_is_set_for_all_runs() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("l", "tab", "right", "enter")
        assert app.session.submitted == [SetLearningRate(None, lr=0.01, group="both")]

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no number"),
        ("fast", "'fast' is no number"),
        ("0", "from 1e-12 to 1000"),
        ("-1", "from 1e-12 to 1000"),
        ("1e-13", "from 1e-12 to 1000"),
        ("1001", "from 1e-12 to 1000"),
        ("nan", "from 1e-12 to 1000"),
        ("inf", "from 1e-12 to 1000"),
    ],
)
def test_a_learning_rate_that_is_none_is_refused(text: str, why: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("l")
        await _type(app, text)
        await app.see(why)
        await _type(app, "0.5")
        assert app.session.submitted == [SetLearningRate("adam", lr=0.5)]

    drive(scenario, handmade.two_runs())


def test_a_learner_without_a_rate_says_so() -> None:
    async def scenario(app: Driver) -> None:
        for key in ("l", "plus"):
            await app.press(key)
            await app.see("adam has no learning rate")
        assert app.kind == "main"
        assert app.session.submitted == []

    drive(scenario, handmade.snapshot(replace(handmade.adam(), lr=None, base_lr=None)))


def test_steps_are_whole_and_for_all_runs_or_one() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("n")
        for text, why in (("1.5", "no whole number"), ("0", "from 1"), ("x", "no whole number")):
            await _type(app, text)
            await app.see(why)
        await _type(app, "2,500")
        await app.press("n", "down", "right", "enter")
        assert app.session.submitted == [Advance(2500), Advance(100, "adam")]

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize("text", ["1,,2", "1,5", "1_0", "-3", "0x10", "1.5", "９"])
def test_steps_that_are_no_whole_number_are_refused(text: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press("n")
        await _type(app, text)
        await app.see("no whole number")
        assert app.session.submitted == []

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize("key", ["n", "l"])
def test_a_very_long_text_is_refused_in_few_words(key: str) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(key)
        await _type(app, "9" * 5000)
        await app.see("cancel")
        assert app.text().count("99999") < 60
        assert app.session.submitted == []

    drive(scenario, handmade.two_runs(), size=(80, 24))


def test_a_very_long_error_leaves_its_answers_in_sight() -> None:
    async def scenario(app: Driver) -> None:
        app.app.push_screen(ErrorDialog("The training has ended by an error", "too long " * 500))
        await app.see("look at what is there")
        assert "log file" in app.text()

    drive(scenario, handmade.two_runs(), size=(80, 24))


def test_devices_are_listed_with_their_free_memory() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("d")
        await app.see("NVIDIA H100")
        assert "74 GiB free" in app.text()
        await app.press("down", "enter")
        assert app.session.submitted == [MoveToDevice("cuda:0", "adam")]
        await app.see("cpu → cuda:0")
        await app.press("d", "tab", "right", "enter")
        assert app.session.submitted[1] == MoveToDevice("cuda:0", None)

    drive(scenario, handmade.two_runs())


def test_the_list_of_devices_may_be_empty() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("d")
        await app.see("no devices are known yet")
        assert app.kind == "main"

    drive(scenario, replace(handmade.two_runs(), devices=()))


def test_the_chart_shows_what_was_chosen_and_asks_for_it() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("j")
        await app.see("mean squared error")
        await app.press("down", "enter")
        await app.see("mse (log) over steps")
        await app.until(lambda: "no steps yet" not in app.text())
        assert app.session.views[-1].series == ("mse",)

    drive(scenario, handmade.two_runs())


def test_quitting_asks_only_if_a_training_would_be_lost() -> None:
    async def unfinished(app: Driver) -> None:
        await app.press("q")
        await app.see("adam, sgd not finished")
        await app.press("escape")
        assert app.app.return_value is None
        await app.press("q", "enter")
        await app.until(lambda: app.app.return_value == 0)

    async def finished(app: Driver) -> None:
        await app.press("q")
        await app.until(lambda: app.app.return_value == 0)

    drive(unfinished, handmade.two_runs())
    drive(finished, handmade.two_finished())


@pytest.mark.parametrize(
    ("keys", "goes_on", "status"),
    [(["q", "enter"], False, 0), (["ctrl+c", "enter"], False, INTERRUPTED),
     (["q", "down", "enter"], True, 0), (["ctrl+c", "down", "enter"], True, 0)],
)  # fmt: skip
def test_what_is_recorded_stops_here_or_goes_on_in_the_background(
    keys: list[str], goes_on: bool, status: int
) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(keys[0])
        await app.see("dicttui resume 3f2a9c")
        for answer in ("stop here", "go on in the background", "stay"):
            assert answer in app.text()
        await app.press(*keys[1:])
        await app.until(lambda: app.app.return_value == status)
        assert app.app.goes_on is goes_on

    drive(scenario, handmade.recorded(handmade.two_runs()), offers_background=True)


def test_staying_is_an_answer_too_and_where_there_is_no_background_none_is_offered() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("q")
        await app.see("dicttui resume 3f2a9c")
        assert "background" not in app.text()
        await app.press("down", "enter")
        await app.until(lambda: app.kind == "main")
        assert app.app.return_value is None

    drive(scenario, handmade.recorded(handmade.two_runs()))


def test_what_is_not_recorded_at_the_moment_is_not_said_to_be() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("q")
        await app.see("disk full. From the last checkpoint")
        assert "background" not in app.text()

    drive(scenario, handmade.not_recorded(), offers_background=True)


@pytest.mark.parametrize(("key", "status"), [("q", 0), ("ctrl+c", INTERRUPTED)])
def test_a_training_that_others_own_is_left_without_a_question(key: str, status: int) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(key)
        await app.until(lambda: app.app.return_value == status)

    drive(scenario, handmade.recorded(handmade.two_runs()), owns_training=False)


def test_a_second_ctrl_c_leaves_at_once() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("l", "ctrl+c")
        await app.until(lambda: app.kind == "ConfirmDialog")
        await app.press("ctrl+c")
        await app.until(lambda: app.app.return_value == INTERRUPTED)

    drive(scenario, handmade.two_runs())


def test_staying_forgets_the_first_ctrl_c() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("ctrl+c", "escape", "ctrl+c")
        await app.until(lambda: app.kind == "ConfirmDialog")
        assert app.app.return_value is None

    drive(scenario, handmade.two_runs())


def test_leaving_tells_whoever_runs_the_app_once() -> None:
    told: list[str] = []

    async def scenario(app: Driver) -> None:
        await app.press("q")
        await app.until(lambda: app.app.return_value == 0)

    drive(scenario, handmade.two_finished(), on_quit=lambda: told.append("left"))
    assert told == ["left"]
