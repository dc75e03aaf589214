"""Steps are so large that they overshoot."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import lower_rate

NEAR, FAR = (10**-0.5, 0.1), (10**-0.5, 0.1, 0.01)
"""Factors of smaller rates: where little speaks for it, none that is far smaller is tried."""
WEAK = 0.5


def _suspect(q: Quantities) -> Suspicion | None:
    signs = {
        1.0: q["diverged"] == 1 or q["loss_over_first"] > t.GREW,
        0.9: q["sharpness_ratio"] > t.BEYOND and not q.known["sharpness_ratio"].note,
        0.8: q["loss_peak_over_first"] > t.THROWN,
        0.7: q["best_over_last"] < t.WORSE_THAN_BEST,
        0.6: q["update_ratio"] > t.LARGE_UPDATE,
        0.5: q["loss_spread"] > t.BOUNCES or q["sharpness_ratio"] > t.BEYOND,
        0.45: q["sharpness_ratio"] > t.EDGE and q["rising_share"] > t.RISES_OFTEN,
        0.3: q["silent_fraction"] > max(t.SILENT, 2 * q["silent_start"]),
    }
    seen = [strength for strength, sign in signs.items() if sign]
    if not seen or not q["lr"] > 0:
        return None
    # From the last finite state a smaller rate goes on; from a bad finite one it need not.
    good = q["diverged"] == 1 and q["loss_best"] < 0.9 * q["loss_first"]
    return Suspicion(
        max(seen),
        f"the step is too large: lr {q['lr']:g} overshoots",
        (
            q.evidence("sharpness_ratio", "sharpness ÷ the optimizer's limit", t.BEYOND),
            q.evidence("update_ratio", "‖Δrow‖ ÷ ‖row‖ in one step, median", t.LARGE_UPDATE),
            q.evidence("loss_peak_over_first", "highest loss ÷ first loss", t.THROWN),
            q.evidence(
                "best_over_last", "best windowed loss ÷ last", t.WORSE_THAN_BEST, below=True
            ),
            q.evidence("loss_spread", "spread of the loss ÷ loss, last quarter", t.BOUNCES),
        ),
        (lower_rate(q["lr"], "last_finite", (0.1,)) if good else ())
        + lower_rate(q["lr"], "step_0", FAR if max(seen) > WEAK else NEAR),
    )


CAUSE = Cause(
    id="step_too_large",
    answer="step_size",
    mechanism="Where the loss curves more sharply than the step allows, each step lands farther up "
    "on the other side. Rows are thrown about, atoms die, or the loss leaves for infinity.",
    source="Cohen et al. 2021, arXiv 2103.00065; for Adam Cohen et al. 2022, arXiv 2207.14484",
    against="a sharpness well below the optimizer's limit, and the same end at a smaller rate",
    suspect=_suspect,
    leads_to=("diverged", "code_collapse", "dead_atoms", "edge_of_stability", "noise_floor",
              "scale_degeneracy", "duplicate_atoms", "second_moment_too_large"),
    least_effect=0.1,
)  # fmt: skip
