"""The samples have nothing that a sparse code could find."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities


def _suspect(q: Quantities) -> Suspicion | None:
    overcomplete = q["n_atoms"] >= q["d_in"]
    normal = abs(q["structure"]) < t.STRUCTURE and q["n"] >= t.ENOUGH_SAMPLES
    if not (overcomplete and q.fact("sparse_code") and normal):
        return None
    return Suspicion(
        t.READ_OFF,
        "the samples have no structure beyond their covariance: no sparse code fits them",
        (
            q.evidence("structure", "excess kurtosis of whitened samples, in standard errors",
                       t.STRUCTURE, below=True),
            q.evidence("fvu", "fvu"),
            q.evidence("l0", "atoms that fire on a sample"),
        ),
        untested="no setting of a run gives the samples structure",
    )  # fmt: skip


CAUSE = Cause(
    id="no_structure",
    answer="data",
    mechanism="Sparse coding finds directions along which samples are far from normal; normal ones "
    "look alike along all. The dictionary then wanders, and each start ends at another one.",
    source="Hyvärinen & Oja 2000, Independent component analysis, section 3.3",
    against="directions of high kurtosis; the same atoms from another start",
    suspect=_suspect,
    leads_to=("noise_floor", "dead_atoms", "step_too_small", "overfit", "shrinkage",
              "penalty_too_strong", "penalty_saturated", "edge_of_stability"),
    measure="fvu",
)  # fmt: skip
