"""Adam's second moment remembers gradients that are long gone, and steps shrink to nothing."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if not t.STALE < q["staleness"] < t.MOST_STALE:
        return None
    remedies = []
    if q.fact("amsgrad"):
        remedies.append(keys("without amsgrad", "now", amsgrad="false"))
    if q["beta2"] > 0.99:
        remedies += [
            keys(f"a second moment of the last {steps} steps", "now",
                 betas=f"[{q['beta1']:g}, {beta2}]")
            for steps, beta2 in ((1000, "0.999"), (100, "0.99"))
            if float(beta2) < q["beta2"]
        ]  # fmt: skip
    if q.fact("optimizer") == "Adagrad":
        remedies.append(keys("Adam, which forgets", "now", optimizer='"Adam"'))
    return Suspicion(
        min(0.9, 0.5 + 0.3 * (q["staleness"] - t.STALE)),
        f"the second moment is {10 ** q['staleness']:.2g} × the gradients of now: steps are as "
        "much too small",
        (
            q.evidence("staleness", "log₁₀ of √v̂ ÷ rms of the gradients of now", t.STALE),
            q.evidence("adam_ratio", "|m̂| ÷ (√v̂ + ε), median"),
            q.evidence("beta2", "β₂"),
            q.evidence("loss_trend", "change of the loss in as many steps again, at this pace"),
        ),
        tuple(remedies),
        untested="" if remedies else "no setting of this optimizer forgets faster",
    )


CAUSE = Cause(
    id="second_moment_too_large",
    answer="optimizer",
    mechanism="The second moment is an average over 1/(1 − β₂) steps (with amsgrad, or Adagrad, "
    "over all of them); after gradients have fallen it still holds the large ones. Every step "
    "is divided by their size and is as much too small.",
    source="Reddi et al. 2018 (AMSGrad), arXiv 1904.09237; Duchi et al. 2011 (Adagrad)",
    against="√v̂ as large as the gradients of now",
    suspect=_suspect,
    leads_to=("step_too_small",),
)
