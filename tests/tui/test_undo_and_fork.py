"""Taking back, forking, keeping: what the keys ask for, and runs that come and go on the screen."""

from dataclasses import replace

import handmade
import pytest
from driving import Driver, drive
from textual.widgets import Input

from dicttui.training.interventions import Fork, Keep, Restart, SetLearningRate, Stop, Undo
from dicttui.tui.display import Display
from dicttui.tui.keys import BY_NAME, footer_keys
from dicttui.tui.selection import Looks
from dicttui.tui.widgets.choices import ChoiceLine


def label_of_undo(label: str) -> str:
    run = replace(handmade.adam(), undoable=f"{label} at step 7" if label else "", undo_label=label)
    return BY_NAME["undo"].label(handmade.snapshot(run), Display())


def test_u_says_what_it_takes_back() -> None:
    assert label_of_undo("lr 0.02") == "undo lr 0.02"
    assert label_of_undo("fork") == "undo fork"
    assert label_of_undo("") == "nothing to take back"
    assert "undo" not in {key.name for key in footer_keys(True, handmade.two_runs(), Display())}


def test_u_takes_back_again_and_again_and_says_when_nothing_is_left() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("plus", "plus")
        await app.see("undo lr 0.04")
        await app.press("u", "u")
        await app.see("lr 0.01")
        assert app.session.submitted[2:] == [Undo("adam"), Undo("adam")]
        await app.press("u")
        await app.see("nothing to take back")

    drive(scenario, handmade.two_runs())


@pytest.mark.parametrize(("key", "done"), [("x", Stop("adam")), ("b", Restart("adam"))])
def test_x_and_b_do_not_ask_and_say_how_to_take_it_back(key: str, done: object) -> None:
    async def scenario(app: Driver) -> None:
        await app.press(key)
        assert app.kind == "main"
        assert app.session.submitted == [done]
        await app.see("u takes it back")
        await app.press("u")
        assert replace(app.session.snapshot.runs[0], ghosts=()) == handmade.adam()

    drive(scenario, handmade.two_runs())


def test_what_if_i_had_halved_it_is_two_keys() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("f", "enter")
        assert app.session.submitted == [Fork("adam", lr=0.005)]
        await app.see("fork of adam at 4,200")
        # The new run is the selected one.
        await app.see("[3] ▲ adam-3")

    drive(scenario, handmade.two_runs())


def test_before_forking_it_is_said_what_it_takes() -> None:
    run = replace(handmade.adam(), fork_bytes=3 * 1024**2)

    async def scenario(app: Driver) -> None:
        await app.press("f")
        await app.see("It takes 3 MiB")
        await app.see("2 of at most 16")
        await app.press("escape")
        assert app.session.submitted == []

    drive(scenario, handmade.snapshot(run, handmade.sgd()))


def test_a_fork_differs_in_what_was_changed_and_in_nothing_else() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "f")
        await app.see("as it is: SGD")
        # Another optimizer, another constraint, another penalty, the same rate.
        await app.press("ctrl+u", *"0.01", "down", "right", "down", "right", "right", "down")
        await app.press("ctrl+u", *"0.25", "enter")
        asked = Fork("sgd", optimizer="Adam", constraint="max_norm", l1_coefficient=0.25)
        assert app.session.submitted == [asked]

    drive(scenario, handmade.two_runs())


def test_with_another_optimizer_the_rate_is_not_halved_as_well() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("f", "down", "right", "enter")
        assert app.session.submitted == [Fork("adam", optimizer="SGD")]
        await app.press("1", "f", "down", "right", "left", "enter")
        assert app.session.submitted[1] == Fork("adam", lr=0.005), "back to what it was for"
        await app.press("1", "f", "ctrl+u", *"0.3", "down", "right", "enter")
        assert app.session.submitted[2] == Fork("adam", optimizer="SGD", lr=0.3)

    drive(scenario, handmade.two_runs())


def test_while_it_catches_up_keys_that_would_be_refused_are_not_offered() -> None:
    run = replace(handmade.adam(), catching_up=5_000, undoable="lr 0.02 at step 7")
    offered = {key.name for key in footer_keys(True, handmade.snapshot(run), Display())}
    assert "pause_all" in offered
    assert offered.isdisjoint({"undo", "fork", "double_rate", "halve_rate", "learning_rate"})


def test_a_diverged_run_is_forked_with_a_warning() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "f")
        await app.until(lambda: app.kind == "ForkDialog")
        assert "It has diverged" in app.app.screen.body

    drive(scenario, handmade.one_diverged())


def test_what_is_no_rate_and_no_penalty_is_refused() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("f")
        rate, penalty = app.app.screen.query(Input)
        for field, wrong, why in (
            (rate, "fast", "'fast' is no number"),
            (rate, "0", "from 1e-12 to 1000"),
            (penalty, "much", "'much' is no number"),
            (penalty, "-1", "from 0 to 1e9"),
            (penalty, "nan", "from 0 to 1e9"),
        ):
            good, field.value = field.value, wrong
            await app.press("enter")
            await app.see(why)
            field.value = good
        assert app.session.submitted == []
        await app.press("enter")
        assert app.session.submitted == [Fork("adam", lr=0.005)]

    drive(scenario, handmade.two_runs())


