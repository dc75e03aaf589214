"""Rows and codes trade scale for a lower penalty."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    free = q.fact("constraint") == "none" and not q.fact("penalty_scaled")
    penalised = q["l1_coefficient"] > 0 or q["penalty_growth"] > 0
    if not (free and penalised):
        return None
    uneven = q["norm_ratio"] > max(t.UNEVEN, 2 * q["norm_ratio_start"])
    grown = q["norm_growth"] > t.GROWN
    if not (uneven or grown):
        return None
    return Suspicion(
        0.5 + 0.15 * uneven + 0.15 * grown,
        f"rows and codes trade scale: the longest row is {q['norm_ratio']:.3g} × the shortest, "
        f"rows have grown {q['norm_growth']:.3g} ×",
        (
            q.evidence("norm_ratio", "longest row ÷ shortest", t.UNEVEN),
            q.evidence("norm_growth", "median row now ÷ at step 0", t.GROWN),
            q.evidence("code_scale", "rms of the codes that fire"),
            q.evidence("recovered", "true atoms recovered", None),
        ),
        (
            keys("rows of length 1", "step_0", constraint='"unit_norm"'),
            keys("a penalty that weights codes by their atoms' lengths", "step_0",
                 network__scale_sparsity_penalty_by_decoder_norm="true"),
        ) if q.fact("autoencoder")
        else (keys("rows of length 1", "step_0", constraint='"unit_norm"'),),
        measure="missed_fraction" if q.fact("planted") else None,
    )  # fmt: skip


CAUSE = Cause(
    id="scale_degeneracy",
    answer="objective",
    mechanism="A code half as large on an atom twice as long gives the same reconstruction at "
    "half the L1 penalty, so that the loss rewards long rows and tiny codes. The lowest loss "
    "can then be the worst dictionary.",
    source="Olshausen & Field 1996; Mairal et al. 2010, JMLR 11, section 3.1",
    against="rows of like lengths; a penalty that rows' lengths cannot lower",
    suspect=_suspect,
    leads_to=("dead_atoms", "step_too_large", "noise_floor", "shrinkage", "duplicate_atoms"),
    measure="rescaled_loss",
)
