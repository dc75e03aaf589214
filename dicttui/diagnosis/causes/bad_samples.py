"""Some samples are not like the others: far outliers, copies, features that never change."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    apart = q["outlier_gap"] > t.APART  # without a gap it is a heavy tail, and the samples' own
    far = q["outliers"] > 0 and q["outlier_worst"] > t.WORST and apart
    copies = q["duplicate_samples"] > t.REPEATED
    if not (far or copies):
        return None
    words = (
        f"{q['outliers'] * min(q['n'], 8192):.0f} samples are far from all others, one "
        f"{q['outlier_worst']:.3g} × the median distance"
        if far
        else f"{q['duplicate_samples']:.0%} of samples are copies of others"
    )
    remedies = (keys("without samples ten times as far out as the median", "step_0",
                     data__outliers='"drop"'),) if far else ()  # fmt: skip
    return Suspicion(
        0.92 if far else 0.6,
        f"bad samples: {words}",
        (
            q.evidence("outlier_worst", "largest ÷ median distance from the mean", t.WORST),
            q.evidence("outlier_gap", "nearest of them ÷ farthest of the others", t.APART),
            q.evidence("outliers", "share of samples beyond ten medians"),
            q.evidence("duplicate_samples", "share of samples that are copies", t.REPEATED),
        ),
        remedies,
        untested="" if far else "which copies to leave out is not dicttui's to say",
    )


CAUSE = Cause(
    id="bad_samples",
    answer="data",
    mechanism="The squared error of a sample grows with the square of its distance, so that a few "
    "far ones make up most of the gradient. Atoms are spent on them, and the second moment keeps "
    "their size.",
    source="Huber 1964; Hampel et al. 1986, Robust Statistics",
    against="distances of like size, and no better fit of the others without the far ones",
    suspect=_suspect,
    leads_to=("unscaled_data", "step_too_large", "diverged", "second_moment_too_large",
              "second_moment_too_small", "noise_floor", "dead_atoms", "code_collapse",
              "step_too_small", "scale_degeneracy", "shrinkage", "penalty_too_strong", "overfit",
              "edge_of_stability", "duplicate_atoms", "bad_initialisation"),
    measure="fvu",
    least_effect=0.1,
)  # fmt: skip
