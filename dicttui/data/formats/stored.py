"""An array in a file."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

USABLE_TYPES = frozenset(
    {
        "float16", "bfloat16", "float32", "float64",
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    }
)  # fmt: skip
"""Element types that become float32 samples."""


@dataclass(frozen=True)
class StoredArray:
    """One array of a file: what its header says, and how its rows are read."""

    name: str
    """Empty where the file holds one array without a name."""
    shape: tuple[int, ...]
    dtype: str
    """"float32", "bfloat16", …; types that are not usable under the name the file gives them."""
    read: Callable[[int, int], Tensor]
    """Rows [start, stop) as float32 [stop − start, d_in]; only for usable arrays of two dimensions.
    A view of the file's memory map where the file holds float32 and can be mapped. May raise
    whatever the format's library raises on a damaged file."""

    @property
    def problem(self) -> str:
        """Why the array cannot be samples [n, d_in]; empty if it can."""
        if self.dtype not in USABLE_TYPES:
            return f"holds {self.dtype}, and samples are real numbers: save it as float32"
        shape = " × ".join(str(size) for size in self.shape) or "a single number"
        if len(self.shape) != 2:
            hint = ": flatten all dimensions but the last first" if len(self.shape) > 2 else ""
            return f"has shape {shape}, and samples have two dimensions, n × d_in{hint}"
        if min(self.shape) < 1:
            return f"has shape {shape}, so it holds no samples"
        return ""
