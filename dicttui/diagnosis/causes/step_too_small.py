"""Steps are so small that training does not arrive."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import higher_rate

NEAR, FAR = (10**0.5, 10.0), (10**0.5, 10.0, 100.0)
"""Factors of larger rates: one that is far larger is tried where the run has hardly moved."""


def _suspect(q: Quantities) -> Suspicion | None:
    if q["diverged"] == 1 or not q["lr"] > 0:
        return None
    falling = -q["loss_trend"] > t.STILL_FALLING
    barely_moved = q["most_change"] < 0.05
    thrown = q["loss_peak_over_first"] > t.THROWN or q["loss_over_first"] > 1
    if not (falling or barely_moved) or q["sharpness_ratio"] > t.EDGE or thrown:
        return None
    strength = 0.5 + 0.2 * (q["sharpness_ratio"] < t.FAR_BELOW) + 0.2 * barely_moved
    far_below = q["sharpness_ratio"] < t.FAR_BELOW / 10
    return Suspicion(
        strength,
        f"the step is too small: lr {q['lr']:g} has not arrived after {q['step']:,.0f} steps",
        (
            q.evidence("loss_trend", "change of the loss in as many steps again, at this pace",
                       -t.STILL_FALLING, below=True),
            q.evidence("sharpness_ratio", "sharpness ÷ the optimizer's limit", t.FAR_BELOW,
                       below=True),
            q.evidence("update_ratio", "‖Δrow‖ ÷ ‖row‖ in one step, median"),
            q.evidence("most_change", "largest change of a tensor since step 0 ÷ its size", 0.05,
                       below=True),
        ),
        higher_rate(q["lr"], "now", FAR if barely_moved or far_below else NEAR),
    )  # fmt: skip


CAUSE = Cause(
    id="step_too_small",
    answer="step_size",
    mechanism="Each step removes only a small part of what is left of the loss, though larger ones "
    "would be stable. The loss falls as long as one trains, and ends far from where it could be.",
    source="gradient descent's rate on a quadratic, 1 − lr · curvature: Nocedal & Wright 2006, 3.3",
    against="a flat loss, or a sharpness at the optimizer's limit",
    suspect=_suspect,
)
