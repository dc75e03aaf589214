"""Taking back: a run stands where it stood, and goes on as if the change had never been made."""

import pytest
from reading_state import weights

from dicttui.training import undoing
from dicttui.training.interventions import (
    Advance,
    Continue,
    Fork,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
)

TWO = """
[network]
kind = "simple"
[training]
steps = {steps}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.02
"""


@pytest.fixture
def open_two(open_session):
    return lambda steps=300: open_session(TWO.format(steps=steps))


def run_of(session, name="adam"):
    return session._trainer.experiment.run(name)


def shown(session, name="adam"):
    return next(run for run in session.latest().runs if run.name == name)


def ask(session, intervention):
    number = session.submit(intervention)
    session.advance(0)
    return next(r for r in reversed(session.receipts(0)) if r.id == number)


def straight(open_two, steps, name="adam"):
    """The state of a run that nobody has touched."""
    session = open_two()
    session.advance(steps)
    return weights(run_of(session, name))


@pytest.mark.parametrize(
    "change", [SetLearningRate("adam", factor=2.0), ResetOptimizer("adam"), Restart("adam")]
)
def test_what_is_taken_back_never_was(open_two, change):
    session = open_two()
    session.advance(40)
    assert ask(session, change).status == "applied"
    session.advance(30)
    receipt = ask(session, Undo("adam"))
    assert (receipt.status, [c.run for c in receipt.changes]) == ("applied", ["adam"])
    assert receipt.changes[0].after == "step 40"
    assert shown(session).step == 40
    assert shown(session, "sgd").step == 70, "the other goes on"
    session.advance(30)
    assert weights(run_of(session)) == straight(open_two, 70)


def test_taking_back_goes_back_one_change_after_another(open_two):
    session = open_two()
    for _ in range(3):
        session.advance(20)
        ask(session, SetLearningRate("adam", factor=2.0))
    session.advance(20)
    steps, rates = [], []
    for _ in range(3):
        assert ask(session, Undo("adam")).status == "applied"
        steps.append(shown(session).step)
        rates.append(shown(session).lr)
    assert steps == [60, 40, 20]
    assert rates == [0.04, 0.02, 0.01]
    receipt = ask(session, Undo("adam"))
    assert receipt.status == "failed"
    assert receipt.reason == "nothing that could be taken back has been changed"
    assert shown(session).undoable == ""


def test_a_change_of_all_runs_is_taken_back_in_all(open_two):
    session = open_two()
    session.advance(25)
    ask(session, SetLearningRate(factor=0.5))
    session.advance(5)
    ask(session, SetLearningRate("sgd", factor=3.0))
    session.advance(5)
    receipt = ask(session, Undo("adam"))
    assert [(c.run, c.after) for c in receipt.changes] == [("adam", "step 25"), ("sgd", "step 25")]
    assert "and with it lr 0.01 → 0.03 at step 30" in receipt.changes[1].note
    session.advance(35)
    for name in ("adam", "sgd"):
        assert weights(run_of(session, name)) == straight(open_two, 60, name)


def test_without_a_run_the_newest_change_of_any_is_taken_back(open_two):
    session = open_two()
    session.advance(10)
    ask(session, SetLearningRate("sgd", factor=2.0))
    ask(session, SetLearningRate("adam", factor=2.0))
    ask(session, Undo())
    assert (shown(session).lr, shown(session, "sgd").lr) == (0.01, 0.04)


def test_pauses_and_pace_are_not_taken_back(open_two):
    session = open_two()
    session.advance(10)
    ask(session, SetLearningRate("adam", factor=2.0))
    session.advance(10)
    ask(session, Pause("adam"))
    ask(session, SetPace(33.0))
    ask(session, Undo("adam"))
    assert (shown(session).step, shown(session).state, shown(session).lr) == (10, "paused", 0.01)
    assert session.latest().pace == 33.0
    ask(session, SetLearningRate("adam", factor=2.0))
    ask(session, Resume("adam"))
    ask(session, Undo("adam"))
    assert shown(session).state == "running"


def test_steps_that_were_asked_for_still_end_where_they_were_to(open_two):
    session = open_two()
    ask(session, Pause())
    ask(session, SetLearningRate("adam", factor=2.0))
    ask(session, Advance(30, "adam"))
    session.advance(10)
    ask(session, Undo("adam"))
    assert (shown(session).step, shown(session).state) == (0, "running")
    session.advance(100)
    assert (shown(session).step, shown(session).state) == (30, "paused")


