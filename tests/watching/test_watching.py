"""What a person sees who watches a loop of their own."""

import os
import random
import re

import numpy
import pytest
import torch
from torch import nn

import dicttui
from dicttui import watch
from dicttui.cli.application import run as command
from dicttui.training.snapshot import RowsRequest, View


def everything(loop):
    """All of a loop's state that a person could notice."""
    gradients = [p.grad for p in loop.model.parameters()]
    return [
        *loop.model.state_dict().values(),
        *[s for state in loop.optimizer.state.values() for s in state.values()],
        *gradients,
        torch.get_rng_state(),
        torch.tensor(numpy.random.get_state()[1].astype("int64")),
        torch.tensor([m.training for m in loop.model.modules()]),
    ]


def test_a_watched_loop_makes_the_same_numbers_to_the_last_bit(watching, make_loop):
    random.seed(0)
    numpy.random.seed(0)
    bare = make_loop()
    losses = bare.step(12)
    drawn = random.random()
    after = everything(bare)

    random.seed(0)
    numpy.random.seed(0)
    loop = watching(serve=True, record=True, held_out=torch.randn(20, 6), batch_size=0)
    torch.manual_seed(0)
    loop = watching(make_loop(), record=True)
    rows = RowsRequest("mine")
    session = loop.watched._session
    session.view(View(refresh=60, rows_of=("mine",), pages=(rows,), firing=True))
    seen = []
    for _ in range(12):
        seen += loop.step()
        session.latest()
        loop.look_due()
        loop.watched.findings()
    assert seen == losses
    assert random.random() == drawn
    for one, other in zip(everything(loop), after, strict=True):
        assert torch.equal(one, other)


def test_what_is_measured_is_what_a_direct_computation_gives(watching):
    loop = watching(held_out=torch.randn(20, 6), true_atoms=torch.eye(6))
    loop.step(3)
    loop.watched.close()
    (run,) = loop.watched._session.latest().runs
    loop.model.eval()
    with torch.no_grad():
        made, code = loop.forward(loop.x)
        assert run.metrics["mse"] == pytest.approx(float((made - loop.x).square().mean()))
        assert run.metrics["l0"] == pytest.approx(float((code != 0).sum(1).float().mean()))
        assert run.terms == {k: pytest.approx(float(v)) for k, v in loop.loss(loop.x).items()}
    lengths = loop.dictionary().norm(dim=1)
    assert run.norms.values == pytest.approx(lengths.tolist())
    assert run.metrics["recovered"] is not None
    assert run.metrics["held_out_mse"] > 0
    assert (run.step, run.state, run.batch_size) == (3, "finished", 40)
    assert run.loss_series.steps == (0, 1, 2)


