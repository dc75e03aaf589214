"""A person's network that does what no network should: it fails alone, and says why."""

import sys
import time

import pytest

from dicttui.training.interventions import (
    MoveToDevice,
    Pause,
    ResetOptimizer,
    Restart,
    SetLearningRate,
)
from dicttui.training.observation import Observer
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import View

MODULE = """
import sys
import threading
import torch
from torch import nn

entered, go = threading.Event(), threading.Event()

class Own(BaseException):
    pass

class Rude(nn.Module):
    def __init__(self, d_in, way, at=0):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(4, d_in))
        self.way, self.at, self.steps = way, at, 0

    @property
    def dictionary(self):
        if self.rude("dictionary"):
            raise ValueError("no dictionary today")
        return self.rows

    def rude(self, way):
        return self.way == way and self.steps > self.at

    def forward(self, x):
        if self.training and torch.is_grad_enabled() and len(x) > 3:
            self.steps += 1
        if self.rude("exit"):
            sys.exit(3)
        if self.rude("interrupt"):
            raise KeyboardInterrupt
        if self.rude("base"):
            raise Own("of its own")
        if self.rude("raise"):
            raise RuntimeError("enough")
        if self.rude("large") and len(x) > 3:
            raise RuntimeError("too many")
        if self.rude("evaluated") and not self.training:
            raise RuntimeError("not to be looked at")
        if self.rude("block"):
            entered.set()
            go.wait(60)
        code = x @ self.rows.T
        return code @ self.rows, code[:, :2] if self.rude("shape") else code

    def loss_terms(self, x, output):
        return {"error": (output[0] - x).square().mean()}

    def lambda_field(self, batch_size, d_in):
        if self.rude("late lambda") or self.way == "large lambda" and batch_size > 3:
            raise ValueError("no lambda")
        return 0.25
"""

PRESET = """
[network]
kind = "user"
factory = "rude_module:Rude"
arguments = {{ way = "{way}", at = {at} }}
[training]
steps = {steps}
[[runs]]
name = "rude"
optimizer = "SGD"
lr = 0.001
[[runs]]
name = "kind"
optimizer = "SGD"
lr = 0.001
network = {{ arguments = {{ way = "none" }} }}
"""


class Ends(Observer):
    """Keeps how runs ended."""

    every = 1000

    def __init__(self):
        self.seen = []

    def step(self, observation):
        pass

    def receipt(self, receipt):
        pass

    def end(self, observation):
        self.seen.append((observation.run, observation.state, observation.steps))


@pytest.fixture
def open_rude(open_session, tmp_path):
    (tmp_path / "rude_module.py").write_text(MODULE)

    def open_one(way, at=12, steps=40, **arguments):
        return open_session(PRESET.format(way=way, at=at, steps=steps), **arguments)

    return open_one


def answer(session, intervention):
    number = session.submit(intervention)
    session.advance(0)
    return [receipt for receipt in session.receipts(0) if receipt.id == number][-1]