def test_a_stopped_run_goes_on_and_a_continued_one_has_its_end_again(open_two):
    session = open_two(50)
    session.advance(20)
    ask(session, Stop("adam"))
    assert shown(session).state == "stopped"
    ask(session, Undo("adam"))
    assert (shown(session).state, shown(session).step) == ("running", 20)
    session.advance(100)
    ask(session, Continue(run="adam"))
    session.advance(10)
    assert (shown(session).step, shown(session).target) == (60, 100)
    ask(session, Undo("adam"))
    run = shown(session)
    assert (run.state, run.step, run.target) == ("finished", 50, 50)


def test_a_run_that_diverged_is_brought_back(open_two):
    session = open_two()
    session.advance(20)
    ask(session, SetLearningRate("sgd", lr=1000.0))
    session.advance(100)
    assert shown(session, "sgd").state == "diverged"
    ask(session, Undo("sgd"))
    session.advance(30)
    assert shown(session, "sgd").state == "running"
    assert weights(run_of(session, "sgd")) == straight(open_two, 50, "sgd")


def test_what_was_taken_back_stays_as_a_ghost(open_two):
    session = open_two()
    session.advance(30)
    ask(session, SetLearningRate("adam", factor=8.0))
    session.advance(25)
    abandoned = shown(session).loss_series
    ask(session, Undo("adam"))
    run = shown(session)
    (ghost,) = run.ghosts
    assert (ghost.from_step, ghost.label) == (30, "lr 0.08")
    assert ghost.series["loss"].steps == tuple(range(30, 55))
    assert ghost.series["loss"].last == abandoned.last[30:]
    assert run.loss_series.steps == tuple(range(30))
    assert run.marks == ()
    ask(session, Restart("adam"))
    session.advance(7)
    ask(session, Undo("adam"))
    assert [(g.from_step, g.label) for g in shown(session).ghosts][1:] == [(0, "restart")]
    assert shown(session).step == 30


def test_the_best_loss_is_that_of_what_is_left(open_two):
    session = open_two()
    session.advance(30)
    best = shown(session).best_loss
    ask(session, SetLearningRate("adam", factor=3.0))
    session.advance(50)
    assert shown(session).best_loss < best
    ask(session, Undo("adam"))
    assert shown(session).best_loss == best


def test_memory_is_bounded_and_the_newest_change_can_always_be_taken_back(open_two, monkeypatch):
    monkeypatch.setattr(undoing, "MOST_BYTES", 1)
    session = open_two()
    for _ in range(4):
        session.advance(10)
        ask(session, SetLearningRate(factor=1.1))
    assert [len(run_of(session, name).undo) for name in ("adam", "sgd")] == [1, 1]
    ask(session, Undo("adam"))
    assert shown(session).step == 40
    assert ask(session, Undo("adam")).status == "failed"


def test_what_would_be_taken_back_is_said(open_two):
    session = open_two()
    session.advance(12)
    ask(session, SetLearningRate("adam", factor=2.0))
    assert shown(session).undoable == "lr 0.01 → 0.02 at step 12"
    assert shown(session, "sgd").undoable == ""


def test_the_moments_of_a_fork_are_bounded_too(open_two, monkeypatch):
    session = open_two()
    session.advance(10)
    ask(session, Fork("adam"))
    monkeypatch.setattr(undoing, "MOST_BYTES", 1)
    for _ in range(5):
        session.advance(5)
        ask(session, SetLearningRate("adam-2", factor=1.1))
    (point,) = run_of(session, "adam-2").undo
    assert point.moment.step == 35
    ask(session, Undo("adam-2"))
    assert shown(session, "adam-2").step == 35
    assert ask(session, Undo("adam-2")).status == "failed", "what is left is no longer known"


def test_what_was_measured_comes_back_with_the_rest(open_two):
    session = open_two()
    session.advance(40)
    before = shown(session)
    assert before.metrics_step == 39
    ask(session, Pause())
    ask(session, SetLearningRate("adam", factor=2.0))
    ask(session, Advance(10))
    session.advance(10)
    ask(session, Undo("adam"))
    after = shown(session)
    for name in ("metrics", "metrics_step", "terms", "norms", "atom_norms", "loss", "best_loss"):
        assert getattr(after, name) == getattr(before, name), name
