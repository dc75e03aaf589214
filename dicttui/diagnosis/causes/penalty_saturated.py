"""Adam cancels the coefficient of a penalty that alone feeds a tensor."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys

ADAPTIVE = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad", "Adadelta")


def _suspect(q: Quantities) -> Suspicion | None:
    if q.fact("optimizer") not in ADAPTIVE or not q["penalty_share_most"] > t.SATURATED:
        return None
    thrown = q["loss_peak_over_first"] > t.THROWN
    if not q["fvu"] > t.POOR_FVU or thrown:
        return None
    wholly = q["penalty_share_most"] > t.WHOLLY
    return Suspicion(
        0.4 + 0.4 * wholly,
        f"{q.fact('optimizer')} cancels λ: {q['penalty_share_most']:.0%} of a tensor's gradient is "
        "penalty, and is scaled to full steps",
        (
            q.evidence("penalty_share_most", "largest share of a tensor's gradient from the "
                       "penalty", t.SATURATED),
            q.evidence("fvu", "fvu", t.POOR_FVU),
        ),
        (keys("SGD, whose steps grow with λ", "step_0", optimizer='"SGD"', lr="0.1"),
         keys("SGD, whose steps grow with λ", "step_0", optimizer='"SGD"', lr="0.03")),
    )  # fmt: skip


CAUSE = Cause(
    id="penalty_saturated",
    answer="optimizer",
    mechanism="An adaptive optimizer divides by the size of the gradient; where that is almost "
    "nothing but penalty, λ cancels and every step pulls with full force. A penalty twice or half "
    "as strong then changes nothing.",
    source="Loshchilov & Hutter 2019, arXiv 1711.05101, on L2 inside Adam; the same holds for L1",
    against="a gradient to which the error contributes its share; codes that follow λ",
    suspect=_suspect,
    leads_to=(
        "code_collapse",
        "dead_atoms",
        "penalty_too_strong",
        "step_too_large",
        "second_moment_too_large",
    ),
    measure="fvu",
    least_effect=0.3,
)
