"""Opening what a preset's `[data]` names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from dicttui.data.activations.source import Activations
from dicttui.data.digits import Digits
from dicttui.data.error import DataError
from dicttui.data.file import File
from dicttui.data.gaussian import Gaussian
from dicttui.data.patches import Patches
from dicttui.data.planted import Planted
from dicttui.data.samples import Samples
from dicttui.preset.data import AnyData, wrong_picture


class Source(Protocol):
    """Samples that are known but not drawn yet.

    Two phases, because the article builds its network, which needs `d_in`, before it draws its
    samples from the same random stream.
    """

    d_in: int
    """Features of a sample."""
    description: str
    """In words, for the screen: "gaussian 100 × 10, full batch"."""

    def draw(self) -> Samples:
        """The samples. Raises DataError where they cannot be used."""


SOURCES: dict[str, Callable[[Any, int, Path], Source]] = {
    "gaussian": Gaussian,
    "planted": Planted,
    "digits": Digits,
    "patches": Patches,
    "file": File,
    "activations": Activations,
}
"""By `[data] kind`: made from its specification, the seed, and the preset's directory."""


def open_source(specification: AnyData, seed: int, directory: Path) -> Source:
    """Open the samples that a preset asks for; consumes nothing of torch's global random stream.

    `directory` is where relative paths start. Raises DataError where the samples cannot be used.
    """
    source = SOURCES[specification.kind](specification, seed, directory)
    if wrong := wrong_picture(specification, source.d_in):
        raise DataError(wrong)
    return source