def test_a_network_without_a_penalty_and_a_learner_without_a_rate_are_not_asked_for_them() -> None:
    bare = replace(handmade.adam(), lr=None, base_lr=None, l1_coefficient=None)

    async def scenario(app: Driver) -> None:
        await app.press("f")
        assert not app.app.screen.query(Input)
        await app.press("enter")
        assert app.session.submitted == [Fork("adam")]

    drive(scenario, handmade.snapshot(bare))


def test_of_a_learner_only_its_penalty_can_be_different() -> None:
    learner = replace(
        handmade.adam(), optimizer="MiniBatchDictionaryLearning", lr=None, base_lr=None,
        l1_coefficient=0.25,
    )  # fmt: skip

    async def scenario(app: Driver) -> None:
        await app.press("f")
        await app.see("dictionary, statistics")
        await app.see("alpha")
        assert len(app.app.screen.query(ChoiceLine)) == 0
        app.app.screen.query_one(Input).value = "0.5"
        await app.press("enter")
        assert app.session.submitted == [Fork("adam", l1_coefficient=0.5)]

    drive(scenario, handmade.snapshot(learner))


def test_a_seventeenth_run_is_not_asked_for() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("f")
        await app.see("there are 16 runs already")
        assert app.kind == "main"

    drive(scenario, handmade.many_runs(16))


def test_a_fork_that_was_refused_changes_no_selection_later() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("f", "enter")
        app.session.refuse(1, "no memory")
        await app.see("no memory")
        fork = replace(handmade.adam(), name="theirs", parent="adam", forked_at=4_200)
        await app.show(handmade.snapshot(handmade.adam(), handmade.sgd(), fork))
        await app.see(" 3  ▲ theirs")
        assert "[1]" in app.text()

    drive(scenario, handmade.two_runs(), answer=False)


def test_a_fork_that_is_taken_back_goes_and_its_parent_is_selected() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("2", "f", "enter")
        await app.see("[3] ▲ sgd-3")
        await app.press("u")
        await app.until(lambda: "sgd-3" not in app.text().replace("sgd-3: applied", ""))
        await app.see("[2] ■ sgd")
        # All the room is shared among those that are left.
        assert len(app.app.screen.query("RunCard")) == 2

    drive(scenario, handmade.two_runs())


def test_a_run_keeps_its_colour_and_marker_when_one_before_it_goes() -> None:
    async def scenario(app: Driver) -> None:
        await app.see(" 4  ◆ adam-sgd")
        await app.press("4")
        runs = app.session.snapshot.runs
        await app.show(replace(app.session.snapshot, runs=(*runs[:2], runs[3])))
        await app.see("[3] ◆ adam-sgd")
        # The next one takes what has become free.
        new = replace(runs[2], name="adam-new")
        await app.show(replace(app.session.snapshot, runs=(*runs[:2], runs[3], new)))
        await app.see(" 4  ▲ adam-new")

    drive(scenario, handmade.forked())


def test_runs_keep_what_they_have_in_the_palette() -> None:
    looks = Looks()
    looks.follow(["a", "b", "c"])
    looks.follow(["b", "c"])
    assert [looks.of(name) for name in "bc"] == [1, 2]
    looks.follow(["b", "c", "d", "e"])
    assert [looks.of(name) for name in "bcde"] == [1, 2, 0, 3]


@pytest.mark.parametrize("size", [(20, 5), (30, 7), (80, 24), (200, 60)])
def test_runs_come_and_go_at_every_size(size: tuple[int, int]) -> None:
    async def scenario(app: Driver) -> None:
        for _ in range(3):
            await app.press("f", "enter")
        assert len(app.app.screen.query("RunCard")) == 5
        for _ in range(3):
            await app.press("u")
        await app.until(lambda: len(app.app.screen.query("RunCard")) == 2)
        await app.see("adam")

    drive(scenario, handmade.two_runs(), size=size)


def test_the_rows_of_a_run_that_has_gone_are_left() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("3", "r")
        await app.see("Rows of adam-lr0.005")
        runs = app.session.snapshot.runs
        await app.show(replace(app.session.snapshot, runs=(*runs[:2], runs[3])))
        await app.until(lambda: app.kind == "main")
        await app.see("[1] ● adam")

    drive(scenario, handmade.forked())


def test_a_checkpoint_is_kept_with_a_note_or_without() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("k", "enter")
        await app.press("k", *"before it fell", "enter")
        assert app.session.submitted == [Keep(""), Keep("before it fell")]

    drive(scenario, handmade.recorded(handmade.two_runs()))


def test_where_nothing_is_recorded_no_checkpoint_is_asked_for() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("k")
        await app.see("nothing is recorded here")
        assert app.kind == "main"

    drive(scenario, handmade.two_runs())


def test_keys_act_on_the_run_that_is_marked_though_the_runs_have_changed_meanwhile() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("3", "v")
        runs = app.session.snapshot.runs
        app.session.show(replace(app.session.snapshot, runs=(*runs[:2], runs[3])))
        await app.press("plus")
        await app.see("adam-lr0.005 is no longer there")
        assert app.session.submitted == []
        await app.press("4", "plus")
        assert app.session.submitted == [SetLearningRate("adam-sgd", factor=2.0)]

    drive(scenario, handmade.forked())
