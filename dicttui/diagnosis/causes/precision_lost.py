"""Updates are rounded away."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    low = bool(q.fact("low_precision"))
    # In float32, samples far from 0 do it; elsewhere what is lost there is a gradient near 0.
    far = q["offset"] > t.FAR_OFF
    rounded = q["offset"] > t.NO_DIGITS_LEFT
    if not (rounded or (q["lost_updates"] > t.LOST and (low or far))):
        return None
    reduced = q.fact("precision") not in ("", "float32")
    remedies = (keys("products in float32", "step_0", precision='"float32"'),) * reduced
    if rounded:
        return Suspicion(
            t.READ_OFF,
            f"the samples are rounded: their mean is {q['offset']:.2g} × their spread",
            (q.evidence("offset", "‖mean‖ ÷ ‖std‖ of the samples", t.NO_DIGITS_LEFT),),
            untested="float32 has lost the digits already: centre the samples before they are "
            "stored",
        )
    return Suspicion(
        0.95 if low else 0.5,
        f"{q['lost_updates']:.0%} of updates are rounded away"
        + (f": weights are {q.fact('low_precision')}" if low else ""),
        (
            q.evidence("lost_updates", "share of updates that change nothing", t.LOST),
            q.evidence("update_ratio", "‖Δrow‖ ÷ ‖row‖ in one step, median"),
            q.evidence("offset", "‖mean‖ ÷ ‖std‖ of the samples"),
        ),
        remedies,
        untested=""
        if reduced
        else "the precision of weights is in the network's own code: keep them in float32",
    )


CAUSE = Cause(
    id="precision_lost",
    answer="implementation",
    mechanism="A number of 8 bits' precision has no neighbour closer than 1/256 of it, so that a "
    "smaller update leaves it where it is. Weights then stand still though gradients are right.",
    source="Micikevicius et al. 2018, arXiv 1710.03740 (master weights)",
    against="updates that change what they are added to",
    suspect=_suspect,
    leads_to=("step_too_small", "frozen_parameters", "noise_floor"),
)
