"""Constraints on atoms, and projections of what moves them."""

import pytest
import torch

from dicttui.networks.registry import build
from dicttui.optimizers.constraints import apply, project_gradient, project_update
from dicttui.preset.networks import ReluNetwork, SimpleNetwork

NETWORKS = {
    "simple": SimpleNetwork(kind="simple"),
    "relu": ReluNetwork(kind="relu", dict_size=12),
}


def network_with_gradients(kind):
    torch.manual_seed(0)
    network = build(NETWORKS[kind], 10)
    x = torch.randn(40, 10, generator=torch.Generator().manual_seed(2))
    sum(network.loss_terms(x, network(x)).values()).backward()
    return network


def atoms_gradient(kind, network):
    return network.decoder.weight.grad.T if kind == "simple" else network.W_dec.grad


@pytest.mark.parametrize("kind", NETWORKS)
def test_unit_norm_acts_on_the_networks_own_atoms(kind):
    network = network_with_gradients(kind)
    directions = network.atoms.detach().clone()
    apply(network.atoms, "unit_norm")
    torch.testing.assert_close(network.atoms.norm(dim=1), torch.ones(len(directions)))
    cosines = torch.cosine_similarity(network.atoms, directions)
    torch.testing.assert_close(cosines, torch.ones(len(directions)))


def test_unit_norm_leaves_rows_of_norm_zero_alone():
    atoms = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    apply(atoms, "unit_norm")
    torch.testing.assert_close(atoms, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))


def test_max_norm_shortens_only_what_is_longer():
    atoms = torch.tensor([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0], [-6.0, 8.0]])
    apply(atoms, "max_norm", 2.0)
    expected = torch.tensor([[1.2, 1.6], [0.3, 0.4], [0.0, 0.0], [-1.2, 1.6]])
    torch.testing.assert_close(atoms, expected)


def test_no_constraint_changes_nothing():
    atoms = torch.tensor([[3.0, 4.0]])
    apply(atoms, "none")
    assert atoms.tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_projected_gradient_is_orthogonal_to_its_atom_and_equal_across_it(kind):
    network = network_with_gradients(kind)
    before = atoms_gradient(kind, network).clone()
    others = {
        name: p.grad.clone()
        for name, p in network.named_parameters()
        if name not in ("decoder.weight", "W_dec")
    }
    atoms = network.atoms.detach()
    assert (before * atoms).sum(1).abs().max() > 1e-3
    project_gradient(network)
    after = atoms_gradient(kind, network)
    for row, old, new in zip(atoms, before, after, strict=True):
        unit = row / row.norm()
        torch.testing.assert_close(new, old - (old @ unit) * unit, atol=1e-6, rtol=1e-4)
    for name, gradient in others.items():
        assert torch.equal(network.get_parameter(name).grad, gradient)


def test_a_gradient_in_another_memory_layout_is_projected_all_the_same():
    network = network_with_gradients("simple")
    plain = network_with_gradients("simple")
    network.decoder.weight.grad = network.decoder.weight.grad.T.contiguous().T
    assert network.decoder.weight.grad.stride() != network.decoder.weight.stride()
    project_gradient(network)
    project_gradient(plain)
    torch.testing.assert_close(network.decoder.weight.grad, plain.decoder.weight.grad)


def test_zero_atoms_keep_their_gradient_and_no_gradient_is_no_error():
    network = network_with_gradients("relu")
    with torch.no_grad():
        network.W_dec[3] = 0
    before = network.W_dec.grad[3].clone()
    project_gradient(network)
    assert torch.equal(network.W_dec.grad[3], before)
    network.zero_grad()
    project_gradient(network)
    assert network.W_dec.grad is None


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_projected_update_moves_across_the_old_row_only(kind):
    network = network_with_gradients(kind)
    before = network.atoms.detach().clone()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    optimizer.step()
    free = network.atoms.detach() - before
    project_update(network.atoms, before)
    moved = network.atoms.detach() - before
    for row, old, new in zip(before, free, moved, strict=True):
        unit = row / row.norm()
        torch.testing.assert_close(new, old - (old @ unit) * unit, atol=1e-6, rtol=1e-3)
    assert moved.norm() > 0


def test_rows_that_were_zero_keep_their_whole_update():
    atoms = torch.tensor([[1.0, 2.0], [1.0, 2.0]])
    project_update(atoms, torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
    assert atoms.tolist() == [[1.0, 2.0], [1.0, 2.0]]
    project_update(atoms, torch.tensor([[0.0, 0.0], [0.5, 0.0]]))
    assert atoms.tolist() == [[1.0, 2.0], [0.5, 2.0]]
