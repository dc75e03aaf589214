"""How a dictionary's rows may start: `[network] init`."""

import torch
from torch import Tensor

from dicttui.networks.protocol import NetworkError

MEDIAN_SAMPLES = 8192
MEDIAN_ITERATIONS = 200


def starting_rows(
    scheme: str, rows: Tensor, candidates: Tensor, generator: torch.Generator
) -> Tensor:
    """New rows [n_atoms, dim] for a dictionary that now has `rows`.

    - article: the rows as they are;
    - unit_norm: the same directions, each of Euclidean norm 1;
    - orthogonal: orthonormal rows; more rows than dim come in blocks, each orthonormal in itself;
    - data: n_atoms different rows of `candidates` [n, dim], none of them zero.

    Random numbers are drawn on the generator's own device. Raises NetworkError where there are
    fewer candidates than atoms.
    """
    match scheme:
        case "article":
            return rows
        case "unit_norm":
            return unit_rows(rows)
        case "orthogonal":
            return _orthogonal(rows, generator)
        case "data":
            return _chosen(candidates, rows.shape[0], generator).to(rows)
    raise NetworkError(
        f"[network] init: there is no scheme {scheme!r}; "
        "allowed are article, unit_norm, orthogonal, data"
    )


def unit_rows(rows: Tensor) -> Tensor:
    """Rows [n, dim] scaled to Euclidean norm 1; zero rows stay zero."""
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(norms > 0, rows / norms, rows)


def _orthogonal(rows: Tensor, generator: torch.Generator) -> Tensor:
    count, dim = rows.shape
    blocks = []
    for start in range(0, count, dim):
        gaussian = torch.randn(dim, dim, generator=generator, device=generator.device)
        q, r = torch.linalg.qr(gaussian)
        # With the signs of R's diagonal, Q is uniform over the orthogonal group: Mezzadri 2007,
        # "How to generate random matrices from the classical compact groups".
        blocks.append((q * torch.sign(torch.diagonal(r))).T[: count - start])
    return torch.cat(blocks).to(rows)


def _chosen(candidates: Tensor, count: int, generator: torch.Generator) -> Tensor:
    usable = candidates[torch.linalg.vector_norm(candidates, dim=1) > 0]
    if len(usable) < count:
        raise NetworkError(
            f'[network] init = "data" needs a sample other than zero for each of the {count} '
            f"atoms, and there are {len(usable)}; use more samples, fewer atoms, or another init"
        )
    order = torch.randperm(len(usable), generator=generator, device=generator.device)
    return usable[order[:count].to(usable.device)]


def geometric_median(samples: Tensor) -> Tensor:
    """The point [d_in] whose mean distance to samples [n, d_in] is least, unlike the mean hardly
    moved by a few samples far away. Weiszfeld's algorithm, from the mean, on at most
    MEDIAN_SAMPLES of the samples, evenly chosen.
    """
    chosen = samples[:: -(-len(samples) // MEDIAN_SAMPLES)].double()
    point = chosen.mean(dim=0)
    for _ in range(MEDIAN_ITERATIONS):
        weights = 1 / torch.linalg.vector_norm(chosen - point, dim=1).clamp(min=1e-12)
        moved = (weights[:, None] * chosen).sum(dim=0) / weights.sum()
        near = torch.linalg.vector_norm(moved - point) <= 1e-9 * torch.linalg.vector_norm(moved)
        point = moved
        if near:
            break
    return point.to(samples)
