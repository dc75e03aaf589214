"""Patches of scikit-learn's bundled photographs."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from dicttui.data.description import describe
from dicttui.data.memory import require_memory
from dicttui.data.moments import moments_of
from dicttui.data.samples import Samples, prepare
from dicttui.data.seeds import generator
from dicttui.data.split import split, train_count
from dicttui.preset.data import PatchesData

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey value (ITU-R BT.601)."""
ZCA_REGULARISATION = 0.01
"""Added to every eigenvalue of the covariance, as a share of their mean: directions that hold
less than this are noise (or, as the patches' mean, nothing) and must not be blown up."""


class Patches:
    """n square patches of the two photographs, grey, at positions that follow from the seed; each
    is a row of patch_size² features, less its own mean.

    Unit: all patches are multiplied by one factor, so that the train patches' root mean square is
    1 (a feature varies by about 1 from patch to patch); whitened ones likewise, after whitening.
    Whitening and unit are fitted on the train patches. Patches may overlap, held-out ones with
    train ones too.
    """

    def __init__(self, specification: PatchesData, seed: int, _directory: Path) -> None:
        n, side = specification.n, specification.patch_size
        self.d_in = side * side
        kept = train_count(specification.held_out, n)
        copies = 6 if specification.whiten else 3
        require_memory(4 * copies * n * self.d_in, "data.n × data.patch_size²")
        self._specification = specification
        self._seed = seed
        self.description = describe(
            f"patches {side}×{side}, {kept} × {self.d_in}{', whitened' * specification.whiten}",
            specification,
            kept,
            n - kept,
        )

    def draw(self) -> Samples:
        """The samples, split by the seed."""
        spec = self._specification
        train, held_out = split(self._cut(), spec.held_out, self._seed)
        if spec.whiten:
            mean, whitening = zca(train)
            train = (train - mean) @ whitening
            held_out = None if held_out is None else (held_out - mean) @ whitening
        unit = root_mean_square(train)
        if unit > 0:
            train /= unit
            held_out = None if held_out is None else held_out / unit
        return prepare(train, held_out, spec, self._seed)

    def _cut(self) -> Tensor:
        """[n, d_in]: the patches in grey levels from 0 to 1, less their means."""
        n, side = self._specification.n, self._specification.patch_size
        stream = generator(self._seed, "patches", "positions")
        images = grey_photographs()
        choice = torch.randint(len(images), (n,), generator=stream)
        places = torch.rand(n, 2, generator=stream, dtype=torch.float64)
        patches = torch.empty(n, self.d_in)
        for index, image in enumerate(images):
            windows = image.unfold(0, side, 1).unfold(1, side, 1)
            chosen = choice == index
            rows, columns = (places[chosen] * torch.tensor(windows.shape[:2])).long().unbind(dim=1)
            patches[chosen] = windows[rows, columns].flatten(start_dim=1)
        return patches.sub_(patches.mean(dim=1, keepdim=True))


def grey_photographs() -> list[Tensor]:
    """scikit-learn's two photographs [height, width], float32 grey levels from 0 to 1."""
    from sklearn.datasets import load_sample_images

    weights = torch.tensor(LUMA)
    return [
        torch.from_numpy(np.array(image)).float() @ weights / 255
        for image in load_sample_images().images
    ]


def root_mean_square(x: Tensor) -> float:
    """Over all numbers of x [n, d_in]."""
    moments = moments_of(x)
    return float((moments.variance + moments.mean.square()).mean().sqrt())


def zca(x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean [d_in] of samples x [n, d_in] and their ZCA whitening matrix [d_in, d_in].

    W = E diag(1 / √(λ + ε)) Eᵀ, where E and λ are the eigenvectors and eigenvalues of the
    covariance of x and ε is ZCA_REGULARISATION times the mean eigenvalue; (x − mean) W has about
    the identity as its covariance wherever λ ≫ ε, and stays closest to x among all such maps (Bell
    and Sejnowski, *The "independent components" of natural scenes are edge filters*, 1997).
    Samples that are all equal give the identity.
    """
    mean = moments_of(x).mean
    centred = x.double() - mean
    eigenvalues, vectors = torch.linalg.eigh(centred.T @ centred / len(x))
    floor = ZCA_REGULARISATION * eigenvalues.mean()
    if floor <= 0:
        return mean.float(), torch.eye(x.shape[1])
    whitening = (vectors / (eigenvalues.clamp(min=0) + floor).sqrt()) @ vectors.T
    return mean.float(), whitening.float()
