"""The trainer's own thread."""

import math
import threading

import pytest
from reading_state import until

from dicttui.training.interventions import (
    Advance,
    Continue,
    Pause,
    Resume,
    SetLearningRate,
    SetPace,
)
from dicttui.training.snapshot import View

TWO = """
[network]
kind = "simple"
[training]
{training}
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


def test_a_thread_trains_what_advance_trains(open_session):
    threaded, stepped = open_session(), open_session()
    threaded.start()
    assert threaded.wait(60)
    stepped.advance(1000)
    until(lambda: threaded.latest().runs[0].state == "finished")
    for ours, theirs in zip(threaded.latest().runs, stepped.latest().runs, strict=True):
        assert ours.loss_series.last == theirs.loss_series.last
        assert ours.metrics == theirs.metrics


def test_interventions_on_a_live_training(open_session):
    session = open_session(TWO.format(training="steps = 10000000"))
    session.start()
    until(lambda: session.latest().runs and session.latest().runs[0].step > 20)
    number = session.submit(Pause())
    until(lambda: any(r.id == number and r.status == "applied" for r in session.receipts(0)))
    paused = session.latest()
    assert {run.state for run in paused.runs} == {"paused"}
    assert len({run.step for run in paused.runs}) == 1, "one step index for all"
    assert all(run.metrics_step == run.step - 1 for run in paused.runs)
    again = session.latest()
    assert again is paused, "nothing new is published while nothing happens"
    session.submit(SetLearningRate("adam", factor=0.5))
    session.submit(Resume())
    until(lambda: session.latest().runs[0].step > paused.runs[0].step + 20)
    assert session.latest().runs[0].lr == pytest.approx(0.005)
    assert session.latest().runs[0].steps_per_second > 0


def test_what_a_receipt_says_stands_in_the_newest_snapshot(open_session, monkeypatch):
    session = open_session()
    session.advance(5)
    states = {}
    answer = session._mailbox.answer

    def look_and_answer(receipt):
        states[receipt.kind, receipt.status] = session.latest().runs[0].state
        answer(receipt)

    monkeypatch.setattr(session._mailbox, "answer", look_and_answer)
    session.submit(Pause())
    session.advance()
    session.submit(Resume())
    session.advance()
    assert states["pause", "applied"] == "paused"
    assert states["resume", "applied"] == "running"


def test_a_pace_is_kept(open_session):
    session = open_session(TWO.format(training="steps = 1000000\nsteps_per_second = 50"))
    session.start()
    until(lambda: session.latest().runs and session.latest().runs[0].step >= 5)
    first = session.latest()
    until(lambda: session.latest().runs[0].step >= first.runs[0].step + 100)
    last = session.latest()
    steps = last.runs[0].step - first.runs[0].step
    assert steps / (last.seconds - first.seconds) < 80
    assert session.latest().pace == 50
    session.submit(SetPace(None))
    until(lambda: session.latest().pace is None)


def test_at_a_slow_pace_a_single_step_is_made_at_once(open_session):
    session = open_session(TWO.format(training="steps_per_second = 0.001"))
    session.start()
    until(lambda: session.latest().runs and session.latest().runs[0].step == 1)
    session.submit(Pause())
    session.submit(Advance())
    until(lambda: [(run.step, run.state) for run in session.latest().runs] == [(2, "paused")] * 2)


def test_after_the_end_a_session_waits_and_goes_on(open_session):
    session = open_session()
    session.start()
    until(lambda: session.latest().runs and session.latest().runs[1].state == "finished")
    session.submit(Continue())
    until(lambda: session.latest().runs[1].step == 200)


@pytest.mark.parametrize("kind", ["simple", "sparse", "relu"])
@pytest.mark.parametrize("size", [10**14, 10**26], ids=["beyond memory", "beyond 64 bits"])
def test_a_network_beyond_all_memory_is_said(open_session, kind, size):
    session = open_session(
        f'[network]\nkind = "{kind}"\ndict_size = {size}\n[[runs]]\noptimizer = "SGD"\nlr = 0.1\n'
    )
    session.start()
    assert session.wait(60)
    assert f"dict_size = {size} does not fit into memory" in session.latest().detail
    assert "\n" not in session.latest().detail


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[data]\nkind = "file"\npath = "nowhere.npy"\n', "nowhere.npy"),
        ('[training]\ndevice = "cuda:9"\n', "device 'cuda:9' is not here; there is cpu"),
    ],
)
def test_what_cannot_be_built_is_said(open_session, text, words):
    session = open_session(
        text + '[network]\nkind = "simple"\n[[runs]]\noptimizer = "SGD"\nlr = 0.1\n'
    )
    session.start()
    assert session.wait(60)
    assert session.latest().state == "failed"
    assert words in session.latest().detail
    assert "Traceback" not in session.latest().detail


def test_one_run_that_raises_leaves_the_others_training(open_session, tmp_path):
    (tmp_path / "raises_here.py").write_text(
        """
import torch
from torch import nn

class Raises(nn.Module):
    def __init__(self, d_in, after):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.calls, self.after = 0, after
    def forward(self, x):
        if self.training and torch.is_grad_enabled():
            self.calls += 1
            if self.calls > self.after:
                raise RuntimeError("the network has had enough\\nand more lines")
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": (output[0] - x).square().mean()}
"""
    )
    session = open_session(
        """
        [network]
        kind = "user"
        factory = "raises_here:Raises"
        arguments = { after = 12 }
        [training]
        steps = 40
        [[runs]]
        name = "weary"
        optimizer = "SGD"
        lr = 0.001
        [[runs]]
        name = "steady"
        optimizer = "SGD"
        lr = 0.001
        network = { arguments = { after = 1000000 } }
        """
    )
    session.advance(100)
    weary, steady = session.latest().runs
    assert weary.state == "failed"
    assert "RuntimeError: the network has had enough" in weary.state_detail
    assert "more lines" not in weary.state_detail
    assert (steady.state, steady.step) == ("finished", 40)


def test_closing_joins_the_thread_at_any_moment(open_session):
    for _ in range(3):
        session = open_session()
        session.start()
        assert session.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "trainer"]


def test_asking_for_series_brings_them(open_session):
    session = open_session()
    session.view(View(series=("mse", "nothing_like_it")))
    session.advance(10)
    run = session.latest().runs[0]
    assert set(run.series) == {"mse"}
    assert all(map(math.isfinite, run.series["mse"].last))


def test_the_rows_of_a_run_that_stops_are_its_last(open_session, monkeypatch):
    monkeypatch.setattr("dicttui.training.rows.SHARE_OF_TIME", 1e-9)
    session = open_session()
    session.view(View(rows_of=("adam",)))
    for steps in (30, 1, 1, 1, 67):
        session.advance(steps)
    run = session.latest().runs[0]
    assert (run.state, run.step, run.rows_step) == ("finished", 100, 100)
