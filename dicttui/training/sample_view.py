"""One sample of the probe batch, its reconstruction, and the atoms used for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dicttui.measures import codes, norms, pictures, recovery
from dicttui.training.closeup import Numbers, SampleAsked, SampleShown, UsedAtom
from dicttui.training.gallery import AtomFacts, plainly
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

MOST_USED = 64
"""Atoms told of: whoever looks for a cause looks at the largest."""
MOST_FEATURES = 256
"""Of samples that are no pictures, up to which each is told: a chart has no room for more."""


@torch.no_grad()
def shown(
    trainable: Trainable,
    asked: SampleAsked,
    image: Sequence[int] | None,
    known: AtomFacts,
    step: int,
) -> SampleShown:
    """The sample that is asked for, the last one if there are fewer, after so many updates.

    Raises what the network raises.
    """
    network, samples = trainable.network, trainable.samples
    probe = samples.probe(trainable.device)
    index = max(0, min(asked.index, len(probe) - 1))
    x = probe[index : index + 1]
    with evaluating(network):
        reconstruction, code = network(x)
    atoms = network.atoms.detach()
    fires = codes.fires(code, atoms, trainable.x_rms, network.sparse_code)[0]
    vectors = torch.cat((x, reconstruction, x - reconstruction))
    sample_norm, reconstruction_norm, residual_norm = norms.row_norms(vectors).tolist()
    both = sample_norm * reconstruction_norm
    told = _vectors(vectors, image, asked.shrink)
    return SampleShown(
        asked=asked,
        step=step,
        count=len(probe),
        held_out=samples.held_out is not None,
        fires=int(fires.sum()),
        norm=sample_norm,
        reconstruction_norm=reconstruction_norm,
        residual_share=(residual_norm / sample_norm) ** 2 if sample_norm else None,
        cosine=float((x * reconstruction).sum()) / both if both else None,
        sample=told[0],
        reconstruction=told[1],
        residual=told[2],
        atoms=_used(trainable, code[0], fires, atoms, image, asked.shrink, known),
    )


def _vectors(vectors: Tensor, image: Sequence[int] | None, shrink: int) -> list[Numbers]:
    if image is not None:
        return plainly(pictures.shrunk(vectors, image, shrink))
    if vectors.shape[1] <= MOST_FEATURES:
        return plainly(vectors)
    return [Numbers(peak) for peak in vectors.abs().amax(dim=1).tolist()]


def _used(
    trainable: Trainable,
    code: Tensor,
    fires: Tensor,
    atoms: Tensor,
    image: Sequence[int] | None,
    shrink: int,
    known: AtomFacts,
) -> tuple[UsedAtom, ...]:
    """The atoms that fire, of code [n_atoms] on one sample; the longest contribution first."""
    lengths = norms.row_norms(atoms)
    contributions = torch.where(fires, code.abs() * lengths, -1.0)
    count = min(MOST_USED, int(fires.sum()))
    chosen = torch.argsort(contributions, descending=True, stable=True)[:count]
    if not count:
        return ()
    rows, weights = atoms.index_select(0, chosen), code[chosen]
    nearest: list[int | None] = [None] * count
    cosines: list[float | None] = [None] * count
    true_atoms = trainable.samples.true_atoms
    if true_atoms is not None:
        signed = trainable.network.signed_code
        indices, values = recovery.nearest_true(true_atoms.to(rows.device), rows, signed)
        nearest, cosines = indices.tolist(), values.tolist()
    frequencies: list[float | None] = [None] * count
    if known.frequencies is not None:
        frequencies = known.frequencies[chosen].tolist()
    drawn = [Numbers(0.0)] * count
    if image is not None:
        drawn = plainly(pictures.shrunk(rows * weights[:, None], image, shrink))
    columns = zip(
        chosen.tolist(), weights.tolist(), lengths[chosen].tolist(), frequencies,
        nearest, cosines, drawn, strict=True,
    )  # fmt: skip
    return tuple(UsedAtom(*values) for values in columns)
