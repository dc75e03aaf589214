"""Runs whose diagnosis was made by hand: every status, every kind of remedy."""

import math
from dataclasses import replace

import handmade

from dicttui.training.finding import (
    Diagnosis,
    Effect,
    Evidence,
    Finding,
    Remedy,
    Setting,
    Verdict,
)
from dicttui.training.snapshot import RunSnapshot, Snapshot

STEPS = tuple(range(200, 4_201, 200))

TOO_LARGE = Finding(
    cause="step_too_large",
    status="confirmed",
    confidence=0.93,
    line="the learning rate is too large: the loss stalls above its floor",
    mechanism="Along the sharpest direction each step overshoots and comes back, so that the loss "
    "can fall no further there. A smaller rate lets it settle.",
    source="Cohen et al., Adaptive Gradient Methods at the Edge of Stability (2022), section 3",
    answer="step_size",
    evidence=(
        Evidence(
            "sharpness_ratio", "sharpness, in units of the optimizer's limit", 1.012, 1.0, "for",
            "unreliable under minibatches", STEPS,
            tuple(1.0 - math.exp(-step / 900) + 0.01 for step in STEPS),
        ),
        Evidence(
            "above_floor", "loss above its floor, relative", 0.2371, 0.05, "for",
            steps=STEPS, history=tuple(2.0 * math.exp(-step / 400) + 0.2371 for step in STEPS),
        ),
        Evidence("rising_share", "share of steps on which the loss rises", 0.41, 0.2, "for"),
        Evidence(
            "noise_scale", "gradient noise scale, in samples", None, 100.0, "against",
            "the batch is the whole data, so that there is no noise",
        ),
    ),
    against="a loss that falls on as before when the rate is a tenth as large.",
    remedy=Remedy("a learning rate a tenth as large", (Setting("lr", "0.001"),), "now"),
    effect=Effect(
        "loss", (0.4381, 0.4402, 0.4377), (0.3512, 0.3509, 0.3515), 500,
        "loss 0.44 → 0.35 in 3 of 3 orders of batches after 500 steps",
    ),
)  # fmt: skip
COLLAPSED = Finding(
    cause="penalty_depends_on_batch",
    status="suspected",
    confidence=0.64,
    line="the penalty is summed over the batch and pushes all codes to zero",
    mechanism="The L1 term grows with the batch, and the error does not. At 100 samples it weighs "
    "100 times what the coefficient says.",
    source="DESIGN: the article's sparse network",
    answer="objective",
    evidence=(
        Evidence("penalty_ratio", "penalty of the batch over that of its half", 2.0, 1.1, "for"),
    ),
    against="a penalty that is the same on half of the batch.",
    remedy=Remedy(
        "the mean over samples in place of the sum",
        (Setting("network.penalty", '"mean"'), Setting("network.l1_coefficient", "0.3")),
        "step_0",
    ),
    states=("code_collapse", "dead_atoms"),
    untested="its turn comes next",
)
UNSCALED = Finding(
    cause="unscaled_data",
    status="suspected",
    confidence=0.31,
    line="the features differ in scale by a factor of 40",
    mechanism="Large features take all of the gradient. Small ones are learned last.",
    source="LeCun et al., Efficient BackProp (1998), section 4.3",
    answer="data",
    evidence=(Evidence("scale_ratio", "largest over smallest feature", 40.0, 10.0, "for"),),
    remedy=Remedy("standardized features", (Setting("data.scaling", '"standardize"'),), "step_0"),
    untested="it changes the samples of all runs",
)
STALE = Finding(
    cause="second_moment_too_large",
    status="refuted",
    confidence=0.08,
    line="Adam's second moments are those of larger gradients than these",
    mechanism="They were learned from an earlier scale. Steps are too small until they have faded.",
    source="Kingma & Ba, Adam (2015), section 2",
    answer="optimizer",
    remedy=Remedy("forget the optimizer's moments", resets_optimizer=True),
    effect=Effect("loss", (0.44,), (math.inf,), 500, "no better in any order of batches"),
)
HEALTHY = Finding(
    cause="healthy",
    status="suspected",
    confidence=0.9,
    line="nothing keeps it from converging: the loss is at its floor",
    mechanism="The loss is that of the best rank-5 approximation.",
    source="Eckart & Young (1936)",
    answer="none",
)


def diagnosed() -> Snapshot:
    """One run with a finding of every kind, one that is healthy."""
    adam = replace(
        handmade.adam(),
        diagnosis=Diagnosis(
            4_200,
            (TOO_LARGE, COLLAPSED, UNSCALED, STALE),
            "trying 2 of 3: the mean over samples in place of the sum",
            ("gradient noise scale: the batch is the whole data",),
        ),
    )
    sgd = replace(handmade.sgd(), diagnosis=Diagnosis(4_000, (HEALTHY,)))
    because = "at a tenth of its rate Adam reaches 0.35, as SGD does at 0.3 (3 of 3 seeds)"
    return replace(handmade.snapshot(adam, sgd), verdict=Verdict("step_size", because))


def leading(finding: Finding, **changes: object) -> Snapshot:
    """Two runs, the first with one finding."""
    return with_diagnosis(Diagnosis(4_200, (finding,)), **changes)


def with_diagnosis(diagnosis: Diagnosis | None, **changes: object) -> Snapshot:
    """Two runs, the first with this diagnosis."""
    run: RunSnapshot = replace(handmade.adam(), diagnosis=diagnosis, **changes)  # type: ignore[arg-type]
    return handmade.snapshot(run, handmade.sgd())
