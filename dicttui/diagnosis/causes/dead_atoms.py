"""State: atoms that fire on no sample, and are missed."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.causes.code_collapse import collapsed
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if not q["silent_fraction"] > t.SILENT or not q.fact("sparse_code") or collapsed(q):
        return None
    planted = bool(q.fact("planted"))
    # Spare atoms die and are not missed: what there is to find has been found.
    if planted and q["recovered"] > 0.95:
        return None
    remedies = []
    if q.fact("autoencoder"):
        every = max(50, int(q["step"]) // 8)
        remedies = [
            keys("dead atoms started anew", "step_0", resample_every=str(every),
                 resample_until=str(every * 5)),
            keys("an auxiliary loss for dead atoms", "step_0", network__auxk_alpha="0.03125"),
        ]  # fmt: skip
    if q.fact("init") != "data":
        remedies.append(keys("atoms started at samples", "step_0", network__init='"data"'))
    return Suspicion(
        0.35 + 0.3 * q["silent_fraction"],
        f"{q['silent_fraction']:.0%} of atoms fire on no sample",
        (
            q.evidence("silent_fraction", "atoms that fire on no sample", t.SILENT),
            q.evidence("silent_start", "the same at step 0"),
            q.evidence("fvu", "fvu"),
            q.evidence("recovered", "true atoms recovered"),
        ),
        tuple(remedies),
        measure="missed_fraction" if planted else None,
    )


CAUSE = Cause(
    id="dead_atoms",
    answer="undetermined",
    mechanism="An atom that never fires gets no gradient and stays as it is. It is a state, and "
    "harmless where atoms are spare; a large step, the start, or the penalty leads to it.",
    source="Gao et al. 2024, arXiv 2406.04093; Bricken et al. 2023, Towards Monosemanticity",
    against="a dictionary that is as good without them",
    suspect=_suspect,
    measure="fvu",
    least_effect=0.2,
    state=True,
)
