"""The penalty costs more than any code is worth."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.causes.code_collapse import collapsed
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys

FACTORS = (0.3, 0.1, 0.03)


def _suspect(q: Quantities) -> Suspicion | None:
    name = "l1_coefficient" if q["l1_coefficient"] > 0 else "l0_coefficient"
    coefficient = q[name]
    own = q.fact("kind") == "user" and q["penalty_growth"] > 0
    if not (coefficient > 0 or own):
        return None
    poor = q["fvu"] > t.POOR_FVU and q["penalty_share"] > t.PENALTY_RULES
    if not (poor or collapsed(q)):
        return None
    strength = 0.6 + 0.2 * (q["fvu"] > 0.6) + 0.1 * collapsed(q)
    saturated = q["penalty_share_most"] > t.WHOLLY
    named = "its own" if own else f"{name} {coefficient:g}"
    return Suspicion(
        t.READ_OFF if own and strength > 0.7 and not saturated else strength,
        f"the penalty is too strong: {named} leaves fvu {q['fvu']:.3g}",
        (
            q.evidence("fvu", "fvu", t.POOR_FVU),
            q.evidence("penalty_share", "share of the gradient from the penalty", t.PENALTY_RULES),
            q.evidence("penalty_part", "share of the loss that is penalty"),
            q.evidence("lambda_field", "λ in the field's units"),
            q.evidence("l0", "atoms that fire on a sample"),
        ),
        tuple(
            keys(f"a penalty {factor:g} × as strong", "step_0",
                 **{f"network__{name}": f"{coefficient * factor:.3g}"})
            for factor in FACTORS
        ) if not own else (),
        untested="it is in the network's own code: try a tenth of it" if own else "",
    )  # fmt: skip


CAUSE = Cause(
    id="penalty_too_strong",
    answer="objective",
    mechanism="A code is worth the error it removes, at most its correlation with the residual; "
    "where λ is above that, zero is the optimum. The optimizer that finds it does what it was "
    "asked.",
    source="λ_max of the lasso: Tibshirani 1996; Mairal et al. 2010, JMLR 11",
    against="a small share of the gradient from the penalty; the same fvu at a weaker one",
    suspect=_suspect,
    leads_to=("code_collapse", "dead_atoms", "shrinkage", "scale_degeneracy", "noise_floor",
              "duplicate_atoms"),
    measure="fvu",
    least_effect=0.3,
)  # fmt: skip
