"""A diagnosis as text and as JSON, from findings made by hand."""

import json
import math

from dicttui.report.diagnosis.document import document, has_findings
from dicttui.report.diagnosis.text import report
from dicttui.training.finding import (
    Diagnosis,
    Effect,
    Evidence,
    Finding,
    Remedy,
    Setting,
    Verdict,
)

ILL = Finding(
    cause="step_too_large",
    status="confirmed",
    confidence=0.93,
    line="the step is too large: lr 3 overshoots at every step, and the loss stands still",
    mechanism="A step crosses the valley it is in. What it gains on one side it loses again.",
    source="Cohen et al. 2021",
    answer="step_size",
    evidence=(
        Evidence("sharpness_ratio", "sharpness ÷ the optimizer's limit", 2.5, 2.0, "for", "rough"),
        Evidence("fvu", "fvu", 0.9, None, "against"),
        Evidence("ripple", "ripple", None, 0.1, "for", "too early"),
    ),
    against="a smooth loss",
    remedy=Remedy(
        "a tenth of the rate, on samples of one scale",
        (Setting("lr", "0.3"), Setting("data.scaling", '"standardize"')),
        "step_0",
    ),
    effect=Effect("loss", (math.inf, 0.9, 0.8), (0.3, 0.3, 0.31), 200, "loss 0.9 → 0.3"),
    states=("diverged",),
)
REFUTED = Finding(
    "shrinkage", "refuted", 0.05, "codes shrink", "m", "s", "objective",
    remedy=Remedy("no penalty"), effect=Effect("fvu", (1.0,), (1.0,), 9, "fvu 1 → 1"),
)  # fmt: skip
HEALTHY = Finding("healthy", "suspected", 0.8, "healthy: nothing speaks for a failure", "m", "s",
                  "none", (Evidence("fvu", "fvu", 0.05),))  # fmt: skip
RUNS = {
    "sgd": Diagnosis(1200, (ILL, REFUTED), unknown=("curvature: too large",)),
    "adam": Diagnosis(1200, (HEALTHY,)),
    "own": Diagnosis(3, progress="it failed at step 3: enough"),
}
VERDICT = Verdict("step_size", "sgd: the step is too large; adam healthy")
TEXT = """\
Is it the optimizer? No, the step size.
  sgd: the step is too large; adam healthy

sgd, after 1,200 steps
──────────────────────
1. The step is too large: lr 3 overshoots at every step, and
   the loss stands still
   step_too_large, confirmed, confidence 93 %
   What speaks for it
     sharpness ÷ the optimizer's limit  2.5  threshold 2
       (rough)
   What speaks against it
     fvu                                0.9
   Not known: ripple (too early).
   It has led to: diverged.
   Would speak against it: a smooth loss.
   How it comes about: A step crosses the valley it is in.
   What it gains on one side it loses again.
   Source: Cohen et al. 2021.
   Remedy: a tenth of the rate, on samples of one scale.
       [[runs]]  # sgd
       lr = 0.3
       [data]
       scaling = "standardize"
   Its trial began at step 0: no remedy undoes the state
   that it is in.
   Tried: loss 0.9 → 0.3.
     without it      ∞  0.9   0.8
     with it       0.3  0.3  0.31

Refuted: shrinkage (codes shrink). Tried no penalty: fvu 1 →
   1.

Not measured: curvature: too large.

adam, after 1,200 steps
───────────────────────
Healthy: nothing speaks for a failure
   What was measured
     fvu           0.05

own, after 3 steps
──────────────────
it failed at step 3: enough"""


def test_the_report_reads_from_the_verdict_to_the_remedy():
    assert "\n".join(report(VERDICT, RUNS, 60)) == TEXT


def test_no_line_is_wider_than_the_terminal():
    for width in (40, 80, 160):
        assert max(len(line) for line in report(VERDICT, RUNS, width)) <= width


def test_the_document_has_every_key_and_only_finite_numbers():
    made = json.loads(json.dumps(document(VERDICT, RUNS), allow_nan=False))
    assert made["experiment"] == {"verdict": "step_size", "because": VERDICT.because}
    assert [run["run"] for run in made["runs"]] == ["sgd", "adam", "own"]
    first = made["runs"][0]["findings"][0]
    assert first["cause"] == "step_too_large"
    assert first["evidence"]["sharpness_ratio"] == {
        "value": 2.5, "label": "sharpness ÷ the optimizer's limit", "threshold": 2.0,
        "speaks": "for", "note": "rough",
    }  # fmt: skip
    assert first["remedy"] == {
        "text": "a tenth of the rate, on samples of one scale",
        "settings": {"lr": "0.3", "data.scaling": '"standardize"'},
        "begins": "step_0",
    }
    assert first["effect"]["without"] == [None, 0.9, 0.8]
    assert made["runs"][1]["findings"][0]["remedy"] is None
    assert made["runs"][2]["findings"] == []


def test_an_experiment_of_which_nothing_is_known_is_undetermined():
    made = document(None, {"own": RUNS["own"]})
    assert made["experiment"]["verdict"] == "undetermined"
    assert "enough" in made["experiment"]["because"]


def test_only_what_is_wrong_counts_as_a_finding():
    assert has_findings(RUNS.values())
    assert not has_findings([RUNS["adam"], RUNS["own"]])
