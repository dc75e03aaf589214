"""A session that begins with a past ends as the one whose past it is."""

from itertools import pairwise

import pytest
from reading_state import until, weights

from dicttui.preset.reading import read
from dicttui.training.interventions import (
    Advance,
    Continue,
    Fork,
    Keep,
    MoveToDevice,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
)
from dicttui.training.observation import Observer
from dicttui.training.script import Scripted, Start
from dicttui.training.session import Session

TWO = """
[data]
batch_size = 20
[network]
kind = "sparse"
[training]
steps = 200
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.02
momentum = 0.9
schedule = "cosine"
"""
UNSCRIPTED = (Pause, Resume, Advance, SetPace, Keep)


class Witness(Observer):
    """Remembers what a recording has to have."""

    def __init__(self):
        self.losses = {}
        self.script = []
        self.wanted = False
        self.checkpoints = []
        self.kept = []

    def made(self, run, segment, first, losses):
        for step, loss in enumerate(losses, first):
            assert (run, segment, step) not in self.losses, "told once"
            self.losses[run, segment, step] = loss

    def intervened(self, number, intervention, before, receipt):
        if receipt.status == "applied" and not isinstance(intervention, UNSCRIPTED):
            self.script.append(Scripted(number, intervention, dict(before)))

    def wants_checkpoint(self):
        return self.wanted

    def checkpoint(self, state):
        self.wanted = False
        self.checkpoints.append(state)

    def keep(self, state, note, done):
        self.kept.append((state, note))
        done("kept-1", "")
        return True


PLAY = [
    30, SetLearningRate("adam", factor=2.0), 10, Pause("adam"), 15, SetLearningRate(factor=0.5),
    Resume("adam"), 12, Fork("adam", lr=0.001), 9, Undo("sgd"), MoveToDevice("sim:0", "sgd"), 11,
    MoveToDevice("cpu"), MoveToDevice("cpu"), 8, Advance(5), 20, Resume(), 6,
    Fork("adam-lr0.001", optimizer="SGD"), 7, Undo("adam-lr0.001-sgd"), 3, ResetOptimizer("adam"),
    SetLearningRate("adam-lr0.001", factor=3.0), 14, Undo("adam-lr0.001"), 5, Restart("sgd"), 50,
    Stop("adam"), 300, Continue(20), 300, Undo("adam"), 40,
]  # fmt: skip
"""Steps to make, and what is asked for between them."""


def play(session, items):
    session.advance(0)
    for item in items:
        if isinstance(item, int):
            session.advance(item)
        else:
            session.submit(item)
            session.advance(0)


def state(session):
    return {run.name: (run.step, weights(run)) for run in session._trainer.experiment.runs}


def until_done(session, wanted):
    """Advance until every run stands where it stood."""
    for _ in range(400):
        runs = {run.name: run.step for run in session._trainer.experiment.runs}
        script = session._trainer._script
        if not script and all(runs.get(name) == step for name, (step, _) in wanted.items()):
            return
        for run in session._trainer.experiment.runs:
            # A run that is where it was must not go on.
            if not script.until(run.name) and run.step == wanted.get(run.name, (0,))[0]:
                run.state = "paused" if run.state == "running" else run.state
        session.advance(1)


@pytest.fixture
def played(open_session):
    witness = Witness()
    session = open_session(TWO, observers=[witness])
    play(session, PLAY)
    return session, witness


def test_a_whole_training_is_made_again(open_session, played):
    session, witness = played
    assert len(witness.script) == 15
    again = Witness()
    replayed = open_session(TWO, observers=[again], start=Start(script=tuple(witness.script)))
    replayed.advance(0)
    until_done(replayed, state(session))
    assert state(replayed) == state(session)
    assert again.losses == witness.losses
    assert [item.number for item in again.script] == [item.number for item in witness.script]


CHECKPOINTED = range(2, len(PLAY), 3)
"""Before which items of the play there is a checkpoint."""


@pytest.fixture(scope="module")
def checkpointed(tmp_path_factory):
    """The play with its checkpoints: where it ended, and what was witnessed."""
    path = tmp_path_factory.mktemp("played") / "preset.toml"
    path.write_text(TWO)
    witness = Witness()
    session = Session(read(str(path)), observers=[witness])
    for begin, end in pairwise((0, *CHECKPOINTED, len(PLAY))):
        play(session, PLAY[begin:end])
        if end in CHECKPOINTED:
            witness.wanted = True
            session.advance(1)
    ended = state(session)
    assert session.close()
    return ended, witness


