import pytest
import torch
from torch import nn, optim

from dicttui.training.interventions import (
    Advance,
    Continue,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
)  # fmt: skip

BOTH = ("adam", "sgd")


def bare_loop(steps, change):
    """The simple network under SGD with momentum, changed by hand between steps."""
    torch.manual_seed(0)
    encoder, rows = nn.Linear(10, 8), nn.Parameter(torch.randn(5, 8))
    decoder = nn.Linear(5, 10)
    groups = [{"params": [rows]}, {"params": [*encoder.parameters(), *decoder.parameters()]}]
    stepper = optim.SGD(groups, lr=0.01, momentum=0.9)
    x = torch.randn(100, 10)
    losses = []
    for step in range(steps):
        change(step, stepper)
        stepper.zero_grad()
        loss = nn.functional.mse_loss(decoder(torch.relu(encoder(x)) @ rows.T), x)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses


MOMENTUM = """
[network]
kind = "simple"
[[runs]]
name = "sgd"
optimizer = "SGD"
momentum = 0.9
lr = 0.01
"""


def losses_of(session, run=0):
    return list(session.latest().runs[run].loss_series.last)


def answer(session, intervention):
    number = session.submit(intervention)
    session.advance(0)
    return [receipt for receipt in session.receipts(0) if receipt.id == number][-1]


@pytest.mark.parametrize(
    ("intervention", "rates"),
    [
        (SetLearningRate(factor=2.0), (0.02, 0.02)),
        (SetLearningRate("sgd", factor=0.5), (0.005, 0.005)),
        (SetLearningRate("sgd", lr=0.3), (0.3, 0.3)),
        (SetLearningRate("sgd", lr=0.3, group="dictionary"), (0.3, 0.01)),
        (SetLearningRate("sgd", factor=4.0, group="rest"), (0.01, 0.04)),
    ],
)
def test_a_learning_rate_is_in_force_from_the_step_its_receipt_names(
    open_session, intervention, rates
):
    session = open_session(MOMENTUM)
    session.advance(11)
    receipt = answer(session, intervention)
    session.advance(9)

    def change(step, stepper):
        if step == 11:
            stepper.param_groups[0]["lr"], stepper.param_groups[1]["lr"] = rates

    assert receipt.status == "applied"
    assert receipt.changes[0].step == 11
    assert losses_of(session) == bare_loop(20, change)


def test_both_groups_keep_their_ratio(open_session):
    session = open_session(MOMENTUM + "dictionary_lr_scale = 0.1\n")
    receipt = answer(session, SetLearningRate(lr=0.05))
    run = session.latest().runs[0]
    assert (run.lr, run.dictionary_lr) == pytest.approx((0.05, 0.005))
    assert receipt.changes[0].before == "lr 0.01, dictionary 0.001"
    assert receipt.changes[0].after == "lr 0.05, dictionary 0.005"
    assert run.marks[0].label == receipt.changes[0].after


def test_a_schedule_scales_the_changed_base_rate(open_session):
    session = open_session(MOMENTUM + 'schedule = "linear"\nwarmup_steps = 10\n')
    session.advance(4)
    answer(session, SetLearningRate(factor=2.0))
    run = session.latest().runs[0]
    assert run.base_lr == 0.02
    assert run.lr == pytest.approx(0.02 * 5 / 10)
    assert run.schedule == "warm-up 5/10"


def test_a_reset_makes_the_momentum_start_anew(open_session):
    session = open_session(MOMENTUM)
    session.advance(8)
    answer(session, ResetOptimizer("sgd"))
    session.advance(8)
    assert losses_of(session) == bare_loop(
        16, lambda step, stepper: stepper.state.clear() if step == 8 else None
    )


def test_back_to_the_start_repeats_the_losses(open_session):
    session = open_session()
    session.advance(30)
    first = [losses_of(session, run) for run in (0, 1)]
    answer(session, SetLearningRate(factor=8.0))
    session.advance(5)
    receipt = answer(session, Restart())
    assert [(c.before, c.after) for c in receipt.changes] == [("step 35", "step 0")] * 2
    assert session.latest().runs[0].step == 0
    assert session.latest().runs[0].best_loss is None
    session.advance(30)
    assert [losses_of(session, run) for run in (0, 1)] == first


