"""How large and how sparse codes are. Results stay on the code's device: no sync."""

import torch
from torch import Tensor

from dicttui.measures.norms import row_norms

IN_CACHE = 2**20
"""Numbers of a code of which a copy costs less than to go through the code twice."""
FIRING_THRESHOLD = 1e-3
"""Share of rms(x) above which a linear code's contribution counts as firing."""


def l1(code: Tensor) -> Tensor:
    """Σ over atoms of |code| [batch, n_atoms], mean over samples, weighted by no coefficient."""
    return code.abs().sum(dim=1).mean()


def fires(code: Tensor, atoms: Tensor, x_rms: Tensor | float, sparse_code: bool) -> Tensor:
    """Which atoms fire on which samples: bool [batch, n_atoms].

    Where codes can be exactly zero (sparse_code), an atom fires where its code is not. Where they
    are linear, it fires where |code| · ‖its atom‖ > 1e-3 · rms(x): `atoms` is [n_atoms, d_in], and
    x_rms the root mean square of the samples over samples and features.
    """
    if sparse_code:
        return code != 0
    return code.abs() * row_norms(atoms) > FIRING_THRESHOLD * x_rms


def largest_magnitudes(code: Tensor) -> Tensor:
    """The largest |code| of each atom over the samples: [n_atoms] from [batch, n_atoms]."""
    code = code.detach()
    if code.numel() <= IN_CACHE:
        return code.abs().amax(dim=0)
    return torch.maximum(code.amax(dim=0), code.amin(dim=0).neg())


class Firing:
    """Which atoms fire on any sample of a step, gathered cheaply because it is done at every step.

    The largest |code| of each atom decides, and for linear codes the atom's norm at that step.
    """

    def __init__(self, x_rms: float, sparse_code: bool) -> None:
        self._threshold = FIRING_THRESHOLD * x_rms
        self._sparse_code = sparse_code
        self._largest: list[Tensor] = []
        self._norms: list[Tensor] = []

    def add(self, code: Tensor, atoms: Tensor) -> None:
        """One step's code [batch, n_atoms] and its atoms [n_atoms, d_in], detached; never waits."""
        self._largest.append(largest_magnitudes(code))
        if not self._sparse_code:
            self._norms.append(row_norms(atoms))

    def fired_any(self) -> Tensor:
        """Which fired: bool [steps, n_atoms], equal to `fires(…).any(dim=0)` of each step added."""
        largest = torch.stack(self._largest)
        if self._sparse_code:
            return largest != 0
        return largest * torch.stack(self._norms) > self._threshold


def l0(fired: Tensor) -> Tensor:
    """Atoms that fire, mean over samples, from bool [batch, n_atoms]."""
    return fired.sum(dim=1, dtype=torch.float32).mean()
