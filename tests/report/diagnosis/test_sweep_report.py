"""A sweep as text and as JSON, from numbers made by hand."""

import json
import math

from dicttui.diagnosis.comparison import Point, SweepResult, Swept
from dicttui.report.diagnosis.sweep_document import document
from dicttui.report.diagnosis.sweep_text import report


def _point(rate, *losses):
    return Point(rate, losses, losses)


SWEEP = SweepResult(
    (
        Swept("adam", "Adam", "", 0.01, (
            _point(0.001, 1.0, 1.1, 1.05), _point(0.01, 0.5, 0.52, 0.51),
            _point(0.1, 0.1, 0.11, 0.1), _point(1.0, 10.0, 11.0, 10.0),
        )),
        Swept("sgd", "SGD", "", 0.1, (
            _point(0.01, 2.0, 2.1, 2.0), _point(0.1, 0.3, 0.32, 0.31),
            _point(1.0, math.inf, math.inf, math.inf),
        )),
    ),
    (0, 1000, 2000), 100, "loss",
)  # fmt: skip
TEXT = """\
Loss after 100 steps by learning rate: the median of seeds 0,
1000, 2000

   lr  adam           sgd
0.001  1.05
 0.01  0.51 =           2
  0.1   0.1 *        0.31 *=
    1    10      diverged

* best rate of its run   = the preset's rate   ! diverged from
some seeds

loss against learning rate:   o adam   x sgd
 diverged ┤                                                  x
       10 ┤                                                  o
          │                                                ··
          │                                               ·
          │                                             ··
          │                 x··                        ·
          │ o····              ····                  ··
    0.811 ┤      ·······           ····             ·
          │             ····o··        ····        ·
          │                    ····        ··x   ··
          │                        ····         ·
          │                            ····   ··
      0.1 ┤                                ··o
          └───────────────────────────────────────────────────
            0.001         0.01              0.1              1
"""


def test_the_report_has_a_table_and_a_chart():
    text = "\n".join(report(SWEEP, 62, "ox"))
    assert max(map(len, text.splitlines())) <= 62
    assert text.startswith(TEXT)
    assert "sgd at lr 0.1: median loss 0.31 (of 0.3, 0.32, 0.31)" in text


def test_many_runs_stand_in_several_tables():
    runs = tuple(Swept(f"run-{i}", "SGD", "", 1.0, (_point(1.0, 1.0, 1.0, 1.0),)) for i in range(8))
    lines = list(report(SweepResult(runs, (0, 1, 2), 10, "fvu", "of this"), 60, "ox"))
    assert max(map(len, lines)) <= 60
    assert sum(line.startswith("lr  run-") for line in lines) == 2
    assert "Measured by fvu: of this." in lines


def test_a_sweep_in_which_all_diverged_has_a_chart_all_the_same():
    runs = (Swept("sgd", "SGD", "", 1.0, (_point(1.0, math.inf), _point(3.0, math.inf))),)
    text = "\n".join(report(SweepResult(runs, (0,), 10, "loss"), 60, "ox"))
    assert "sgd: diverged at every rate" in text


def test_the_document_says_which_is_better():
    made = json.loads(json.dumps(document(SWEEP), allow_nan=False))
    adam, sgd = made["runs"]
    assert adam["best"] == {"lr": 0.1, "median": 0.1, "at_edge": False}
    assert sgd["rates"][-1]["loss"] == [None, None, None]
    assert sgd["rates"][-1]["diverged"] == 3
    (best,) = made["best_against_best"]
    assert (best["better"], best["worse"]) == ("adam", "sgd")
    (given,) = made["as_given"]
    assert (given["better"], given["worse"]) == ("sgd", "adam")
