"""Moving a run while it trains, on the simulated device: values, placement and waits."""

import subprocess
import sys

import pytest
import torch

from dicttui.training import devices, simulated_device
from dicttui.training.interventions import MoveToDevice, Pause, Resume
from dicttui.training.simulated_device import Counters, SimulatedTensor

OPTIMIZERS = [
    "SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Adamax",
    "Adafactor", "ASGD", "Rprop", "Muon",
]  # fmt: skip

ONE = """
[data]
kind = "gaussian"
held_out = 20
{data}
[network]
kind = "{network}"
[[runs]]
name = "run"
optimizer = "{optimizer}"
lr = 0.01
{more}
"""


def preset(optimizer="Adam", network="sparse", data="", more=""):
    return ONE.format(optimizer=optimizer, network=network, data=data, more=more)


def answer(session, intervention):
    number = session.submit(intervention)
    session.advance(0)
    return [receipt for receipt in session.receipts(0) if receipt.id == number][-1]


def run_of(session):
    return session.latest().runs[0]


def tensors_of(session):
    trainable = session._trainer.experiment.runs[0].trainable
    states = [state for optimizer in trainable.optimizers for state in optimizer.state.values()]
    kept = [v for state in states for v in state.values() if isinstance(v, torch.Tensor)]
    return [*trainable.module_tensors(), *kept]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_moved_run_trains_on_with_the_same_values(open_session, optimizer):
    more = "momentum = 0.9\n" if optimizer == "SGD" else ""
    moved, stayed = (open_session(preset(optimizer, more=more)) for _ in range(2))
    for session in (moved, stayed):
        session.advance(12)
    receipt = answer(moved, MoveToDevice("sim:0", "run"))
    assert receipt.status == "applied", receipt.reason
    for session in (moved, stayed):
        session.advance(12)
    assert run_of(moved).device == "sim:0"
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last
    for there, here in zip(tensors_of(moved), tensors_of(stayed), strict=True):
        assert torch.equal(there.cpu(), here)
    network = moved._trainer.experiment.runs[0].trainable.network
    assert all(isinstance(p.data, SimulatedTensor) for p in network.parameters())
    answer(moved, MoveToDevice("cpu"))
    for session in (moved, stayed):
        session.advance(12)
    assert run_of(moved).device == "cpu"
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last


@pytest.mark.parametrize(
    "preset_text",
    [
        preset(network="relu", more='constraint = "unit_norm"\n'),
        preset(network="relu", more='constraint = "max_norm"\nproject = "update"\n'),
        preset(network="relu", more='project = "gradient"\nclip_grad_norm = 0.5\n'),
        preset(data="batch_size = 16\n", more='schedule = "cosine"\nwarmup_steps = 5\n'),
        preset(data='scaling = "standardize"\nbatch_size = 16\n', optimizer="SGD"),
    ],
)
def test_constraints_schedules_and_minibatches_move_too(open_session, preset_text):
    moved, stayed = open_session(preset_text), open_session(preset_text)
    for session in (moved, stayed):
        session.advance(10)
    assert answer(moved, MoveToDevice("sim")).status == "applied"
    for session in (moved, stayed):
        session.advance(20)
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last
    assert run_of(moved).metrics == pytest.approx(run_of(stayed).metrics, rel=1e-5)
    assert run_of(moved).held_out_loss == pytest.approx(run_of(stayed).held_out_loss, rel=1e-5)


def test_the_receipt_shows_the_loss_before_and_after_and_then_the_speed(open_session):
    session = open_session(preset())
    session.advance(40)
    receipt = answer(session, MoveToDevice("sim:0"))
    (change,) = receipt.changes
    assert (change.before, change.after, change.step) == ("device cpu", "device sim:0", 40)
    before, after = change.note.split(",")[0].removeprefix("loss on the fixed batch ").split(" → ")
    assert before == after
    assert "was " in change.note
    assert "ms/step" in change.note
    assert "now " not in change.note
    for _ in range(60):
        session.advance(1)
    last = session.receipts(0)[-1]
    assert last.id == receipt.id
    assert "now " in last.changes[0].note
    assert run_of(session).marks[0].label == "sim:0"


def test_a_move_of_all_runs_says_the_speed_of_each(open_session):
    two = preset() + '[[runs]]\nname = "sgd"\noptimizer = "SGD"\nlr = 0.01\n'
    session = open_session(two)
    session.advance(40)
    receipt = answer(session, MoveToDevice("sim:0"))
    assert len(receipt.changes) == 2
    for _ in range(60):
        session.advance(1)
    last = session.receipts(0)[-1]
    assert last.id == receipt.id
    for change in last.changes:
        assert change.note.count("was ") == 1, change
        assert change.note.count("now ") == 1, change


