"""Samples stand far from 0, or are far larger or smaller than 1."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    off = q["offset"] > t.OFFSET
    large, small = q["x_rms"] > t.RMS_HIGH, q["x_rms"] < t.RMS_LOW
    if not (off or large or small):
        return None
    words = (
        f"their mean is {q['offset']:.3g} × their spread"
        if off
        else f"their rms is {q['x_rms']:.3g}"
    )
    remedies = []
    if off and (large or small):
        remedies.append(keys("samples standardized", "step_0", data__scaling='"standardize"'))
    if off:
        remedies.append(keys("samples centred", "step_0", data__scaling='"center"'))
    else:
        remedies.append(keys("samples scaled to a mean norm of √d_in", "step_0",
                             data__scaling='"expected_average_only_in"'))  # fmt: skip
    extreme = (
        q["offset"] > 5 * t.OFFSET or q["x_rms"] > 4 * t.RMS_HIGH or q["x_rms"] < t.RMS_LOW / 4
    )
    return Suspicion(
        0.7 + 0.2 * extreme,
        f"the samples are not scaled: {words}",
        (
            q.evidence("offset", "‖mean‖ ÷ ‖std‖ of the samples", t.OFFSET),
            q.evidence(
                "x_rms", "rms of the samples", t.RMS_HIGH if large else t.RMS_LOW, below=small
            ),
            q.evidence("fvu", "fvu"),
        ),
        tuple(remedies),
    )


CAUSE = Cause(
    id="unscaled_data",
    answer="data",
    mechanism="Rates, penalties and first weights are chosen for samples about 0 with features of "
    "about 1; far from that the bias eats the steps, or λ and the rate mean something else. Scaled "
    "samples put them back.",
    source="LeCun et al. 1998, Efficient BackProp, section 4.3; SAELens' normalize_activations",
    against="a small mean and an rms near 1; the same fvu on scaled samples",
    suspect=_suspect,
    leads_to=("step_too_large", "step_too_small", "diverged", "code_collapse", "dead_atoms",
              "penalty_too_strong", "bad_initialisation", "scale_degeneracy", "shrinkage",
              "second_moment_too_large", "second_moment_too_small", "edge_of_stability",
              "noise_floor", "epsilon_dominates", "duplicate_atoms", "precision_lost",
              "penalty_saturated", "no_structure", "radial_leakage"),
    measure="fvu",
    least_effect=0.2,
)  # fmt: skip
