"""How sharply a loss curves: the largest signed eigenvalue of its Hessian, by Lanczos."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy
import torch
from torch import Tensor

SETTLED = 4
"""Products over which the value must have stood still: a first residual may be small at another
eigenvalue, while the largest one's direction is still coming up in the random start."""
BLOCK = 2**16
"""Numbers of each vector that are turned into float64 at once."""


class Sharpness(NamedTuple):
    """The largest signed eigenvalue of a (preconditioned) Hessian, and how well it is known."""

    value: float
    """In units of the loss ÷ squared units of the parameters; with a preconditioner, that divided
    by the preconditioner's units. NaN where the loss or a product is not finite."""
    residual: float
    """‖A v − value · v‖ of the unit vector v it was found with: some eigenvalue lies within this
    distance of value. In its units."""
    products: int
    """Hessian-vector products it took. Each costs about two gradients; the loss and its gradient
    are computed once beside them."""


def hessian_vector(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], vectors: Sequence[Tensor]
) -> list[Tensor]:
    """The Hessian of a loss times a vector, exactly, by differentiating its gradient (Pearlmutter
    1994, "Fast Exact Multiplication by the Hessian").

    Args:
        loss: computes the loss, 0-d, from the parameters as they are.
        parameters: of any shapes; those that the loss does not depend on, or only linearly, or
            that need no gradient, get zeros.
        vectors: one for each parameter, of its shape.

    Returns:
        One tensor for each parameter, of its shape, detached. `.grad` is left alone.

    """
    return _Curvature(loss, parameters).times(vectors)


def largest_eigenvalue(
    loss: Callable[[], Tensor],
    parameters: Sequence[Tensor],
    *,
    preconditioner: Sequence[Tensor] | None = None,
    tangent: Callable[[list[Tensor]], list[Tensor]] | None = None,
    diagonal: Sequence[float] | None = None,
    steps: int = 30,
    tolerance: float = 1e-3,
    generator: torch.Generator,
) -> Sharpness:
    """The largest signed eigenvalue of P^(-1/2) (H + D) P^(-1/2) on the tangent space.

    Lanczos with full reorthogonalisation (Golub & Van Loan, "Matrix Computations", 10.3), from a
    random start. The largest signed one, not the largest in magnitude: a strongly negative
    curvature is a direction that a gradient step leaves, not one that it overshoots. Hessian
    products are made in the parameters' own precision, everything between vectors in float64 (on
    mps, which has none, in float32). Keeps up to `steps` vectors of the parameters' size.

    The constraint's own curvature (w · gradient for a row w) is left out: beside a limit of 2/lr
    it is what one step would change of the row's norm, relative to it.

    Args:
        loss: computes the loss, 0-d, from the parameters as they are; called once.
        parameters: of any shapes, on one device. Those that need no gradient take no part.
        preconditioner: P's diagonal, one tensor for each parameter, of its shape. Elements where
            it is not positive and finite take no part.
        tangent: projects vectors, one for each parameter, orthogonally on the directions in which
            parameters may move; `tangent_to_rows` for rows of fixed norm.
        diagonal: D, a number for each parameter: its coupled weight decay.
        steps: Hessian products at most.
        tolerance: stop where the residual is below tolerance · |value|, and the value has stood
            still as long as SETTLED says.
        generator: of the random start; on its own device.

    Returns:
        NaN where anything is not finite, 0 where there is no parameter to move.

    """
    operator = _Operator(loss, parameters, preconditioner, tangent, diagonal)
    exact = torch.float32 if operator.device.type == "mps" else torch.float64
    vector = operator.start(generator)
    length = _norm(vector, exact)
    if length == 0 or steps < 1:
        return Sharpness(0.0 if length == 0 else math.nan, 0.0 if length == 0 else math.nan, 0)
    basis: list[Tensor] = []
    alphas: list[float] = []
    betas: list[float] = []
    values: list[float] = []
    value = residual = math.nan
    for product in range(1, steps + 1):
        basis.append(vector / length)
        vector = operator.times(basis[-1])
        along = _products(basis, vector, exact)
        if not torch.isfinite(along).all():
            return Sharpness(math.nan, math.nan, product)
        alphas.append(float(along[-1]))
        vector = _without(vector, basis, along)
        vector = _without(vector, basis, _products(basis, vector, exact))
        length = _norm(vector, exact)
        if not math.isfinite(length):
            return Sharpness(math.nan, math.nan, product)
        value, share = _largest(alphas, betas)
        residual = length * share
        values.append(value)
        # Ritz values only rise.
        settled = len(values) > SETTLED and value - values[-1 - SETTLED] <= tolerance * abs(value)
        scale = max(map(abs, (*alphas, *betas)))
        # float32 makes of an exhausted space a vector of rounding errors, which is no direction.
        exhausted = length <= torch.finfo(vector.dtype).eps * scale
        if exhausted or (settled and residual <= tolerance * abs(value)):
            return Sharpness(value, residual, product)
        betas.append(length)
    return Sharpness(value, residual, steps)


