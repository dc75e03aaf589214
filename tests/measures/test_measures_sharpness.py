"""The largest signed eigenvalue of a Hessian, beside all eigenvalues of the dense one."""

import math
from functools import cache

import pytest
import torch
from pydantic import TypeAdapter
from torch.func import functional_call

from dicttui.measures.sharpness import hessian_vector, largest_eigenvalue, tangent_to_rows
from dicttui.measures.stability import preconditioner
from dicttui.networks.registry import build
from dicttui.preset.networks import AnyNetwork

X = torch.randn(24, 5, generator=torch.Generator().manual_seed(0)) + 0.3
KINDS = {
    "simple": {"dict_size": 4, "hidden_size": 5},
    "sparse": {"dict_size": 4, "hidden_size": 5},
    "relu": {"dict_size": 6, "l1_coefficient": 0.1},
    "topk": {"dict_size": 6, "k": 2},
    "gated": {"dict_size": 6, "l1_coefficient": 0.1},
    "jump_relu": {"dict_size": 6},
    "lista": {"dict_size": 6, "iterations": 3},
}


@cache
def trained(kind, steps=20):
    """A small network, its loss as a function of nothing, and the optimizer that trained it."""
    torch.manual_seed(1)
    network = build(TypeAdapter(AnyNetwork).validate_python({"kind": kind, **KINDS[kind]}), 5)
    network.initialise("article", X, torch.Generator().manual_seed(2))

    def loss():
        return sum(network.loss_terms(X, network(X)).values())

    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return network, loss, optimizer


@cache
def dense(kind):
    """The Hessian [n, n] in float64, by torch's own function of a flat vector of parameters."""
    network, _, _ = trained(kind)
    names, shapes = zip(*((n, p.shape) for n, p in network.named_parameters()), strict=True)
    double = network.double()
    flat = torch.cat([p.detach().reshape(-1) for p in double.parameters()])

    def loss(flat):
        parts = flat.split([shape.numel() for shape in shapes])
        values = {n: v.view(s) for n, v, s in zip(names, parts, shapes, strict=True)}
        return functional_call(_Loss(double), {f"network.{n}": v for n, v in values.items()}, ())

    found = torch.autograd.functional.hessian(loss, flat, vectorize=True)
    network.float()
    return found


class _Loss(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self):
        x = X.double()
        output = type(self.network).forward(self.network, x)
        return sum(self.network.loss_terms(x, output).values())


def seeded():
    return torch.Generator().manual_seed(3)


def flat(tensors):
    return torch.cat([t.detach().double().reshape(-1) for t in tensors])


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_largest_eigenvalue_of_the_dense_hessian(kind):
    network, loss, optimizer = trained(kind)
    parameters = [*network.parameters()]
    hessian = dense(kind)
    found = largest_eigenvalue(loss, parameters, generator=seeded())
    assert found.value == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=0.01)
    assert found.products <= 30

    divisors = [
        preconditioner("Adam", optimizer.state[p], optimizer.param_groups[0]) for p in parameters
    ]
    decays = [0.3 * (i + 1) for i in range(len(parameters))]
    added = flat(torch.full_like(p, d) for p, d in zip(parameters, decays, strict=True))
    root = flat(divisors).rsqrt()
    whole = root[:, None] * (hessian + added.diag()) * root
    found = largest_eigenvalue(
        loss, parameters, preconditioner=divisors, diagonal=decays, generator=seeded()
    )
    assert found.value == pytest.approx(float(torch.linalg.eigvalsh(whole)[-1]), rel=0.01)


@pytest.mark.parametrize("kind", ["relu", "simple"])
def test_with_rows_of_fixed_norm_it_is_what_a_projected_step_multiplies_by(kind):
    """The atoms are a parameter of one network and a parameter's transpose in the other."""
    network, loss, optimizer = trained(kind)
    parameters = [*network.parameters()]
    divisors = [
        preconditioner("Adam", optimizer.state[p], optimizer.param_groups[0]) for p in parameters
    ]
    project = tangent_to_rows(parameters, network.atoms)

    def along(column):
        """A flat vector, its component along each atom taken away by hand."""
        parts = column.split([p.numel() for p in parameters])
        parts = [part.reshape(p.shape).clone() for part, p in zip(parts, parameters, strict=True)]
        place = next(
            i for i, p in enumerate(parameters) if p is network.atoms or p is network.atoms._base
        )
        for row, atom in enumerate(network.atoms.detach().double()):
            moved = parts[place][:, row] if kind == "simple" else parts[place][row]
            moved -= (moved @ atom) / (atom @ atom) * atom
        return torch.cat([part.reshape(-1) for part in parts])

    count = sum(p.numel() for p in parameters)
    tangent = torch.stack([along(e) for e in torch.eye(count, dtype=torch.float64)], dim=1)
    step = tangent @ (flat(divisors).reciprocal()[:, None] * dense(kind)) @ tangent
    slow = float(torch.linalg.eigvals(step).real.max())
    found = largest_eigenvalue(
        loss, parameters, preconditioner=divisors, tangent=project, generator=seeded()
    )
    assert found.value == pytest.approx(slow, rel=0.01)
    free = largest_eigenvalue(loss, parameters, preconditioner=divisors, generator=seeded())
    assert found.value < free.value


