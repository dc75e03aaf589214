"""Finding samples that hold NaN or infinity."""

import torch
from torch import Tensor

FIRST = 10
"""How many of them are named."""


class NonFiniteRows:
    """Counts the rows that are not finite, in chunks, and remembers the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: tuple[int, ...] = ()

    def add(self, start: int, x: Tensor) -> Tensor:
        """Look at x [m, d_in], whose first row has the index `start`; the finite rows of x, which
        is x itself where all are.
        """
        # NaN and infinity survive amin or amax, which take a fraction of the time of isfinite.
        if torch.isfinite(x.amin()) and torch.isfinite(x.amax()):
            return x
        finite = torch.isfinite(x).all(dim=1)
        bad = (~finite).nonzero().flatten()
        self.count += len(bad)
        missing = FIRST - len(self.first)
        self.first += tuple(start + int(row) for row in bad[:missing])
        return x[finite]

    def describe(self) -> str:
        """The rows, in words: "3 samples hold NaN or infinity (rows 0, 4, 7)"."""
        rows = ", ".join(str(row) for row in self.first)
        more = ", …" if self.count > len(self.first) else ""
        samples = "1 sample holds" if self.count == 1 else f"{self.count} samples hold"
        return f"{samples} NaN or infinity (row{'s' if self.count > 1 else ''} {rows}{more})"
