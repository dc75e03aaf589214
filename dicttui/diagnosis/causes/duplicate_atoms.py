"""State: atoms that are copies of one another."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys


def _suspect(q: Quantities) -> Suspicion | None:
    if not q["duplicate_fraction"] > t.DUPLICATES:
        return None
    remedies = [
        keys(f"atoms started {words}", "step_0", network__init=f'"{init}"')
        for init, words in (("unit_norm", "in directions of chance"), ("data", "at samples"))
        if q.fact("init") not in ("", init)
    ]
    return Suspicion(
        0.5 + 0.3 * q["duplicate_fraction"],
        f"{q['duplicate_fraction']:.0%} of living atoms are copies of another",
        (
            q.evidence("duplicate_fraction", "living atoms with a cosine above 0.98 to another",
                       t.DUPLICATES),
            q.evidence("duplicate_start", "the same at step 0"),
            q.evidence("coherence", "largest cosine of two atoms"),
        ),
        tuple(remedies),
        measure="missed_fraction" if q.fact("planted") else None,
        untested="" if remedies else "there is no other start",
    )  # fmt: skip


CAUSE = Cause(
    id="duplicate_atoms",
    answer="undetermined",
    mechanism="Two atoms in one direction get the same gradient and never part. It is a state: "
    "equal rows at the start, or a penalty under which copies share one code, lead to it.",
    source="mutual coherence: Donoho & Huo 2001; Tropp 2004",
    against="a low coherence",
    suspect=_suspect,
    measure="fvu",
    least_effect=0.15,
    state=True,
)
