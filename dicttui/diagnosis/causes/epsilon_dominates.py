"""ε is larger than the gradients, so that Adam is plain gradient descent at lr ÷ ε."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    # Where a tensor gets no gradient any more, √v̂ is 0 and ε is all there is.
    stopped = q["adam_ratio"] < t.NO_STEP
    if not q["epsilon_share"] > t.EPSILON or not q["eps"] > 0 or stopped:
        return None
    smaller = "1e-8" if q["eps"] > t.USUAL_EPSILON else "1e-15"
    return Suspicion(
        min(0.95, 0.5 + 0.5 * q["epsilon_share"]),
        f"ε = {q['eps']:g} is {q['epsilon_share']:.0%} of what steps are divided by: they are as "
        "much too small",
        (
            q.evidence("epsilon_share", "ε ÷ (√v̂ + ε), median", t.EPSILON),
            q.evidence("adam_ratio", "|m̂| ÷ (√v̂ + ε), median"),
            q.evidence("gradient_norm", "norm of the gradient"),
        ),
        (keys(f"ε = {smaller}", "now", eps=smaller),),
    )


CAUSE = Cause(
    id="epsilon_dominates",
    answer="optimizer",
    mechanism="Adam divides by √v̂ + ε; where ε is the larger part it no longer adapts, and its "
    "steps are the gradient times lr ÷ ε. With small gradients they are then far shorter than lr.",
    source="Kingma & Ba 2015, arXiv 1412.6980, section 2",
    against="√v̂ far above ε",
    suspect=_suspect,
    leads_to=("step_too_small", "second_moment_too_large"),
)
