"""Updates go along rows whose length is held, and are lost."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if q.fact("constraint") != "unit_norm" or q.fact("project") != "none":
        return None
    if not q["radial_share"] > t.RADIAL:
        return None
    return Suspicion(
        min(0.7, 0.2 + 0.6 * q["radial_share"]),
        f"{q['radial_share']:.0%} of each update goes along its row, and the constraint takes it "
        "back",
        (q.evidence("radial_share", "share of the update along the row, median", t.RADIAL),),
        (keys("gradients without their part along the row", "now", project='"gradient"'),),
    )


CAUSE = Cause(
    id="radial_leakage",
    answer="optimizer",
    mechanism="Rows are brought back to length 1 after each step, so that what went along them is "
    "undone; the moments still count it. Adam then divides the part that turns the row by the size "
    "of the part that is lost.",
    source="Bricken et al. 2023, Towards Monosemanticity, appendix on training",
    against="a radial share near 0, or the same loss with the gradient projected",
    suspect=_suspect,
    leads_to=("penalty_saturated", "penalty_too_strong", "step_too_large", "duplicate_atoms"),
    measure="fvu",
    least_effect=0.25,
)
