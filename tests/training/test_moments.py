"""A run that is taken down and put up again goes on as if nothing had been: bit for bit."""

import pytest
import torch
from reading_state import weights

from dicttui.training import checkpoints, moments
from dicttui.training.moment import MomentError
from dicttui.training.script import Start

OPTIMIZERS = [
    "SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Adamax",
    "Adafactor", "ASGD", "Muon",
]  # fmt: skip

ONE = """
[data]
kind = "planted"
n = 300
d_in = 6
n_atoms = 9
mean_l0 = 2
held_out = 50
batch_size = 32
[network]
kind = "relu"
dict_size = 12
[training]
steps = 400
[[runs]]
name = "run"
optimizer = "{optimizer}"
lr = 0.003
dictionary_lr_scale = 0.5
constraint = "unit_norm"
schedule = "cosine"
warmup_steps = 20
"""

MOODY = """
import torch
from torch import nn

class Moody(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.encoder = nn.Linear(d_in, 4)
        self.norm = nn.BatchNorm1d(d_in)
        self.dropout = nn.Dropout(0.3)
        self.register_buffer("calls", torch.zeros(()), persistent=False)
    def forward(self, x):
        if self.training:
            self.calls += 1
        code = self.encoder(self.dropout(self.norm(x))) + self.calls / 1e4
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": (output[0] - x).square().mean()}
"""

USER = """
[data]
batch_size = 25
[network]
kind = "user"
factory = "moody_moments:Moody"
[training]
steps = 400
[[runs]]
name = "run"
optimizer = "Adam"
lr = 0.01
"""


def seen(session):
    """Everything that the rest of a training follows from, and what is shown of it."""
    (run,) = session._trainer.experiment.runs
    shown = session.latest().runs[0]
    losses = run.past.losses.series()
    return (
        weights(run), losses.steps, losses.low, losses.high, losses.last, shown.metrics,
        shown.best_loss,
        shown.best_step, shown.ripple, shown.rising_share, shown.lr, shown.step, shown.state,
    )  # fmt: skip


@pytest.mark.parametrize("text", [*(ONE.format(optimizer=o) for o in OPTIMIZERS), USER],
                         ids=[*OPTIMIZERS, "user"])  # fmt: skip
def test_what_follows_a_moment_follows_it_again(open_session, tmp_path, text):
    (tmp_path / "moody_moments.py").write_text(MOODY)
    session = open_session(text)
    session.advance(70)
    checkpoint = checkpoints.taken(session._trainer.experiment, 0, None)
    session.advance(60)
    after = seen(session)
    (run,) = session._trainer.experiment.runs
    moments.put(run, checkpoint.runs[0].moment)
    assert (run.step, run.state) == (70, "running")
    session.advance(60)
    assert seen(session) == after, "put back into the same run"
    again = open_session(text, start=Start(lambda: checkpoint))
    again.advance(60)
    assert seen(again) == after, "put up in another session"


def test_a_moment_keeps_nothing_of_the_run_that_goes_on(open_session):
    session = open_session(ONE.format(optimizer="Adam"))
    session.advance(30)
    (run,) = session._trainer.experiment.runs
    moment = moments.taken(run)
    before = {name: tensor.clone() for name, tensor in moment.tensors.items()}
    session.advance(30)
    moments.put(run, moment)
    session.advance(30)
    for name, tensor in moment.tensors.items():
        assert torch.equal(tensor, before[name]), name
        assert tensor.is_contiguous()
        assert tensor.device.type == "cpu"


def test_a_moment_of_another_network_is_refused_and_changes_nothing(open_session):
    one = open_session(ONE.format(optimizer="Adam"))
    other = open_session(ONE.format(optimizer="Adam").replace("dict_size = 12", "dict_size = 13"))
    one.advance(5)
    other.advance(7)
    (run,) = other._trainer.experiment.runs
    kept = weights(run)
    moment = moments.taken(one._trainer.experiment.runs[0])
    with pytest.raises(MomentError, match="it is another network"):
        moments.put(run, moment)
    assert weights(run) == kept
    assert run.step == 7