@pytest.mark.parametrize("at", CHECKPOINTED)
def test_from_any_checkpoint_the_rest_is_made_again(open_session, checkpointed, at):
    ended, witness = checkpointed
    assert len(witness.script) == 15
    checkpoint = witness.checkpoints[CHECKPOINTED.index(at)]
    script = [i for i in witness.script if i.number > checkpoint.last_intervention]
    again = Witness()
    resumed = open_session(
        TWO, observers=[again], start=Start(lambda: checkpoint, script=tuple(script))
    )
    resumed.advance(0)
    until_done(resumed, ended)
    assert state(resumed) == ended
    assert again.losses.items() <= witness.losses.items()
    for run in checkpoint.runs:
        segment = run.moment.facts["segment"]
        assert not any(
            name == run.moment.run and (s < segment or (s == segment and step < run.moment.step))
            for name, s, step in again.losses
        )


def test_while_it_catches_up_nothing_else_changes_the_training(open_session):
    script = (Scripted(7, SetLearningRate("adam", factor=2.0), {"adam": 50}),)
    session = open_session(TWO, start=Start(script=script, next_id=8))
    session.advance(10)
    assert session.latest().runs[0].catching_up == 50
    assert session.latest().runs[1].catching_up is None
    number = session.submit(SetLearningRate("adam", lr=0.5))
    assert number == 8
    session.advance(0)
    receipt = session.receipts(0)[-1]
    assert (receipt.id, receipt.status) == (8, "failed")
    assert "still catching up" in receipt.reason
    session.submit(Pause())
    session.advance(30)
    assert [run.step for run in session.latest().runs] == [10, 10]
    session.submit(Resume())
    session.advance(60)
    run = session.latest().runs[0]
    assert (run.lr, run.step, run.catching_up) == (0.02, 70, None)
    (scripted,) = [r for r in session.receipts(0) if r.id == 7]
    assert (scripted.status, scripted.changes[0].step) == ("applied", 50)


def test_what_cannot_be_reached_is_said_and_the_training_goes_on(open_session):
    script = (
        Scripted(3, SetLearningRate("adam", factor=2.0), {"adam": 1000}),
        Scripted(4, Undo("adam"), {"adam": 1100}),
    )
    session = open_session(TWO, start=Start(script=script, next_id=5), paced=False)
    session.start()
    assert session.wait(60)
    failed = [r for r in session.receipts(0) if r.status == "failed"]
    assert [r.id for r in failed] == [3, 4]
    assert failed[0].reason == "could not be applied again: it was made with adam at step 1,000"
    assert {run.state for run in session.latest().runs} == {"finished"}


def test_past_receipts_come_first(open_session):
    one = open_session(TWO)
    one.submit(Pause())
    one.advance(0)
    past = tuple(one.receipts(0))
    session = open_session(TWO, start=Start(receipts=past, next_id=2, seconds=1000.0))
    assert session.receipts(0) == list(past)
    assert session.submit(Resume()) == 2
    session.advance(0)
    assert session.receipts(0)[-1].seconds > 1000, "its clock goes on"


def test_a_checkpoint_is_kept_once_it_is_whole(open_session):
    witness = Witness()
    session = open_session(TWO, observers=[witness])
    session.advance(11)
    session.submit(Keep("before the storm"))
    session.advance(0)
    session.advance(0)
    ((state, note),) = witness.kept
    assert note == "before the storm"
    assert [run.moment.step for run in state.runs] == [11, 11]
    receipt = session.receipts(0)[-1]
    assert receipt.status == "applied"
    assert (receipt.changes[0].step, receipt.changes[0].after) == (11, "kept as kept-1")


def test_the_end_of_a_session_is_a_checkpoint(open_session):
    witness = Witness()
    session = open_session(TWO, observers=[witness], paced=False)
    session.start()
    assert session.wait(60)
    session.close()
    assert [run.moment.step for run in witness.checkpoints[-1].runs] == [200, 200]


def test_what_was_taken_back_while_it_was_paused_does_not_hold_it_up(open_session):
    witness = Witness()
    session = open_session(TWO, observers=[witness])
    session.advance(10)
    play(session, [Pause("adam"), Stop("adam")])
    witness.wanted = True
    session.advance(1)
    (checkpoint,) = witness.checkpoints
    play(session, [Undo("adam"), Resume("adam"), 20, SetLearningRate("adam", factor=2.0), 9])
    script = tuple(i for i in witness.script if i.number > checkpoint.last_intervention)
    resumed = open_session(TWO, start=Start(lambda: checkpoint, script=script), paced=False)
    resumed.start()
    assert resumed.wait(60)
    assert {run.state for run in resumed.latest().runs} == {"finished"}
    assert resumed.latest().runs[0].lr == 0.02


def test_it_catches_up_as_fast_as_it_goes(open_session):
    slow = TWO.replace("steps = 200", "steps = 200\nsteps_per_second = 0.001")
    script = (Scripted(1, SetLearningRate("adam", factor=2.0), {"adam": 150}),)
    session = open_session(slow, start=Start(script=script, next_id=2))
    session.start()
    until(lambda: session.latest().runs and session.latest().runs[0].step >= 150)
    until(lambda: session.latest().runs[0].catching_up is None)
    assert session.latest().runs[0].step <= 152
    assert session.latest().pace == 0.001
