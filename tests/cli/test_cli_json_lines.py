"""The JSON lines themselves."""

import io
import json
import math

import pytest

from dicttui.cli.json_lines import JsonLines
from dicttui.training.interventions import Change, Receipt
from dicttui.training.observation import EndObservation, StepObservation


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def lines(stream):
    return JsonLines(stream, every=1)


def test_a_step_has_the_float32s_exact_value(lines, stream):
    loss = 0.10000000149011612
    lines.step(StepObservation("adam", 3, loss, {"mse": loss}, {"mse": loss, "mmcs": None}))
    assert json.loads(stream.getvalue()) == {
        "event": "step", "run": "adam", "step": 3, "loss": loss, "terms": {"mse": loss},
        "metrics": {"mse": loss, "mmcs": None},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "reason"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "inf")]
)
def test_a_number_that_is_not_finite_is_null_with_a_reason(lines, stream, value, reason):
    lines.step(StepObservation("sgd", 0, value, {"mse": value, "l1_penalty": 1.0}, {"fvu": value}))
    found = json.loads(stream.getvalue(), parse_constant=pytest.fail)
    assert (found["loss"], found["loss_reason"]) == (None, reason)
    assert found["terms"] == {"mse": None, "l1_penalty": 1.0}
    assert found["terms_reason"] == {"mse": reason}
    assert (found["metrics"], found["metrics_reason"]) == ({"fvu": None}, {"fvu": reason})


def test_an_end(lines, stream):
    lines.end(EndObservation("sgd", "diverged", "why", 7, math.nan, 0.5, 3, (1.0, math.inf), 0.25))
    assert json.loads(stream.getvalue()) == {
        "event": "end", "run": "sgd", "state": "diverged", "detail": "why", "steps": 7,
        "loss": None, "loss_reason": "nan", "best_loss": 0.5, "best_step": 3,
        "row_norms": [1.0, None], "row_norms_reason": [None, "inf"], "seconds": 0.25,
    }  # fmt: skip


def test_a_receipt(lines, stream):
    change = Change("adam", 4, "lr 0.01", "lr 0.02")
    lines.receipt(Receipt(1, "learning_rate", "adam", "applied", "lr × 2", (change,)))
    found = json.loads(stream.getvalue())
    assert (found["event"], found["kind"], found["status"]) == (
        "receipt",
        "learning_rate",
        "applied",
    )
    assert found["changes"][0]["after"] == "lr 0.02"
