"""Adam's second moment is smaller than the gradients that come, and steps are too long."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    short = q["beta2"] < q["beta1"] ** 2 or q["beta2"] < 0.9
    stale = -t.MOST_STALE < q["staleness"] < -t.STALE
    long = q["adam_ratio"] > t.LARGE_RATIO
    if not (short or stale or long) or not q["beta2"] >= 0:
        return None
    shown = f"[{q['beta1']:g}, {{}}]"
    remedies = [
        keys(f"a second moment of the last {steps} steps", "step_0", betas=shown.format(beta2))
        for steps, beta2 in ((1000, "0.999"), (100, "0.99"))
        if float(beta2) > q["beta2"]
    ]
    if stale and not remedies:
        remedies = [keys("gradients clipped to norm 1", "step_0", clip_grad_norm="1.0")]
    return Suspicion(
        0.4 + 0.4 * short + 0.1 * stale + 0.1 * long,
        f"the second moment forgets within {1 / (1 - min(q['beta2'], 0.999999)):.3g} steps: single "
        "steps are far too long" if short
        else "the second moment lags behind gradients that grew: steps are too long",
        (
            q.evidence("beta2", "β₂, which should be above β₁²", q["beta1"] ** 2, below=True),
            q.evidence("adam_ratio", "|m̂| ÷ (√v̂ + ε), median", t.LARGE_RATIO),
            q.evidence("staleness", "log₁₀ of √v̂ ÷ rms of the gradients of now", -t.STALE,
                       below=True),
            q.evidence("loss_spread", "spread of the loss ÷ loss, last quarter", t.BOUNCES),
        ),
        tuple(remedies),
        untested="" if remedies else "no setting of this optimizer remembers longer",
    )  # fmt: skip


CAUSE = Cause(
    id="second_moment_too_small",
    answer="optimizer",
    mechanism="Where the second moment averages over few steps, or lags behind gradients that "
    "grow, the first moment is divided by less than its own size. Steps have heavy tails and "
    "throw rows about.",
    source="Reddi et al. 2018, arXiv 1904.09237; Zhang et al. 2022, arXiv 2208.09632 (β₁ < √β₂)",
    against="√v̂ as large as the gradients of now, and |m̂| ÷ √v̂ below 1",
    suspect=_suspect,
    leads_to=("step_too_large", "noise_floor", "edge_of_stability", "dead_atoms", "diverged",
              "code_collapse"),
)  # fmt: skip
