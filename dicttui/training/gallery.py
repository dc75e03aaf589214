"""Atoms as pictures: a part of a run's dictionary in some order, in few bytes."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dicttui.measures import codes, norms, pictures
from dicttui.networks import foreign
from dicttui.training import measurement
from dicttui.training.closeup import Atom, AtomOrder, AtomsAsked, AtomsShown, Numbers
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

MOST_NUMBERS = 2**18
"""In all the pictures of one part: more than any screen has cells."""


@dataclass(frozen=True, slots=True)
class AtomFacts:
    """What puts a run's atoms in order, on the run's device."""

    step: int
    """Updates that had been made."""
    norms: Tensor
    """float [n_atoms], in input space"""
    frequencies: Tensor | None
    """float [n_atoms]; None where the network could not be asked."""
    peak: float
    """The largest finite magnitude in any atom; 0 if there is none."""


@torch.no_grad()
def facts(trainable: Trainable, step: int) -> AtomFacts:
    """Look at all atoms; costs a forward pass of the probe batch."""
    atoms = trainable.network.atoms.detach()
    finite = torch.where(torch.isfinite(atoms), atoms, 0.0)
    return AtomFacts(
        step=step,
        norms=norms.row_norms(atoms),
        frequencies=_frequencies(trainable, atoms),
        peak=float(finite.abs().amax()),
    )


def _frequencies(trainable: Trainable, atoms: Tensor) -> Tensor | None:
    network, samples = trainable.network, trainable.samples
    x = measurement.fixed_rows(trainable, samples.probe(trainable.device))
    try:
        with evaluating(network):
            code = network(x).code
    except foreign.failures():
        # To look at it must not end a run: the atoms are there all the same.
        return None
    fired = codes.fires(code, atoms, trainable.x_rms, network.sparse_code)
    return fired.float().mean(dim=0)


@torch.no_grad()
def order(trainable: Trainable, known: AtomFacts, by: AtomOrder) -> Tensor:
    """The atoms' indices in an order, int64 [n_atoms] on the run's device: of equal ones the first
    comes first; frequencies and norms that are not known or not finite come last.
    """
    if by == "index" or (by == "use" and known.frequencies is None):
        return torch.arange(len(known.norms), device=known.norms.device)
    if by == "age":
        return torch.argsort(trainable.deadness.last_fired, stable=True)
    keys = known.norms if by == "norm" or known.frequencies is None else known.frequencies
    finite = torch.where(torch.isfinite(keys), keys, -1.0)
    return torch.argsort(finite, descending=True, stable=True)


@torch.no_grad()
def part(
    trainable: Trainable,
    asked: AtomsAsked,
    image: Sequence[int],
    known: AtomFacts,
    ordered: Tensor,
    step: int,
) -> AtomsShown:
    """The part of a dictionary that is asked for, as it is after so many updates.

    Args:
        trainable: whose atoms they are.
        asked: which, and how small.
        image: (height, width) or (height, width, 3) of an atom.
        known: of all atoms, some time ago.
        ordered: the atoms' indices in the order asked for, int64 [n_atoms].
        step: updates that have been made.

    """
    atoms = trainable.network.atoms.detach()
    first = max(0, min(asked.first, len(atoms)))
    most = MOST_NUMBERS // atoms.shape[1]
    chosen = ordered[first : first + max(1, min(asked.count, most))]
    rows = atoms.index_select(0, chosen)
    frequencies = known.frequencies
    values = zip(
        chosen.tolist(),
        norms.row_norms(rows).tolist(),
        [None] * len(rows) if frequencies is None else frequencies[chosen].tolist(),
        (step - 1 - trainable.deadness.last_fired[chosen]).clamp(min=0).tolist(),
        plainly(pictures.shrunk(rows, image, asked.shrink)),
        strict=True,
    )
    return AtomsShown(
        asked=asked,
        step=step,
        total=len(atoms),
        ordered_at=known.step,
        peak=known.peak,
        atoms=tuple(Atom(*value) for value in values),
    )


def plainly(rows: Tensor) -> list[Numbers]:
    """The rows [n, d] as plain numbers."""
    peaks, shares = pictures.quantised(rows)
    content = shares.cpu().contiguous().numpy()
    return [
        Numbers(peak, base64.b64encode(row.tobytes()).decode() if _is_finite(peak) else "")
        for peak, row in zip(peaks.tolist(), content, strict=True)
    ]


def _is_finite(value: float) -> bool:
    return value - value == 0