def quadratic(eigenvalues):
    """½ wᵀ A w with these eigenvalues, in directions at random."""
    values = torch.as_tensor(eigenvalues, dtype=torch.float32)
    turned, _ = torch.linalg.qr(torch.randn(len(values), len(values), generator=seeded()))
    matrix = turned @ values.diag() @ turned.T
    w = torch.nn.Parameter(torch.ones(len(values)))
    return (lambda: w @ matrix @ w / 2), [w]


@pytest.mark.parametrize(
    "eigenvalues",
    [
        [-50.0, -20.0, -1.0, 0.0, 0.5, 2.0],  # the largest in magnitude is negative
        [-3.0, -2.0, -1.0],  # all are
        [2.0, 2.0, 2.0, 2.0],
        [*torch.linspace(0, 1, 300).tolist(), 1.1],  # one just above a crowd
        [1e-9, 3e-9, 7e-9],
        [1e9, 3e9, 7e9],
    ],
)
def test_the_sign_counts_and_the_residual_bounds_the_error(eigenvalues):
    loss, parameters = quadratic(eigenvalues)
    found = largest_eigenvalue(loss, parameters, generator=seeded())
    assert found.value == pytest.approx(max(eigenvalues), rel=0.01)
    scale = max(map(abs, eigenvalues))
    assert abs(found.value - max(eigenvalues)) <= found.residual + 1e-5 * scale


def test_a_looser_tolerance_takes_fewer_products_and_a_limit_is_kept():
    loss, parameters = quadratic(torch.linspace(-1, 1, 200).tolist())
    loose = largest_eigenvalue(loss, parameters, tolerance=0.1, generator=seeded())
    tight = largest_eigenvalue(loss, parameters, tolerance=1e-4, steps=60, generator=seeded())
    assert loose.products < tight.products <= 60
    assert abs(tight.value - 1) < abs(loose.value - 1)
    assert largest_eigenvalue(loss, parameters, steps=3, generator=seeded()).products == 3


def test_a_product_is_how_much_the_gradient_changes():
    network, loss, _ = trained("simple")
    parameters = [*network.parameters()]
    vectors = [torch.randn(p.shape, generator=seeded()) for p in parameters]
    found = flat(hessian_vector(loss, parameters, vectors))
    torch.testing.assert_close(found, dense("simple") @ flat(vectors), rtol=1e-3, atol=1e-4)
    assert all(p.grad is None or not p.grad.requires_grad for p in parameters)


def test_what_the_loss_does_not_depend_on_gets_zeros():
    used, linear, unused, frozen = (torch.ones(2, requires_grad=i < 3) for i in range(4))
    parameters = [used, linear, unused, frozen]

    def loss():
        return (used**3).sum() + linear.sum() + (frozen**2).sum()

    with torch.no_grad():  # as where a trainer measures
        products = hessian_vector(loss, parameters, [torch.ones(2)] * 4)
        found = largest_eigenvalue(loss, parameters, diagonal=[0, 0, 0, 99], generator=seeded())
    assert [p.tolist() for p in products] == [[6, 6], [0, 0], [0, 0], [0, 0]]
    assert found.value == pytest.approx(6)
    assert largest_eigenvalue(linear.sum, [linear], generator=seeded())[:2] == (0, 0)
    assert largest_eigenvalue(lambda: torch.ones(()), [], generator=seeded())[:2] == (0, 0)
    assert largest_eigenvalue(loss, [frozen], generator=seeded())[:2] == (0, 0)


def test_elements_without_a_usable_preconditioner_take_no_part():
    loss, parameters = quadratic([1.0, 2.0, 3.0])
    divisor = torch.tensor([0.0, math.nan, 2.0])
    found = largest_eigenvalue(loss, parameters, preconditioner=[divisor], generator=seeded())
    [last] = hessian_vector(loss, parameters, [torch.tensor([0.0, 0.0, 1.0])])
    assert found.value == pytest.approx(float(last[2]) / 2, rel=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e30])
def test_a_diverged_network_has_no_sharpness(bad):
    w = torch.nn.Parameter(torch.tensor([1.0, bad]))

    def loss():
        return w.pow(4).sum()

    found = largest_eigenvalue(loss, [w], generator=seeded())
    assert math.isnan(found.value)
    assert math.isnan(found.residual)
