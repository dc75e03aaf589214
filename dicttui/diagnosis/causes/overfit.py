"""The dictionary learns the samples by heart."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if not q["fvu_train"] > 0 or not q["fvu"] / q["fvu_train"] > t.OVERFIT:
        return None
    gap = q["fvu"] / q["fvu_train"]
    remedies = []
    if q["dict_size"] >= 8:
        size = int(q["dict_size"] // 4)
        remedies.append(keys(f"{size} atoms", "step_0", network__dict_size=str(size)))
    if q["l1_coefficient"] > 0:
        stronger = f"{q['l1_coefficient'] * 3:.3g}"
        remedies.append(keys("a penalty 3 × as strong", "step_0", network__l1_coefficient=stronger))
    remedies += [
        keys(f"{steps:,} steps", "step_0", training__steps=str(steps))
        for steps in (max(10, int(q["step"]) // 4),)
    ]
    return Suspicion(
        min(0.9, 0.4 + 0.15 * gap),
        f"it overfits: held-out fvu is {gap:.3g} × that of the train samples",
        (
            q.evidence("fvu", "fvu of held-out samples"),
            q.evidence("fvu_train", "fvu of train samples"),
            q.evidence("samples_per_atom", "train samples for each atom"),
        ),
        tuple(remedies),
    )


CAUSE = Cause(
    id="overfit",
    answer="data",
    mechanism="With few samples for each atom, atoms become samples, and what is reconstructed "
    "well is what was seen. The train loss goes on falling while that of other samples does "
    "not.",
    source="Vainsencher et al. 2011, The sample complexity of dictionary learning, JMLR 12",
    against="the same fvu on held-out samples",
    suspect=_suspect,
    leads_to=("noise_floor", "step_too_small", "dead_atoms", "edge_of_stability",
              "duplicate_atoms"),
    measure="held_out_fvu",
    least_effect=0.05,
)  # fmt: skip
