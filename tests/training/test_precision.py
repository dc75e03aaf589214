"""A run in another precision: what it trains, what is shown of it, and that it stays its own."""

import pytest
import torch
from reading_state import weights

from dicttui.networks.precision import tf32
from dicttui.preset.problems import PresetError
from dicttui.preset.reading import read
from dicttui.training.interventions import Fork, MoveToDevice, SetLearningRate, Undo

TWO = """
[data]
kind = "gaussian"
held_out = 20
batch_size = 32
[network]
kind = "{kind}"
[training]
steps = 60
[[runs]]
name = "full"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "half"
optimizer = "Adam"
lr = 0.01
precision = "{precision}"
"""
PRECISION = torch.finfo(torch.bfloat16).eps


def runs_of(session):
    return session._trainer.experiment.runs


@pytest.mark.parametrize("kind", ["simple", "relu"])
def test_bfloat16_trains_nearly_as_float32_does(open_session, kind):
    session = open_session(TWO.format(kind=kind, precision="bfloat16"))
    session.advance(60)
    full, half = session.latest().runs
    assert (full.state, half.state) == ("finished", "finished")
    assert half.loss_series.last != full.loss_series.last
    assert half.loss_series.last == pytest.approx(full.loss_series.last, rel=20 * PRECISION)
    assert half.held_out_loss == pytest.approx(full.held_out_loss, rel=20 * PRECISION)
    assert half.metrics["fvu"] == pytest.approx(full.metrics["fvu"], rel=20 * PRECISION)
    trainable = runs_of(session)[1].trainable
    x = trainable.samples.batch(0, trainable.device)
    output = trainable.network(x)
    terms = trainable.network.loss_terms(x, output)
    tensors = [*output, *terms.values(), *trainable.network.parameters()]
    assert {tensor.dtype for tensor in tensors} == {torch.float32}


def test_the_precision_stands_with_the_settings_and_in_the_snapshot(open_session):
    for precision in ("bfloat16", "tf32"):
        session = open_session(TWO.format(kind="simple", precision=precision))
        session.advance(0)
        full, half = session.latest().runs
        assert (full.settings, half.settings) == ("", precision)


def test_a_run_in_bfloat16_repeats_to_the_bit_and_forks_and_is_taken_back(open_session):
    one, other = (open_session(TWO.format(kind="relu", precision="bfloat16")) for _ in range(2))
    for session in (one, other):
        session.advance(20)
    one.submit(Fork("half", name="fork", l1_coefficient=0.1))
    one.submit(Fork("half", name="same"))
    one.advance(10)
    assert [run.trainable.network.precision for run in runs_of(one)] == [
        "float32", "bfloat16", "bfloat16", "bfloat16",
    ]  # fmt: skip
    other.advance(10)
    assert weights(runs_of(one)[1]) == weights(runs_of(one)[3]) == weights(runs_of(other)[1])
    other.submit(SetLearningRate(lr=0.1, run="half"))
    other.advance(5)
    other.submit(Undo("half"))
    other.advance(5)
    one.advance(5)
    assert weights(runs_of(one)[1]) == weights(runs_of(other)[1])


def test_a_device_without_bfloat16_is_refused_and_nothing_changes(open_session):
    session = open_session(TWO.format(kind="relu", precision="bfloat16"))
    session.advance(5)
    before = weights(runs_of(session)[1])
    session.submit(MoveToDevice("sim:0", "half"))
    session.advance(0)
    receipt = session.receipts(0)[-1]
    assert receipt.status == "failed"
    assert "this run cannot train on sim:0" in receipt.reason
    assert weights(runs_of(session)[1]) == before


def test_what_is_no_precision_is_refused_with_what_is(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TWO.format(kind="relu", precision="bfloat"))
    with pytest.raises(PresetError) as refused:
        read(str(path))
    (line,) = refused.value.errors
    assert line == (
        f'{path}: runs[1].precision: "bfloat" is not known; did you mean "bfloat16"? '
        'allowed: "float32", "tf32", "bfloat16"'
    )


@pytest.mark.parametrize("before", ["none", "tf32", "ieee"])
def test_tf32_is_on_within_a_run_alone_and_on_a_gpu_alone(monkeypatch, before):
    switch = torch.backends.cuda.matmul
    if not hasattr(switch, "fp32_precision"):
        pytest.skip("this torch has the older switch")
    standing, switch.fp32_precision = switch.fp32_precision, before
    try:
        with tf32("tf32", torch.device("cuda")):
            assert switch.fp32_precision == "tf32"
        assert switch.fp32_precision == before
        for precision, device in (("float32", "cuda"), ("bfloat16", "cuda"), ("tf32", "cpu")):
            with tf32(precision, torch.device(device)):
                assert switch.fp32_precision == before
        with pytest.raises(ZeroDivisionError), tf32("tf32", torch.device("cuda", 1)):
            1 / 0
        assert switch.fp32_precision == before
    finally:
        switch.fp32_precision = standing