def test_one_run_pauses_alone_and_keeps_its_own_batches(open_session):
    minibatches = "[data]\nkind = 'gaussian'\nbatch_size = 10\n"
    text = MOMENTUM + "[[runs]]\nname = 'adam'\noptimizer = 'Adam'\nlr = 0.01\n"
    session, alone = open_session(minibatches + text), open_session(minibatches + text)
    session.advance(10)
    answer(session, Pause("sgd"))
    session.advance(25)
    assert [run.step for run in session.latest().runs] == [10, 35]
    answer(session, Resume("sgd"))
    session.advance(25)
    alone.advance(60)
    paused = losses_of(session)
    assert len(paused) == 35
    assert paused == losses_of(alone)[:35]


def test_so_many_steps_then_pause(open_session):
    session = open_session()
    answer(session, Pause())
    session.advance(50)
    assert [run.step for run in session.latest().runs] == [0, 0]
    answer(session, Advance(3))
    session.advance(50)
    assert [(run.step, run.state) for run in session.latest().runs] == [(3, "paused")] * 2


def test_past_the_end(open_session):
    session = open_session()
    session.advance(1000)
    assert [(run.step, run.state) for run in session.latest().runs] == [(100, "finished")] * 2
    assert "has finished" in answer(session, Resume("adam")).reason
    receipt = answer(session, Continue())
    assert receipt.changes[0].after == "end at 200"
    session.advance(1000)
    assert [run.step for run in session.latest().runs] == [200, 200]
    answer(session, Continue(7, run="sgd"))
    session.advance(1000)
    assert [run.step for run in session.latest().runs] == [200, 207]


def test_stopped_for_good(open_session):
    session = open_session()
    session.advance(5)
    answer(session, Stop("adam"))
    for refused in (Resume("adam"), Advance(1, "adam"), Continue(run="adam")):
        receipt = answer(session, refused)
        assert receipt.status == "failed"
        assert "been stopped" in receipt.reason
    answer(session, Pause())
    answer(session, Resume())
    session.advance(5)
    assert [(run.step, run.state) for run in session.latest().runs] == [
        (5, "stopped"),
        (10, "running"),
    ]


