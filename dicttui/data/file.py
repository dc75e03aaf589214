"""A person's own samples."""

from pathlib import Path

from torch import Tensor

from dicttui.data.description import describe
from dicttui.data.error import DataError
from dicttui.data.finiteness import NonFiniteRows
from dicttui.data.formats.opening import choose, label, open_arrays, read_rows, require_usable
from dicttui.data.memory import GIBIBYTE, require_memory
from dicttui.data.moments import row_ranges
from dicttui.data.samples import Samples, prepare
from dicttui.data.split import split, train_count
from dicttui.preset.data import TOO_LARGE_BATCH, FileData

MAPPED_BYTES = GIBIBYTE
"""From here on float32 samples are left in the file's memory map where that is possible. Smaller
ones are copied, so that a file which is written again while training goes on cannot harm it."""


class File:
    """Samples [n, d_in] from .npy, .npz, .pt or .safetensors, converted to float32.

    Opening reads the header alone, except for .pt files of torch before 1.6.
    """

    def __init__(self, specification: FileData, seed: int, directory: Path) -> None:
        self._specification = specification
        self._seed = seed
        self._path = resolve(specification.path, directory)
        self._array = choose(self._path, open_arrays(self._path), specification.array)
        require_usable(self._path, self._array)
        self._total, self.d_in = self._array.shape
        kept = train_count(specification.held_out, self._total)
        self._refuse_too_large_batch(kept)
        name = self._path.name + (f"[{self._array.name}]" if self._array.name else "")
        self.description = describe(
            f"{name} {kept} × {self.d_in}", specification, kept, self._total - kept
        )

    def draw(self) -> Samples:
        """The samples, split by the seed. Raises DataError where some are not finite."""
        x = self._read()
        self._refuse_non_finite(x)
        train, held_out = split(x, self._specification.held_out, self._seed)
        return prepare(train, held_out, self._specification, self._seed)

    def _read(self) -> Tensor:
        """[n, d_in] float32, all rows."""
        size = 4 * self._total * self.d_in
        spec = self._specification
        mapped = self._array.dtype == "float32" and size >= MAPPED_BYTES
        copies = (not mapped) + (spec.held_out > 0) + (spec.scaling != "none")
        require_memory(size * copies, str(self._path))
        x = read_rows(self._path, self._array, 0, self._total)
        return x.clone() if size < MAPPED_BYTES else x

    def _refuse_too_large_batch(self, n: int) -> None:
        size, held_out = self._specification.batch_size, self._total - n
        if size > n:
            after = f" after {held_out} of {self._total} are held out" if held_out else ""
            raise DataError(
                "data.batch_size: " + TOO_LARGE_BATCH.format(batch_size=size, n=n) + after
            )

    def _refuse_non_finite(self, x: Tensor) -> None:
        bad = NonFiniteRows()
        for start, stop in row_ranges(*x.shape):
            bad.add(start, x[start:stop])
        if bad.count:
            raise DataError(
                f"{label(self._path, self._array)}: of {self._total} samples, {bad.describe()}: "
                "remove them, or replace the numbers (beyond ±3.4e38 a number is infinite)"
            )


def resolve(path: str, directory: Path) -> Path:
    """A path as a person wrote it: `~` is the home directory, a relative one starts at
    `directory`.
    """
    try:
        return directory / Path(path).expanduser()
    except RuntimeError as error:
        raise DataError(f"{path}: there is no such home directory: give the full path") from error
