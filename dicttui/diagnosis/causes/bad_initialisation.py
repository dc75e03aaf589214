"""Training began at weights from which it does not get where it could."""

from dicttui.diagnosis import thresholds as t
from dicttui.diagnosis.cause import Cause, Suspicion
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys
from dicttui.training.finding import Remedy


def _suspect(q: Quantities) -> Suspicion | None:
    length = max(q["atom_norm_start"], 1 / q["atom_norm_start"]) if q["atom_norm_start"] else 1e9
    signs = {
        0.9: q["duplicate_start"] > t.DUPLICATES,
        0.85: q["silent_start"] > t.SILENT_START,
        0.8: length > t.LENGTH_START,
        0.75: q["fvu_start"] > t.BAD_START_FVU,
        0.7: bool(q.fact("weights")),
    }
    seen = [strength for strength, sign in signs.items() if sign]
    if not seen:
        return None
    remedies = _remedies(q)
    return Suspicion(
        max(seen) if remedies else t.READ_OFF,
        "it began badly: " + _words(q, length),
        (
            q.evidence("fvu_start", "fvu at step 0", t.BAD_START_FVU),
            q.evidence("silent_start", "atoms that fired on no sample at step 0", t.SILENT_START),
            q.evidence("atom_norm_start", "median length of atoms at step 0"),
            q.evidence("duplicate_start", "atoms that were copies at step 0", t.DUPLICATES),
        ),
        remedies,
        measure="missed_fraction" if q.fact("planted") and q.fact("sparse_code") else None,
        untested=""
        if remedies
        else "no setting changes its start: it is in the network's own "
        "code, or in the weights it was given",
    )


def _words(q: Quantities, length: float) -> str:
    if q["duplicate_start"] > t.DUPLICATES:
        return f"{q['duplicate_start']:.0%} of atoms were copies of another"
    if q["silent_start"] > t.SILENT_START:
        return f"{q['silent_start']:.0%} of atoms fired on no sample"
    if length > t.LENGTH_START:
        return f"atoms of length {q['atom_norm_start']:.3g}"
    if q["fvu_start"] > t.BAD_START_FVU:
        return f"the reconstruction was far too large (fvu {q['fvu_start']:.3g})"
    return "at given weights"


def _remedies(q: Quantities) -> tuple[Remedy, ...]:
    if q.fact("kind") == "user":
        return ()  # its encoder and biases start in its own code, which no setting reaches
    found = []
    if q["init_threshold"] > 0.5:
        found.append(keys("thresholds that start low", "step_0", network__init_threshold="0.05"))
    starts = [init for init in ("unit_norm", "data") if init != q.fact("init")]
    if q.fact("autoencoder"):
        if q.fact("weights"):
            return ()  # a preset has no word for "no weights"; Fork takes none away
        starts = [init for init in starts if init != "unit_norm" or q.fact("init") == "article"]
        found += [
            keys(f"atoms started {_NAMES[init]}, and the encoder at their transpose", "step_0",
                 network__init=f'"{init}"', network__encoder_init='"transpose"')
            for init in (*starts, q.fact("init"))
        ]  # fmt: skip
    else:
        found += [
            keys(f"atoms started {_NAMES[init]}", "step_0", network__init=f'"{init}"')
            for init in (*starts, "orthogonal")
            if init != q.fact("init")
        ]
    return tuple(found)


_NAMES = {
    "unit_norm": "at length 1",
    "data": "at samples",
    "orthogonal": "orthogonal",
    "article": "as the constructor draws them",
}

CAUSE = Cause(
    id="bad_initialisation",
    answer="initialisation",
    mechanism="Atoms that start too long, equal, or where nothing makes them fire are not brought "
    "back: what they reconstruct must first be undone, equal ones never part, silent ones get no "
    "gradient. What is lost in the first steps stays lost.",
    source="Glorot & Bengio 2010; for autoencoders Gao et al. 2024, arXiv 2406.04093, section A.1",
    against="an fvu near 1 at step 0, atoms that all fire, and the same end from another start",
    suspect=_suspect,
    leads_to=("dead_atoms", "code_collapse", "duplicate_atoms", "step_too_small",
              "step_too_large", "second_moment_too_large", "scale_degeneracy", "diverged",
              "noise_floor", "shrinkage", "penalty_too_strong", "edge_of_stability"),
    measure="fvu",
    least_effect=0.2,
)  # fmt: skip