def test_no_step_on_a_device_waits_for_it(open_session):
    session = open_session(preset())
    answer(session, MoveToDevice("sim:0"))
    trainable = session._trainer.experiment.runs[0].trainable
    engine = session._trainer.experiment.runs[0].engine
    engine.advance(trainable, 0, 1)
    reads, fetched = Counters.reads, Counters.to_host
    engine.advance(trainable, 1, 50)
    assert Counters.reads == reads + 1, "one look at all fifty losses, and none a step"
    assert Counters.to_host == fetched


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("cuda:7", "device 'cuda:7' is not here; there is cpu"),
        ("nonsense", "device 'nonsense' is not here"),
        ("cpu", "is on cpu already"),
    ],
)
def test_a_device_that_is_not_there_changes_nothing(open_session, device, reason):
    moved, stayed = open_session(preset()), open_session(preset())
    moved.advance(10)
    receipt = answer(moved, MoveToDevice(device, "run"))
    assert receipt.status == "failed"
    assert reason in receipt.reason
    moved.advance(10)
    stayed.advance(20)
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last


@pytest.mark.parametrize(
    ("fails_in", "message", "reason"),
    [
        ("_to_copy", "out of memory: tried to allocate 1 GiB", "too little free memory"),
        ("relu", "operator relu is not implemented for sim", "cannot train on sim:0: operator"),
        ("addcdiv_", "operator addcdiv_ is not implemented", "cannot train on sim:0: operator"),
    ],
)
def test_a_move_that_fails_leaves_the_run_as_it_was(
    open_session, monkeypatch, fails_in, message, reason
):
    moved, stayed = open_session(preset()), open_session(preset())
    moved.advance(10)
    dispatch = SimulatedTensor.__torch_dispatch__.__func__

    def failing(cls, operator, types, args=(), kwargs=None):
        if operator.overloadpacket.__name__ == fails_in:
            raise RuntimeError(message)
        return dispatch(cls, operator, types, args, kwargs)

    monkeypatch.setattr(SimulatedTensor, "__torch_dispatch__", classmethod(failing))
    if fails_in == "_to_copy":
        monkeypatch.setattr(simulated_device, "SimulatedTensor", _raises(RuntimeError(message)))
    receipt = answer(moved, MoveToDevice("sim:0", "run"))
    assert receipt.status == "failed"
    assert reason in receipt.reason
    moved.advance(10)
    stayed.advance(20)
    assert run_of(moved).device == "cpu"
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last
    for there, here in zip(tensors_of(moved), tensors_of(stayed), strict=True):
        assert torch.equal(there, here)


def _raises(error):
    def raise_it(*_):
        raise error

    return raise_it


def test_a_paused_run_moves_and_goes_on(open_session):
    moved, stayed = open_session(preset()), open_session(preset())
    moved.advance(5)
    answer(moved, Pause())
    answer(moved, MoveToDevice("sim:0"))
    assert run_of(moved).device == "sim:0"
    assert run_of(moved).state == "paused"
    answer(moved, Resume())
    moved.advance(10)
    steps = run_of(moved).step
    stayed.advance(steps)
    assert run_of(moved).loss_series.last == run_of(stayed).loss_series.last


def test_a_run_that_diverges_on_a_device_keeps_its_last_finite_state(open_session):
    session = open_session(preset("SGD").replace("lr = 0.01", "lr = 50.0"))
    answer(session, MoveToDevice("sim:0"))
    session.advance(200)
    run = session._trainer.experiment.runs[0]
    assert run.state == "diverged"
    assert all(torch.isfinite(p.detach().cpu()).all() for p in run.trainable.network.parameters())


def test_auto_takes_the_cpu_for_small_networks(monkeypatch):
    there = (*devices.choices(), devices.DeviceChoice("cuda:0", "a GPU"))
    monkeypatch.setattr(devices, "choices", lambda: there)
    assert devices.resolve("auto", 100_000) == torch.device("cpu")
    assert devices.resolve("auto", 10**9) == torch.device("cuda:0")


def test_only_the_environment_brings_the_simulated_device():
    code = (
        "import os; from dicttui.training import devices, simulated_device as s\n"
        "for value in ('', '0', '1'):\n"
        "    os.environ['DICTTUI_SIMULATED_DEVICE'] = value\n"
        "    s.install_if_asked()\n"
        "    print([c.name for c in devices.choices()])\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert ["sim:0" in line for line in printed.splitlines()] == [False, False, True]


def test_the_speed_after_a_move_is_of_that_device_and_that_start(open_session):
    from dicttui.training.interventions import Restart

    session = open_session(preset())
    session.advance(200)
    first = session.submit(MoveToDevice("sim:0", "run"))
    session.advance(3)
    second = session.submit(MoveToDevice("cpu", "run"))
    session.advance(3)
    session.submit(Restart("run"))
    session.advance(300)
    notes = {
        number: [r.changes[0].note for r in session.receipts(0) if r.id == number and r.changes]
        for number in (first, second)
    }
    assert not any("now" in note for found in notes.values() for note in found)
