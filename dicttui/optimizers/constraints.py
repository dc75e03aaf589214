"""Constraints on atoms, and projections of what moves them."""

import torch
from torch import Tensor, nn

from dicttui.networks.protocol import DictionaryNetwork
from dicttui.optimizers.registry import OptimizerError
from dicttui.preset.values import Constraint


@torch.no_grad()
def apply(atoms: Tensor, kind: Constraint, max_norm: float = 1.0) -> None:
    """Constrain the rows of atoms [n_atoms, d_in] in place, after a step.

    unit_norm: every row is scaled to Euclidean norm 1, a row of norm 0 is left alone; max_norm:
    rows longer than max_norm are scaled to it; none: nothing happens.
    """
    if kind == "none":
        return
    rows = atoms.detach()
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    if kind == "unit_norm":
        rows.div_(torch.where(norms > 0, norms, 1.0))
    else:
        rows.mul_(torch.where(norms > max_norm, max_norm / norms, 1.0))


@torch.no_grad()
def project_gradient(network: DictionaryNetwork) -> None:
    """Take from the atoms' gradient, in place, its component along each atom; before a step.

    The gradient is that of the parameter behind `atoms`, also where atoms are its transpose.
    Atoms of norm 0 and parameters without a gradient are left alone. What an optimizer with
    momentum or per-coordinate rates makes of a projected gradient may still have such a component.
    """
    parameter = _parameter_behind(network, network.atoms)
    atoms = network.atoms.detach()
    if parameter.grad is None:
        return
    if parameter.grad.stride() != parameter.stride():
        parameter.grad = torch.empty_like(parameter).copy_(parameter.grad)
    gradient = parameter.grad.as_strided(
        atoms.shape,
        atoms.stride(),
        atoms.storage_offset() - parameter.storage_offset() + parameter.grad.storage_offset(),
    )
    gradient.sub_(_along(atoms, gradient))


@torch.no_grad()
def project_update(atoms: Tensor, before: Tensor) -> None:
    """Take from the update of atoms [n_atoms, d_in], in place, its component along each old row.

    `before` [n_atoms, d_in] is a copy of the atoms from before the step. Rows that were zero keep
    their whole update.
    """
    rows = atoms.detach()
    rows.sub_(_along(before, rows - before))


def _along(rows: Tensor, moved: Tensor) -> Tensor:
    """The component of each row of `moved` along the row of `rows`; zero for rows of norm 0."""
    squares = rows.square().sum(dim=1, keepdim=True)
    products = (moved * rows).sum(dim=1, keepdim=True)
    return torch.where(squares > 0, products / squares, 0.0) * rows


def _parameter_behind(network: DictionaryNetwork, atoms: Tensor) -> nn.Parameter:
    # Not by address: tensors of a simulated device have none.
    for parameter in network.parameters():
        if parameter is atoms or parameter is atoms._base:
            return parameter
    raise OptimizerError("the network's atoms are no view of a parameter, so they cannot be moved")