def until(condition):
    """Wait for a condition."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("exit", "at step 12: its code called sys.exit(3)"),
        ("interrupt", "at step 12: KeyboardInterrupt"),
        ("base", "at step 12: Own: of its own"),
        ("raise", "at step 12: RuntimeError: enough"),
    ],
)
def test_whatever_a_network_raises_ends_its_own_run_only(open_rude, way, words):
    session = open_rude(way)
    session.start()
    assert session.wait(60)
    assert session.latest().state == "ready"
    rude, kind = session.latest().runs
    assert (rude.state, rude.state_detail, rude.step) == ("failed", words, 12)
    assert (kind.state, kind.step) == ("finished", 40)


def test_an_interrupt_in_the_main_thread_is_a_persons_own(open_rude):
    with pytest.raises(KeyboardInterrupt):
        open_rude("interrupt").advance(40)
    session = open_rude("exit")
    session.advance(40)
    assert [run.state for run in session.latest().runs] == ["failed", "finished"]


@pytest.mark.parametrize(
    ("raised", "words"),
    [(SystemExit(4), "its code called sys.exit(4)"), (KeyboardInterrupt(), "KeyboardInterrupt")],
)
def test_whatever_ends_the_trainer_is_said(open_rude, raised, words):
    class Falls(Ends):
        def step(self, observation):
            raise raised

    session = open_rude("none", observers=[Falls()])
    session.start()
    assert session.wait(60)
    assert (session.latest().state, session.latest().detail) == ("failed", words)


def test_a_failed_run_that_cannot_start_again_leaves_the_others_alone(open_rude):
    ends = Ends()
    session = open_rude("raise", observers=[ends])
    session.advance(20)
    receipt = answer(session, Restart("rude"))
    assert (receipt.status, receipt.reason) == ("failed", "RuntimeError: enough")
    rude, kind = session.latest().runs
    assert (rude.state, rude.step) == ("failed", 0)
    assert rude.state_detail == "at step 0: RuntimeError: enough"
    assert rude.metrics == {}
    assert (kind.state, kind.step) == ("running", 20)
    session.advance(40)
    assert ends.seen == [("rude", "failed", 12), ("rude", "failed", 0), ("kind", "finished", 40)]


@pytest.mark.parametrize(
    ("intervention", "method"),
    [
        (Restart(), "restart"),
        (MoveToDevice("sim:0"), "move"),
        (ResetOptimizer(), "reset_optimizer"),
        (SetLearningRate(factor=2.0), "set_rates"),
    ],
)
def test_an_intervention_that_raises_in_one_run_is_applied_to_the_other(
    open_rude, monkeypatch, intervention, method
):
    own = getattr(GradientRun, method)

    def raising(self, *arguments):
        if self.name == "rude":
            raise SystemExit
        return own(self, *arguments)

    session = open_rude("none")
    session.advance(5)
    monkeypatch.setattr(GradientRun, method, raising)
    receipt = answer(session, intervention)
    assert receipt.status == "applied"
    assert [change.failed for change in receipt.changes] == ["its code called sys.exit()", ""]
    session.advance(5)
    rude, kind = session.latest().runs
    assert (rude.state, rude.state_detail) == ("failed", "at step 5: its code called sys.exit()")
    assert (kind.state, kind.step) == ("running", 5 if method == "restart" else 10)


def test_a_move_that_the_network_ends_says_so(open_rude):
    session = open_rude("evaluated", at=3)
    session.advance(3)
    session._trainer.experiment.runs[0].trainable.network.module.steps = 99
    receipt = answer(session, MoveToDevice("sim:0", "rude"))
    assert (receipt.status, receipt.reason) == ("failed", "RuntimeError: not to be looked at")
    assert [run.state for run in session.latest().runs] == ["failed", "running"]


@pytest.mark.parametrize(("way", "at"), [("large", -1), ("large lambda", 0)])
def test_a_network_that_cannot_be_measured_at_the_start_fails_alone(open_rude, way, at):
    ends = Ends()
    session = open_rude(way, at=at, observers=[ends])
    session.start()
    assert session.wait(60)
    rude, kind = session.latest().runs
    assert rude.state == "failed"
    assert rude.state_detail.startswith("at step 0: ")
    assert (kind.state, kind.step) == ("finished", 40)
    assert ends.seen == [("rude", "failed", 0), ("kind", "finished", 40)]


def test_lambda_is_asked_for_once(open_rude):
    session = open_rude("late lambda")
    session.advance(40)
    assert [run.state for run in session.latest().runs] == ["finished", "finished"]
    assert [run.lambda_field for run in session.latest().runs] == [0.25, 0.25]


def test_a_network_whose_rows_cannot_be_looked_at_fails_alone(open_rude):
    session = open_rude("evaluated", steps=1000)
    session.view(View(rows_of=("rude",)))
    for _ in range(12):
        session.advance(1)
    rude = session._trainer.experiment.runs[0]
    rude.trainable.network.module.steps = 99
    rude.rows.forget()
    session.submit(Pause("rude"))
    session.advance(1)
    rude, kind = session.latest().runs
    assert rude.state == "failed"
    assert "RuntimeError: not to be looked at" in rude.state_detail
    assert rude.rows == ()
    assert kind.state == "running"


def test_a_network_that_loses_its_dictionary_fails_alone(open_rude):
    session = open_rude("dictionary")
    session.advance(40)
    rude, kind = session.latest().runs
    assert rude.state == "failed"
    assert "its dictionary raised ValueError: no dictionary today" in rude.state_detail
    assert rude.network.endswith("→ 4 → 10")
    assert kind.state == "finished"


def test_a_code_of_another_shape_fails_at_its_step(open_rude):
    session = open_rude("shape")
    session.advance(40)
    rude = session.latest().runs[0]
    assert (rude.state, rude.step) == ("failed", 12)
    assert rude.state_detail == (
        "at step 12: its forward returned ([100, 10], [100, 2]); (reconstruction [batch, d_in], "
        "code [batch, n_atoms]) = ([100, 10], [100, 4]) is expected"
    )


def test_a_request_is_acknowledged_while_a_step_lasts(open_rude):
    session = open_rude("block")
    session.start()
    until(lambda: session.latest().state != "loading")
    blocking = sys.modules["rude_module"]
    assert blocking.entered.wait(60)
    submitted = [session.submit(Pause("kind")), session.submit(Pause("nobody"))]
    assert [(r.id, r.status) for r in session.receipts(0)] == [
        (number, "requested") for number in submitted
    ]
    blocking.go.set()
    until(lambda: len(session.receipts(0)) == 4)
    assert [r.id for r in session.receipts(0)] == submitted * 2
    times = [r.seconds for r in session.receipts(0)]
    assert times == sorted(times)
