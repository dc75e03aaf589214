"""The penalty is a sum over the batch beside an error that is a mean."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.causes.code_collapse import collapsed
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if not (q["penalty_growth"] > t.SUMMED and q["error_growth"] < t.SUMMED):
        return None
    if not (collapsed(q) or q["fvu"] > t.POOR_FVU):
        return None
    ours = q.fact("penalty") == "sum"
    remedies = (keys("the penalty's mean over samples", "step_0", network__penalty='"mean"'),)
    return Suspicion(
        0.95,
        f"the penalty is summed over the batch: λ counts {q['batch_size']:.0f} times over",
        (
            q.evidence("penalty_growth", "penalty of a batch ÷ of its half", t.SUMMED),
            q.evidence("error_growth", "error of a batch ÷ of its half", t.SUMMED, below=True),
            q.evidence("lambda_field", "λ in the field's units"),
            q.evidence("fvu", "fvu", t.POOR_FVU),
        ),
        remedies if ours else (),
        untested=""
        if ours
        else "it is in the network's own code: divide the penalty by the number of samples",
    )


CAUSE = Cause(
    id="penalty_depends_on_batch",
    answer="objective",
    mechanism="An error that is averaged over samples stands beside a penalty that is summed over"
    " them, so that λ grows with the batch. At the size in use the penalty rules, and zero "
    "codes are the optimum.",
    source="the article's `lambda * sum|projected|`: λ = 10 in the field's units at 100 samples",
    against="a penalty that is the same on half the batch",
    suspect=_suspect,
    leads_to=("penalty_too_strong", "code_collapse", "dead_atoms", "shrinkage",
              "scale_degeneracy", "penalty_saturated", "step_too_large", "duplicate_atoms",
              "edge_of_stability", "noise_floor", "no_structure", "diverged"),
    measure="fvu",
    least_effect=0.3,
)  # fmt: skip
