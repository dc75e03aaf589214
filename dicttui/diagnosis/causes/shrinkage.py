"""The L1 penalty makes codes too small though the right ones fire."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.causes.code_collapse import collapsed
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    own = q.fact("kind") == "user" and q["penalty_share"] > t.PENALTY_RULES
    if not (q["l1_coefficient"] > 0 or own) or collapsed(q):
        return None
    saved = q["fvu_rescaled"] / q["fvu"] if q["fvu"] > 0 else 1.0
    much = q["shrinkage"] > t.SHRUNK and q["fvu"] > t.SHRUNK_FVU
    if not (much and saved < t.RESCALED):
        return None
    k = max(1, round(q["l0"]))
    weaker = f"{q['l1_coefficient'] * 0.3:.3g}"
    remedies = [keys("a penalty 0.3 × as strong", "step_0", network__l1_coefficient=weaker)]
    if q.fact("autoencoder"):
        remedies.insert(0, keys(f"TopK with as many codes (k = {k}), which shrinks none", "step_0",
                                network__kind='"topk"', network__k=str(k)))  # fmt: skip
    return Suspicion(
        t.READ_OFF if own else 0.75,
        f"codes are shrunk: the reconstruction is {1 / q['shrinkage']:.0%} of what it should be",
        (
            q.evidence("shrinkage", "factor by which the reconstruction is too small", t.SHRUNK),
            q.evidence("fvu_rescaled", "fvu after scaling it"),
            q.evidence("fvu", "fvu"),
            q.evidence("l0", "atoms that fire on a sample"),
        ),
        () if own else tuple(remedies),
        untested="it is in the network's own code: try a third of the penalty" if own else "",
    )


CAUSE = Cause(
    id="shrinkage",
    answer="objective",
    mechanism="L1 pulls every code that fires toward zero by the same amount, whether it is right "
    "or not. What is reconstructed is too small, and one factor mends much of the error.",
    source="Rajamanoharan et al. 2024, arXiv 2404.16014; Tibshirani 1996",
    against="a factor near 1, or an fvu that it does not mend",
    suspect=_suspect,
    leads_to=("penalty_too_strong",),
    measure="fvu",
    least_effect=0.25,
)
