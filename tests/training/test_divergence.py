import json
import math
from dataclasses import asdict

import pytest
import torch

EXPLODES = """
[network]
kind = "sparse"
[training]
steps = 300
[[runs]]
name = "wild"
optimizer = "SGD"
lr = 50.0
{more}
[[runs]]
name = "tame"
optimizer = "SGD"
lr = 0.01
"""


@pytest.mark.parametrize("more", ["", "momentum = 0.9\n", "clip_grad_norm = 1e9\n"])
def test_a_run_that_diverges_stops_in_its_last_finite_state(open_session, more):
    session = open_session(EXPLODES.format(more=more))
    session.advance(300)
    wild, tame = session.latest().runs
    assert wild.state == "diverged"
    assert not math.isfinite(wild.loss)
    assert f"at step {wild.loss_series.steps[-1]}" in wild.state_detail
    assert "first was" in wild.state_detail
    assert [alert.kind for alert in wild.alerts] == ["diverged"]
    network = session._trainer.experiment.runs[0].trainable.network
    assert all(torch.isfinite(p).all() for p in network.parameters())
    assert (tame.state, tame.step) == ("finished", 300)


def test_the_state_that_is_kept_is_the_one_a_bare_loop_had(open_session):
    session = open_session(EXPLODES.format(more=""))
    session.advance(300)
    run = session._trainer.experiment.runs[0]
    again = open_session(EXPLODES.format(more=""))
    again.advance(run.step)
    for ours, bare in zip(
        run.trainable.network.parameters(),
        again._trainer.experiment.runs[0].trainable.network.parameters(),
        strict=True,
    ):
        assert torch.equal(ours, bare)


def test_the_first_tensor_is_named(open_session, tmp_path):
    (tmp_path / "breaks_here.py").write_text(
        """
import torch
from torch import nn
from torch.nn.functional import mse_loss

class Breaks(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.encoder = nn.Linear(d_in, 4)
        self.calls = 0
    def forward(self, x):
        code = self.encoder(x)
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        # √ has an infinite slope at zero: a finite loss with a gradient that is not.
        return {"error": mse_loss(output[0], x) + (0 * output[1].sum()).abs().sqrt()}
"""
    )
    session = open_session(
        """
        [network]
        kind = "user"
        factory = "breaks_here:Breaks"
        [[runs]]
        name = "adam"
        optimizer = "Adam"
        lr = 0.01
        """
    )
    session.advance(10)
    run = session.latest().runs[0]
    assert run.state == "diverged"
    assert run.step == 0
    assert run.state_detail.startswith("loss is nan at step 1; first was the gradient of ")
    assert run.state_detail.endswith(" at step 0")


def test_nothing_of_a_diverged_run_resumes_but_it_can_start_again(open_session):
    from dicttui.training.interventions import Restart, Resume, SetLearningRate

    session = open_session(EXPLODES.format(more=""))
    session.advance(300)
    refused = session.submit(Resume("wild"))
    session.submit(Restart("wild"))
    session.submit(SetLearningRate("wild", lr=0.01))
    session.advance(50)
    wild = session.latest().runs[0]
    [*_, receipt] = [r for r in session.receipts(0) if r.id == refused]
    assert "diverged" in receipt.reason
    assert wild.state == "running"
    assert wild.step == 50
    assert wild.alerts == ()


def test_snapshots_are_json(open_session):
    session = open_session(EXPLODES.format(more=""))
    session.advance(100)
    assert json.loads(json.dumps(asdict(session.latest())))["runs"][0]["state"] == "diverged"
