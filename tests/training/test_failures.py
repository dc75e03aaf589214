"""Runs whose own code raises, or whose numbers end, at an awkward moment."""

import math

import pytest
import torch

from dicttui.training.interventions import Advance, Pause, Resume, SetLearningRate
from dicttui.training.snapshot import View

MODULES = """
import torch
from torch import nn
from torch.nn.functional import mse_loss

class Base(nn.Module):
    def __init__(self, d_in, at):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.encoder = nn.Linear(d_in, 4)
        self.late = nn.Parameter(torch.zeros(4))
        self.register_buffer("steps", torch.zeros(()))
        self.at = at
    def forward(self, x):
        code = self.encoder(x)
        return code @ self.dictionary, code

class Raises(Base):
    def loss_terms(self, x, output):
        if self.training and output[0].requires_grad:
            self.steps += 1
            if self.steps > self.at:
                raise RuntimeError("enough")
        return {"error": mse_loss(output[0], x)}

class Breaks(Base):
    # From step `at` on the loss is finite and its gradient is not: √ is vertical at zero.
    def loss_terms(self, x, output):
        terms = {"error": mse_loss(output[0], x)}
        if self.training and output[0].requires_grad:
            self.steps += 1
            if self.steps > self.at:
                terms["zero"] = (0 * output[1].sum()).abs().sqrt()
        return terms

class Grows(Base):
    # A parameter that has no gradient, and so no optimizer state, before step `at`.
    def loss_terms(self, x, output):
        terms = {"error": mse_loss(output[0], x)}
        if self.training and output[0].requires_grad:
            self.steps += 1
            if self.steps > self.at:
                terms["late"] = self.late.square().sum() + (
                    float("nan") if self.steps > self.at + 3 else 0.0)
        return terms
"""

PRESET = """
[network]
kind = "user"
factory = "awkward_module:{module}"
arguments = {{ at = {at} }}
[training]
steps = 1000
device = "{device}"
[[runs]]
name = "run"
optimizer = "Adam"
lr = 0.01
"""


@pytest.fixture
def open_awkward(open_session, tmp_path):
    (tmp_path / "awkward_module.py").write_text(MODULES)

    def open_one(module, at, device="cpu"):
        return open_session(PRESET.format(module=module, at=at, device=device))

    return open_one


def run_in(session):
    return session._trainer.experiment.runs[0]


def finite(session):
    return all(torch.isfinite(p).all() for p in run_in(session).trainable.network.parameters())


def test_a_failed_run_stands_at_the_step_that_failed(open_awkward):
    session = open_awkward("Raises", 37)
    session.view(View(rows_of=("run",)))
    session.advance(20)
    session.advance(500)
    run = session.latest().runs[0]
    assert run.state == "failed"
    assert run.step == 37
    assert run.state_detail == "at step 37: RuntimeError: enough"
    assert run.loss_series.steps[-1] == 36
    assert run.loss == run.loss_series.last[-1]
    assert run.rows_step == 37


@pytest.mark.parametrize("chunk", [1, 7, 200])
def test_the_last_finite_state_is_kept_however_the_steps_were_made(open_awkward, chunk):
    session = open_awkward("Breaks", 12)
    for _ in range(40):
        session.advance(chunk)
    run = session.latest().runs[0]
    assert run.state == "diverged"
    assert finite(session)
    assert run.step == 12
    assert run.state_detail.startswith("loss is nan at step 13; first was the gradient of ")
    assert run.state_detail.endswith(" at step 12")
    bare = open_awkward("Breaks", 12)
    bare.advance(12)
    for ours, theirs in zip(
        run_in(session).trainable.network.parameters(),
        run_in(bare).trainable.network.parameters(),
        strict=True,
    ):
        assert torch.equal(ours, theirs)


def test_a_rate_that_is_changed_too_late_does_not_lose_the_last_finite_state(open_awkward):
    session = open_awkward("Breaks", 12)
    session.submit(Advance(13, "run"))
    session.advance(20)
    session.submit(SetLearningRate("run", factor=0.5))
    session.submit(Resume("run"))
    session.advance(5)
    run = session.latest().runs[0]
    assert run.state == "diverged"
    assert finite(session)
    assert run.step == 12
    refused = [receipt for receipt in session.receipts(0) if receipt.kind == "learning_rate"][-1]
    assert refused.reason == "run has diverged; b takes it back to the start"


def test_state_that_an_optimizer_gains_late_can_be_taken_back(open_awkward):
    session = open_awkward("Grows", 10)
    session.advance(5)
    session.advance(50)
    run = session.latest().runs[0]
    assert run.state == "diverged", run.state_detail
    assert run.step == 13


def test_rows_of_a_diverged_run_say_nothing_of_the_update_that_was_taken_back(open_awkward):
    session = open_awkward("Breaks", 12)
    session.view(View(rows_of=("run",)))
    session.advance(1)
    session.advance(50)
    run = session.latest().runs[0]
    assert run.state == "diverged"
    assert run.rows_step == run.step == 12
    assert all(math.isfinite(row.norm) for row in run.rows)
    assert all(row.effective_step is None for row in run.rows)


def test_what_a_device_computed_after_the_divergence_is_nowhere(open_awkward):
    session = open_awkward("Breaks", 12, device="sim:0")
    session.advance(200)
    run = session.latest().runs[0]
    assert run.state == "diverged"
    assert run.step == 12
    assert run.loss_series.steps[-1] == 13
    assert math.isnan(run.loss)


def test_a_pause_that_comes_with_the_failing_step_does_not_hide_it(open_awkward):
    session = open_awkward("Raises", 37)
    session.advance(36)
    session.submit(Pause("run"))
    session.advance(5)
    session.submit(Resume("run"))
    session.advance(5)
    assert session.latest().runs[0].state == "failed"
    assert session.latest().runs[0].step == 37