def test_a_recorded_loop_is_listed_and_can_only_be_trained_by_its_own_program(
    watching, state, capsys
):
    loop = watching(record=True)
    losses = loop.step(5)
    known_as = loop.watched.id
    loop.watched.close()
    capsys.readouterr()
    assert command(["runs"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if known_as in one)
    assert re.search(rf"{known_as}\s+mine\s.*finished\s+5\s", line)
    for words in (["resume", known_as], ["replay", known_as]):
        assert command(words) == 2
        assert "only that program can train it again" in capsys.readouterr().err.replace("\n", " ")
    assert command(["resume"]) == 2
    assert "no unfinished experiment" in capsys.readouterr().err
    assert command(["export", known_as, "--format", "npz", "-o", str(state / "weights.npz")]) == 2
    assert "without keeping weights" in capsys.readouterr().err
    assert command(["export", known_as, "-o", str(state / "numbers")]) == 0
    assert command(["report", known_as, "-o", str(state / "page.html")]) == 0
    from dicttui.record.finding import find

    curve = find(known_as, state / "experiments").losses("mine")
    assert list(curve.losses) == losses


def test_only_the_loss_is_enough(watching, capsys):
    loop = watching(x=None, forward=None, dictionary=None, loss=None)
    loop.step(30)
    text = loop.watched.diagnosis()
    loop.watched.close()
    (run,) = loop.watched._session.latest().runs
    assert len(run.loss_series.steps) == 30
    assert (run.metrics, run.norms, run.firing) == ({}, None, None)
    for missing in ("dictionary: no dictionary was given", "code: no samples were given", "loss=…"):
        assert missing in text
        assert missing in capsys.readouterr().err + text


def test_a_model_without_codes_is_measured_as_far_as_it_goes(watching):
    loop = watching(forward=loop_of_one, dictionary=None)
    loop.step(2)
    text = loop.watched.diagnosis()
    (run,) = loop.watched._session.latest().runs
    assert run.metrics.keys() == {"mse", "fvu"}
    assert "code: only a reconstruction was returned" in text


def loop_of_one(x):
    return x * 0.5


def test_a_diagnosis_suspects_what_it_cannot_try_and_names_its_controls(watching, make_loop):
    loop = watching(make_loop(lr=0.05, penalty=30.0), batch_size=0)
    loop.step(300)
    findings = loop.watched.findings()
    assert {finding.status for finding in findings} == {"suspected"}
    assert all(finding.effect is None for finding in findings)
    assert findings[0].cause == "penalty_too_strong"
    assert "code_collapse" in findings[0].states
    assert all(finding.untested for finding in findings if finding.remedy is not None)
    text = loop.watched.diagnosis()
    assert "controls from another terminal: pause and pace, learning rate, optimizer reset" in text
    assert findings[0].cause in text
    assert "sharpness" in text or "n/a" in text


def test_what_raises_while_it_is_measured_is_told_once_and_the_loop_goes_on(watching, capsys):
    loop = watching()
    loop.step(2)

    def broken(_x):
        raise RuntimeError("no more of this")

    loop.watched._session.run.network.functions = type(loop.watched._session.run.network.functions)(
        broken, loop.dictionary, None, loop.loss
    )
    session = loop.watched._session
    for _ in range(8):
        loop.look_due()
        loop.step()
    assert loop.steps == 10
    assert capsys.readouterr().err.count("no more of this") == 1
    loop.watched.close()
    (run,) = session.latest().runs
    assert any("no longer measured" in alert.text for alert in run.alerts)
    assert run.step == 10


def test_losses_of_a_device_are_brought_here_only_when_somebody_looks():
    from dicttui.watching.losses import Losses

    losses = Losses()
    losses.add(torch.tensor(1.0))
    losses.add(torch.tensor(2.0, device="privateuseone"))
    losses.add(torch.tensor([3.0], device="privateuseone"))
    losses.add(4)
    assert losses.take() == [1.0, 2.0, 3.0, 4.0]
    assert losses.take() == []
    with pytest.raises(TypeError, match=r"a tensor \[2\]; expected: one number"):
        losses.add(torch.zeros(2))
    with pytest.raises(TypeError, match="the loss is a str"):
        losses.add("1.0")


def test_a_loss_that_stays_nan_is_a_divergence_though_the_loop_goes_on(watching):
    loop = watching()
    loop.step(3)
    with torch.no_grad():
        loop.model["encoder"].weight[0, 0] = float("nan")
    loop.step(3)
    loop.watched.close()
    (run,) = loop.watched._session.latest().runs
    assert (run.state, run.step) == ("diverged", 6)
    assert "nan at step 3" in run.state_detail


def test_a_child_process_does_not_touch_what_its_parent_watches(watching):
    loop = watching(record=True, serve=True)
    loop.step(2)
    child = os.fork()
    if child == 0:
        try:
            loop.watched.step(0.5)
            loop.watched.close()
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    loop.step(1)
    loop.watched.close()
    (run,) = loop.watched._session.latest().runs
    assert (run.step, run.state) == (3, "finished")


def test_a_loop_that_raises_is_recorded_as_failed(watching):
    loop = watching()
    loop.step(2)
    with pytest.raises(ZeroDivisionError), loop.watched:
        raise ZeroDivisionError
    (run,) = loop.watched._session.latest().runs
    assert (run.state, run.state_detail) == ("failed", "its program raised ZeroDivisionError")
    assert loop.watched.step(0.5) is True


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        ({"model": 3}, TypeError, "model is a int; expected: a torch.nn.Module"),
        ({"optimizer": None}, TypeError, "expected: a torch.optim.Optimizer"),
        (
            {"optimizer": torch.optim.SGD([nn.Parameter(torch.zeros(1))])},
            ValueError,
            "steps none of the model's parameters",
        ),
        ({"x": torch.zeros(4, dtype=torch.int64)}, ValueError, "int64 tensor [4]; expected"),
        ({"x": torch.full((4, 6), float("nan"))}, ValueError, "holds NaN"),
        ({"forward": lambda x: x[:1]}, ValueError, "forward=: gave a float32 tensor [1, 6]"),
        ({"forward": lambda x: 1 / 0}, ValueError, "raised ZeroDivisionError"),
        ({"forward": lambda x: (x, x)}, ValueError, "6 numbers a sample, and the dictionary has 9"),
        ({"dictionary": lambda: 3}, ValueError, "dictionary=: gave a int; expected"),
        ({"dictionary": torch.zeros(9, 6)}, TypeError, "expected: a function"),
        ({"atoms": lambda: torch.zeros(9, 5)}, ValueError, "[n_atoms, d_in], here [9, 6]"),
        ({"loss": lambda x: {"mse": x}}, ValueError, "as 'mse'; expected: a tensor of one number"),
        ({"held_out": torch.zeros(3, 5)}, ValueError, "expected: the same"),
        ({"controls": "everything"}, ValueError, "allowed: True, False, or some of pause"),
        ({"batch_size": -1}, ValueError, "expected: at least 0"),
        ({"steps": 2.5}, TypeError, "expected: a whole number"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(given, kind, told, make_loop):
    loop = make_loop()
    known = {
        "model": loop.model, "optimizer": loop.optimizer, "x": loop.x, "forward": loop.forward,
        "dictionary": loop.dictionary, "loss": loop.loss, "record": False, "serve": False,
    }  # fmt: skip
    arguments = known | given
    with pytest.raises(kind, match=re.escape(told)):
        watch(arguments.pop("model"), arguments.pop("optimizer"), arguments.pop("x"), **arguments)


def test_the_package_has_nothing_else_to_offer():
    with pytest.raises(AttributeError, match="no attribute 'unwatch'"):
        dicttui.unwatch