def test_a_checkpoint_of_other_samples_is_refused(open_session):
    one = open_session(ONE.format(optimizer="Adam"))
    one.advance(5)
    checkpoint = checkpoints.taken(one._trainer.experiment, 0, None)
    other = open_session(
        ONE.format(optimizer="Adam").replace("noise", "n").replace("n = 300", "n = 301"),
        start=Start(lambda: checkpoint),
    )
    other.start()
    assert other.wait(60)
    assert other.latest().state == "failed"
    assert "the samples are not those it was trained on" in other.latest().detail


def test_a_moment_is_put_back_on_its_device(open_session):
    from dicttui.training.interventions import MoveToDevice, Undo

    session, straight = (open_session(ONE.format(optimizer="Adam")) for _ in range(2))
    session.advance(40)
    session.submit(MoveToDevice("sim:0"))
    session.advance(20)
    assert session.latest().runs[0].device == "sim:0"
    session.submit(Undo())
    session.advance(20)
    straight.advance(60)
    run = session.latest().runs[0]
    assert (run.device, run.step) == ("cpu", 60)
    assert seen(session) == seen(straight)


def test_it_goes_on_on_another_device_if_that_is_asked_for(open_session):
    from dicttui.training.interventions import MoveToDevice, SetLearningRate, Undo

    session, straight = (open_session(ONE.format(optimizer="Adam")) for _ in range(2))
    session.submit(MoveToDevice("sim:0"))
    session.advance(20)
    session.submit(SetLearningRate("run", factor=2.0))
    session.advance(20)
    checkpoint = checkpoints.taken(session._trainer.experiment, 2, None)
    again = open_session(
        ONE.format(optimizer="Adam").replace("steps = 400", 'steps = 400\ndevice = "cuda:9"'),
        start=Start(lambda: checkpoint, device="cpu"),
    )
    again.advance(30)
    assert (again.latest().runs[0].device, again.latest().runs[0].step) == ("cpu", 70)
    again.submit(Undo())
    again.advance(50)
    straight.advance(70)
    assert (again.latest().runs[0].device, again.latest().runs[0].lr) == (
        "cpu",
        pytest.approx(straight.latest().runs[0].lr),
    )
    assert seen(again) == seen(straight)


ROOT = """
import torch
from torch import nn

class Root(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
    def forward(self, x):
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        # The gradient of a root at 0 is not finite, though its value is.
        return {"root": (output[0] - x).square().mean() + torch.sqrt((self.dictionary * 0).sum())}
"""


def test_what_is_kept_of_a_run_that_is_about_to_diverge_is_its_last_finite_state(
    open_session, tmp_path
):
    from dicttui.training.observation import Observer

    (tmp_path / "root_module.py").write_text(ROOT)
    text = USER.replace("moody_moments:Moody", "root_module:Root").replace("Adam", "SGD")

    class Keeps(Observer):
        wanted, states = False, ()

        def wants_checkpoint(self):
            return self.wanted

        def checkpoint(self, state):
            self.wanted, self.states = False, (*self.states, state)

    straight, keeps = open_session(text), Keeps()
    straight.advance(40)
    lost = straight.latest().runs[0]
    assert lost.state == "diverged"
    session = open_session(text, observers=[keeps])
    session.advance(lost.step + 1)
    assert session.latest().runs[0].state == "running", "no loss has shown it yet"
    keeps.wanted = True
    session.advance(0)
    again = open_session(text, start=Start(lambda: keeps.states[0]))
    again.advance(0)
    for other in (session, again):
        run = other.latest().runs[0]
        assert (run.state, run.step, run.state_detail) == (
            "diverged", lost.step, lost.state_detail,
        )  # fmt: skip
        assert weights(other._trainer.experiment.runs[0]) == weights(
            straight._trainer.experiment.runs[0]
        )
