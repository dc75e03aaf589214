"""State: all codes are zero, or nearly."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities


def collapsed(q: Quantities) -> bool:
    """Whether hardly any code is left, and with it hardly any reconstruction."""
    none = q["l0_share"] < t.COLLAPSED_L0 or q["silent_fraction"] > 0.95
    return none or (q["fvu"] > t.COLLAPSED_FVU and q["silent_fraction"] > 0.5)


def _suspect(q: Quantities) -> Suspicion | None:
    if not collapsed(q):
        return None
    return Suspicion(
        0.95,
        f"codes have collapsed: {q['silent_fraction']:.0%} of atoms never fire, fvu {q['fvu']:.3g}",
        (
            q.evidence("silent_fraction", "atoms that fire on no sample", 0.95),
            q.evidence("l0", "atoms that fire on a sample"),
            q.evidence("fvu", "fvu", t.COLLAPSED_FVU),
        ),
    )


CAUSE = Cause(
    id="code_collapse",
    answer="undetermined",
    mechanism="Every code is zero and the bias reconstructs the mean; no gradient comes back "
    "through a code that is zero. It is a state, and absorbing: a remedy must begin at step 0.",
    source="measured on the article's sparse network; dead ReLUs: Lu et al. 2019, arXiv 1903.06733",
    against="codes that fire, and an fvu well below 1",
    suspect=_suspect,
    state=True,
)
