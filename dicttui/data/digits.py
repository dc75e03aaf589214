"""scikit-learn's bundled handwritten digits."""

from pathlib import Path

import torch

from dicttui.data.description import describe
from dicttui.data.samples import Samples, prepare
from dicttui.data.split import split, train_count
from dicttui.preset.data import DigitsData

LARGEST_VALUE = 16
"""Of a pixel, as scikit-learn gives it."""


class Digits:
    """1,797 images of 8 × 8 pixels (the test set of UCI's optical recognition of handwritten
    digits), one a row of 64 features, divided by 16 so that they lie in [0, 1].
    """

    def __init__(self, specification: DigitsData, seed: int, _directory: Path) -> None:
        from sklearn.datasets import load_digits

        self._specification = specification
        self._seed = seed
        self._pixels = torch.from_numpy(load_digits().data).float() / LARGEST_VALUE
        total, self.d_in = self._pixels.shape
        kept = train_count(specification.held_out, total)
        self.description = describe(
            f"digits {kept} × {self.d_in}", specification, kept, total - kept
        )

    def draw(self) -> Samples:
        """The samples, split by the seed."""
        train, held_out = split(self._pixels, self._specification.held_out, self._seed)
        return prepare(train, held_out, self._specification, self._seed)