@pytest.mark.parametrize(
    ("intervention", "reason"),
    [
        (SetLearningRate("adam", lr=1e4), "outside"),
        (SetLearningRate("adam", factor=1e-11), "outside"),
        (SetLearningRate("nobody", factor=2.0), "no run 'nobody'"),
        (Pause("nobody"), "no run"),
        (Resume("adam"), "already running"),
        (Advance(0, "adam"), "at least 1"),
        (Continue(0, "adam"), "at least 1"),
        (SetPace(0.0), "above 0"),
        (SetPace(-1.0), "above 0"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(open_session, intervention, reason):
    session, untouched = open_session(), open_session()
    receipt = answer(session, intervention)
    assert receipt.status == "failed"
    assert reason in receipt.reason
    session.advance(10)
    untouched.advance(10)
    assert [losses_of(session, run) for run in (0, 1)] == [
        losses_of(untouched, run) for run in (0, 1)
    ]


def test_a_receipt_is_requested_before_it_is_applied(open_session):
    session = open_session()
    number = session.submit(SetLearningRate(factor=2.0))
    assert [receipt.status for receipt in session.receipts(0)] == ["requested"]
    session.advance(0)
    statuses = [receipt.status for receipt in session.receipts(0) if receipt.id == number]
    assert statuses == ["requested", "applied"]
    assert session.receipts(0)[0].request == "lr × 2"
    assert session.receipts(0)[0].target == "all runs"
    assert session.receipts(len(session.receipts(0))) == []


def test_steps_asked_for_past_the_end_do_not_outlive_the_end(open_session):
    session = open_session()
    session.advance(95)
    receipt = answer(session, Advance(10, "adam"))
    assert receipt.changes[0].after == "running until step 100"
    session.advance(10)
    answer(session, Continue(run="adam"))
    session.advance(20)
    run = session.latest().runs[0]
    assert (run.state, run.step) == ("running", 120)


def test_one_rate_for_both_groups_is_one_number(open_session):
    session = open_session()
    receipt = answer(session, SetLearningRate("adam", lr=0.47))
    assert receipt.changes[0].after == "lr 0.47"
    run = session.latest().runs[0]
    assert run.lr == run.dictionary_lr == 0.47


@pytest.mark.parametrize("change", [SetLearningRate("wild", lr=0.01), ResetOptimizer("wild")])
def test_what_a_diverged_run_could_never_use_is_refused(open_session, change):
    session = open_session(
        '[network]\nkind = "sparse"\n[[runs]]\nname = "wild"\noptimizer = "SGD"\nlr = 50.0\n'
    )
    session.advance(100)
    assert session.latest().runs[0].state == "diverged"
    receipt = answer(session, change)
    assert receipt.status == "failed"
    assert "back to the start" in receipt.reason
    assert session.latest().runs[0].marks == ()


def test_back_to_the_start_has_the_end_of_the_start(open_session):
    session = open_session()
    session.advance(100)
    answer(session, Continue())
    session.advance(50)
    answer(session, Restart("adam"))
    assert [run.target for run in session.latest().runs] == [100, 200]


def test_a_change_during_a_schedule_says_what_is_in_force(open_session):
    session = open_session(
        """
        [network]
        kind = "simple"
        [[runs]]
        name = "adam"
        optimizer = "Adam"
        lr = 0.01
        schedule = "warmup"
        warmup_steps = 10
        """
    )
    session.advance(4)
    change = answer(session, SetLearningRate("adam", factor=2.0)).changes[0]
    assert (change.before, change.after) == ("base lr 0.01", "base lr 0.02")
    assert change.note == "lr 0.01 in force, warm-up 5/10"
    assert session.latest().runs[0].lr == pytest.approx(0.01)
    session.advance(20)
    change = answer(session, SetLearningRate("adam", factor=2.0)).changes[0]
    assert (change.before, change.after, change.note) == ("lr 0.02", "lr 0.04", "")


def test_going_on_past_the_end_of_a_schedule_says_what_is_in_force(open_session):
    session = open_session(
        """
        [network]
        kind = "simple"
        [training]
        steps = 20
        [[runs]]
        name = "linear"
        optimizer = "Adam"
        lr = 0.01
        schedule = "linear"
        [[runs]]
        name = "cosine"
        optimizer = "Adam"
        lr = 0.01
        schedule = "cosine"
        final_lr_scale = 0.1
        [[runs]]
        name = "constant"
        optimizer = "Adam"
        lr = 0.01
        """
    )
    session.advance(20)
    assert [change.note for change in answer(session, Continue(10)).changes] == [
        "lr 0 in force, linear 20/20",
        "lr 0.001 in force, cosine 20/20",
        "",
    ]


ONE_GROUP = """
import torch
from torch import nn

class OneGroup(nn.Module):
    def __init__(self, d_in, whole):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.whole = whole
    def forward(self, x):
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": (output.reconstruction - x).square().mean()}
    def dictionary_parameters(self):
        return [self.dictionary] if self.whole else []
"""


@pytest.mark.parametrize(("whole", "empty"), [("true", "rest"), ("false", "dictionary")])
def test_a_group_without_parameters_has_no_rate(open_session, tmp_path, whole, empty):
    (tmp_path / "one_group_module.py").write_text(ONE_GROUP)
    session = open_session(
        f"""
        [network]
        kind = "user"
        factory = "one_group_module:OneGroup"
        arguments = {{ whole = {whole} }}
        [[runs]]
        name = "run"
        optimizer = "SGD"
        lr = 0.001
        dictionary_lr_scale = 0.5
        """
    )
    session.advance(1)
    in_force = session._trainer.experiment.runs[0].trainable.optimizers[0].param_groups[0]["lr"]
    run = session.latest().runs[0]
    assert run.lr == run.dictionary_lr == in_force == (0.0005 if whole == "true" else 0.001)
    receipt = answer(session, SetLearningRate("run", lr=0.1, group=empty))
    assert receipt.status == "failed"
    assert "no parameter" in receipt.reason
    full = "dictionary" if empty == "rest" else "rest"
    receipt = answer(session, SetLearningRate("run", lr=0.002, group=full))
    assert receipt.changes[0].after == "lr 0.002"
    receipt = answer(session, SetLearningRate("run", lr=0.003))
    assert receipt.changes[0].after == "lr 0.003"


def test_the_speed_of_a_resumed_run_does_not_count_its_pause(open_session, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("dicttui.training.run.time.perf_counter", lambda: clock[0])
    session = open_session()

    def train(steps):
        for _ in range(steps):
            clock[0] += 0.1
            session.advance(1)

    train(10)
    assert session.latest().runs[0].steps_per_second == pytest.approx(10)
    answer(session, Pause("adam"))
    train(10)
    clock[0] += 100
    answer(session, Resume("adam"))
    session.advance(1)
    assert session.latest().runs[0].steps_per_second is None
    train(1)
    assert session.latest().runs[0].steps_per_second == pytest.approx(10)
