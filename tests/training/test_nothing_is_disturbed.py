"""Looking at a run changes nothing in it, whatever a person's module does while it trains."""

import pytest
import torch

from dicttui.training.interventions import MoveToDevice, Restart
from dicttui.training.snapshot import View

MODULES = """
import torch
from torch import nn
from torch.nn.functional import mse_loss

class Moody(nn.Module):
    def __init__(self, d_in, noise):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.encoder = nn.Linear(d_in, 4)
        self.norm = nn.BatchNorm1d(d_in)
        self.frozen = nn.BatchNorm1d(d_in).eval()
        self.dropout = nn.Dropout(0.3)
        self.register_buffer("calls", torch.zeros(()), persistent=False)
        self.noise = noise
    def forward(self, x):
        if self.training:
            self.calls += 1
        x = self.frozen(self.norm(x))
        code = self.encoder(self.dropout(x))
        code = code + self.noise * torch.randn_like(code)
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": mse_loss(output[0], x)}
"""

PRESET = """
[data]
kind = "gaussian"
held_out = 20
{data}
[network]
kind = "user"
factory = "moody_module:Moody"
arguments = {{ noise = {noise} }}
[training]
steps = 1000
[[runs]]
name = "run"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def open_moody(open_session, tmp_path):
    (tmp_path / "moody_module.py").write_text(MODULES)

    def open_one(noise=0.1, data="batch_size = 25"):
        return open_session(PRESET.format(noise=noise, data=data))

    return open_one


def run_in(session):
    return session._trainer.experiment.runs[0]


def state_of(session):
    network = run_in(session).trainable.network
    tensors = [*network.named_parameters(), *network.named_buffers()]
    return {name: tensor.detach().clone() for name, tensor in tensors}


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_a_run_that_is_watched_closely_is_the_run_that_nobody_watched(open_moody):
    alone, watched = open_moody(), open_moody()
    alone.advance(60)
    watched.view(View(rows_of=("run",)))
    for _ in range(60):
        watched.advance(1)
    assert watched.latest().runs[0].rows
    assert watched.latest().runs[0].loss == alone.latest().runs[0].loss
    assert_equal(state_of(watched), state_of(alone))


def test_every_part_of_a_module_keeps_its_own_mode(open_moody):
    session = open_moody()
    session.advance(5)
    network = run_in(session).trainable.network
    assert not network.module.frozen.training
    assert network.module.norm.training


def test_measuring_before_the_first_step_leaves_the_module_as_it_was_built(open_moody):
    session = open_moody()
    session.advance(0)
    state = state_of(session)
    assert state["module.calls"] == 0
    assert torch.equal(state["module.norm.running_mean"], torch.zeros(10))


def test_back_to_the_start_is_the_start_for_buffers_that_are_not_saved_too(open_moody):
    session = open_moody()
    session.advance(0)
    before = state_of(session)
    session.advance(30)
    first = session.latest().runs[0].loss
    session.submit(Restart("run"))
    session.advance(0)
    assert_equal(state_of(session), before)
    session.advance(30)
    assert session.latest().runs[0].loss == first


@pytest.mark.parametrize("device", ["cpu", "sim:7"])
def test_a_move_that_fails_changes_nothing(open_moody, device):
    moved, stayed = open_moody(), open_moody()
    for session in (moved, stayed):
        session.advance(10)
    number = moved.submit(MoveToDevice(device, "run"))
    moved.advance(0)
    assert [r.status for r in moved.receipts(0) if r.id == number][-1] == "failed"
    assert_equal(state_of(moved), state_of(stayed))


def test_the_loss_before_and_after_a_move_is_of_the_same_network(open_moody):
    session = open_moody(noise=0.0)
    session.advance(10)
    session.submit(MoveToDevice("sim:0", "run"))
    before = state_of(session)
    session.advance(0)
    receipt = session.receipts(0)[-1]
    assert receipt.status == "applied", receipt.reason
    said = receipt.changes[0].note.split(",")[0].removeprefix("loss on the fixed batch ")
    loss_before, loss_after = said.split(" → ")
    assert loss_before == loss_after
    after = {name: tensor.cpu() for name, tensor in state_of(session).items()}
    assert_equal(after, before)
