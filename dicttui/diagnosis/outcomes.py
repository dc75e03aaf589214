"""What forks are compared by, taken in the same way of each."""

import math
from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor

from dicttui.data.outliers import within
from dicttui.diagnosis.cause import Measure
from dicttui.measures import codes, coherence, norms, reconstruction, recovery
from dicttui.training.measurement import fixed_rows
from dicttui.training.run import GradientRun
from dicttui.training.undisturbed import evaluating

LOOKED_AT = 8192
"""Most train samples that the fvu is taken on."""
LOOKS = 5
"""How often a fork is looked at in its last quarter; the median of each measure counts, because
where weights bounce one look is luck."""


@torch.no_grad()
def outcome(run: GradientRun) -> dict[str, float]:
    """The measures of a run as it stands; all infinite of one that has diverged."""
    trainable = run.trainable
    network, samples, device = trainable.network, trainable.samples, trainable.device
    if run.state in ("diverged", "failed"):
        return dict.fromkeys(get_args(Measure), math.inf)
    with evaluating(network):
        # Without outliers, of all forks alike: one far sample would be all that is measured.
        train = samples.train[:LOOKED_AT]
        train = fixed_rows(trainable, train[within(train)]).to(device)
        fixed = fixed_rows(trainable, samples.fvu_set(device))
        output = network(fixed)
        atoms = network.atoms
        terms = {name: float(term) for name, term in network.loss_terms(fixed, output).items()}
        fires = codes.fires(output.code, atoms, trainable.x_rms, network.sparse_code)
        fvu = float(reconstruction.fvu(fixed, output.reconstruction, samples.fvu_mean(device)))
        lengths = norms.row_norms(atoms)
        found = {
            "loss": sum(terms.values()),
            "fvu": float(
                reconstruction.fvu(train, network(train).reconstruction, train.mean(dim=0))
            ),
            "rescaled_loss": _rescaled(terms, output.code, lengths),
            "silent_fraction": float((~fires.any(dim=0)).float().mean()),
            "l0": float(codes.l0(fires)),
            "norm_ratio": float(lengths.max() / lengths.min().clamp(min=1e-30)),
            "duplicate_fraction": coherence.mutual_coherence(
                atoms, None, network.signed_code
            ).share_of_atoms_in_pairs,
        }
        if samples.held_out is not None:
            found["held_out_fvu"] = fvu
        if samples.true_atoms is not None:
            known = recovery.recovery(
                samples.true_atoms.to(device), atoms, None, network.signed_code
            )
            found["missed_fraction"] = 1 - known.recovered
        return found


def _rescaled(terms: Mapping[str, float], code: Tensor, lengths: Tensor) -> float:
    """The loss as if every atom had length 1 and its code its length: of what can trade scale
    between a dictionary and its codes, what is left of a lower penalty. The error is the first
    term, the penalty those after it.
    """
    error, *penalties = terms.values()
    plain = float(code.abs().sum())
    if not penalties or not plain:
        return sum(terms.values())
    return error + sum(penalties) * float((code.abs() * lengths).sum()) / plain