def tangent_to_rows(
    parameters: Sequence[Tensor], atoms: Tensor
) -> Callable[[list[Tensor]], list[Tensor]]:
    """The projection on the directions that leave the norms of atoms as they are, to first order.

    Args:
        parameters: those of the vectors to be projected.
        atoms: [n_atoms, d_in], one of the parameters or its transpose. If it is neither, nothing is
            projected. Rows of norm 0 move freely.

    """
    place = next(
        (i for i, p in enumerate(parameters) if atoms is p or (atoms._base is p and p.ndim == 2)),
        None,
    )
    transposed = place is not None and atoms.stride() != parameters[place].stride()
    rows = atoms.detach().clone()
    squares = rows.square().sum(dim=1, keepdim=True)

    def project(vectors: list[Tensor]) -> list[Tensor]:
        if place is None:
            return vectors
        moved = vectors[place].T if transposed else vectors[place]
        along = (moved * rows).sum(dim=1, keepdim=True) / squares
        moved = moved - torch.where(squares > 0, along, 0.0) * rows
        return [*vectors[:place], moved.T if transposed else moved, *vectors[place + 1 :]]

    return project


class _Curvature:
    """A loss's Hessian at the parameters as they are, to be multiplied with."""

    def __init__(self, loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> None:
        self._shapes = [torch.zeros_like(parameter) for parameter in parameters]
        self._places = [i for i, parameter in enumerate(parameters) if parameter.requires_grad]
        self._moved = [parameters[i] for i in self._places]
        self._gradients: list[tuple[int, Tensor]] = []
        with torch.enable_grad():
            total = loss()
            if not total.requires_grad or not self._moved:
                return
            gradients = torch.autograd.grad(
                total, self._moved, create_graph=True, allow_unused=True
            )
        self._gradients = [
            (place, gradient)
            for place, gradient in zip(self._places, gradients, strict=True)
            if gradient is not None and gradient.requires_grad
        ]

    def times(self, vectors: Sequence[Tensor]) -> list[Tensor]:
        """H · vectors, both with one tensor for each parameter."""
        found = [torch.zeros_like(shape) for shape in self._shapes]
        if not self._gradients:
            return found
        products = torch.autograd.grad(
            [gradient for _, gradient in self._gradients],
            self._moved,
            grad_outputs=[vectors[place].to(gradient) for place, gradient in self._gradients],
            retain_graph=True,
            allow_unused=True,
        )
        for place, product in zip(self._places, products, strict=True):
            if product is not None:
                found[place] = product.detach()
        return found


class _Operator:
    """A = S T (H + D) T S on flat vectors, with S = P^(-1/2) and T the tangent projection.

    A preconditioned step followed by the projection is T P^(-1) (H + D) on the tangent space; A is
    symmetric and has its eigenvalues there, beside zeros that a start in the range of S T avoids.
    """

    def __init__(
        self,
        loss: Callable[[], Tensor],
        parameters: Sequence[Tensor],
        preconditioner: Sequence[Tensor] | None,
        tangent: Callable[[list[Tensor]], list[Tensor]] | None,
        diagonal: Sequence[float] | None,
    ) -> None:
        self._curvature = _Curvature(loss, parameters)
        self._tangent = tangent
        self._diagonal = diagonal
        self._parameters = [parameter.detach() for parameter in parameters]
        self._free = [parameter.requires_grad for parameter in parameters]
        self._scales = None if preconditioner is None else [*map(_inverse_root, preconditioner)]
        self.device = parameters[0].device if parameters else torch.device("cpu")

    def start(self, generator: torch.Generator) -> Tensor:
        """A random vector in the space that the operator acts on."""
        drawn = [
            torch.randn(parameter.shape, generator=generator, device=generator.device).to(parameter)
            if free
            else torch.zeros_like(parameter)
            for parameter, free in zip(self._parameters, self._free, strict=True)
        ]
        return self._flat(self._scaled(self._projected(drawn)))

    def times(self, flat: Tensor) -> Tensor:
        """A · a vector."""
        vectors = self._projected(self._scaled(self._shaped(flat)))
        products = self._curvature.times(vectors)
        if self._diagonal is not None:
            products = [
                product + decay * vector if decay else product
                for product, vector, decay in zip(products, vectors, self._diagonal, strict=True)
            ]
        return self._flat(self._scaled(self._projected(products)))

    def _projected(self, vectors: list[Tensor]) -> list[Tensor]:
        return vectors if self._tangent is None else self._tangent(vectors)

    def _scaled(self, vectors: list[Tensor]) -> list[Tensor]:
        if self._scales is None:
            return vectors
        return [vector * scale for vector, scale in zip(vectors, self._scales, strict=True)]

    def _flat(self, vectors: list[Tensor]) -> Tensor:
        if not vectors:
            return torch.zeros(0)
        return torch.cat([vector.reshape(-1) for vector in vectors])

    def _shaped(self, flat: Tensor) -> list[Tensor]:
        parts = torch.split(flat, [parameter.numel() for parameter in self._parameters])
        return [
            part.view(parameter.shape)
            for part, parameter in zip(parts, self._parameters, strict=True)
        ]


def _inverse_root(diagonal: Tensor) -> Tensor:
    usable = torch.isfinite(diagonal) & (diagonal > 0)
    return torch.where(usable, diagonal, 1.0).rsqrt() * usable


def _products(basis: Sequence[Tensor], vector: Tensor, exact: torch.dtype) -> Tensor:
    """The scalar products [len(basis)] of a vector with each of the basis."""
    total = torch.zeros(len(basis), dtype=exact, device=vector.device)
    for start in range(0, len(vector), BLOCK):
        part = slice(start, start + BLOCK)
        total += torch.stack([other[part] for other in basis]).to(exact) @ vector[part].to(exact)
    return total


def _without(vector: Tensor, basis: Sequence[Tensor], along: Tensor) -> Tensor:
    """The vector less `along` of each of the basis."""
    left = torch.empty_like(vector)
    for start in range(0, len(vector), BLOCK):
        part = slice(start, start + BLOCK)
        taken = along @ torch.stack([other[part] for other in basis]).to(along)
        left[part] = vector[part].to(along) - taken
    return left


def _norm(vector: Tensor, exact: torch.dtype) -> float:
    return math.sqrt(float(_products([vector], vector, exact)))


def _largest(alphas: Sequence[float], betas: Sequence[float]) -> tuple[float, float]:
    """The largest eigenvalue of a symmetric tridiagonal matrix, and the magnitude of the last
    component of its unit eigenvector.
    """
    matrix = numpy.diag(alphas) + numpy.diag(betas, 1) + numpy.diag(betas, -1)
    values, vectors = numpy.linalg.eigh(matrix)
    return float(values[-1]), abs(float(vectors[-1, -1]))
