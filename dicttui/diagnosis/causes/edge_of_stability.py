"""The loss ripples because the sharpness stands at the optimizer's limit."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import lower_rate


def _suspect(q: Quantities) -> Suspicion | None:
    if q["diverged"] == 1 or q["full_batch"] != 1 or not q["lr"] > 0:
        return None
    at_limit = q["sharpness_ratio"] > t.EDGE
    rises = q["rising_share"] > t.RISES
    if not (at_limit and rises):
        return None
    return Suspicion(
        0.6,
        f"it hovers at the edge of stability: sharpness {q['sharpness_ratio']:.2g} × the limit, "
        f"{q['rising_share']:.0%} of steps rise",
        (
            q.evidence("sharpness_ratio", "sharpness ÷ the optimizer's limit", t.EDGE),
            q.evidence("rising_share", "share of steps that rise", t.RISES),
            q.evidence("ripple_share", "ripple ÷ loss"),
        ),
        lower_rate(q["lr"], "now", (10**-0.5, 0.1)),
    )


CAUSE = Cause(
    id="edge_of_stability",
    answer="step_size",
    mechanism="Training drives the sharpness up until it meets the limit 2/lr (for Adam 38/lr "
    "after preconditioning), and hovers there. The loss then rises in many steps; at the "
    "optimum that is harmless, above it a smaller rate goes on falling.",
    source="Cohen et al. 2021, arXiv 2103.00065; for Adam Cohen et al. 2022, arXiv 2207.14484",
    against="a sharpness well below the limit; or no lower loss at a smaller rate: then the ripple "
    "is harmless",
    suspect=_suspect,
    least_effect=0.05,
)
