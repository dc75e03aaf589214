"""How far the last steps have moved each row of a dictionary."""

import math

import torch
from torch import Tensor

from dicttui.measures import steps


class RowUpdates:
    """Follows some rows of one dictionary of [n_rows, dim], or all of them. What is asked of a row
    that is not followed is NaN.
    """

    def __init__(self, n_rows: int, device: torch.device) -> None:
        self._n_rows, self._device = n_rows, device
        self._followed: Tensor | None = None
        """The rows, ascending; None: all."""
        self._ratios: steps.RecentUpdateRatios | None = None
        self._last: dict[str, Tensor] = {}
        """Of the last step, for each row that is followed."""

    @property
    def known(self) -> bool:
        """Whether a step was followed."""
        return self._ratios is not None

    def follow(self, rows: Tensor | None) -> None:
        """Follow these rows [any] from now on, each once and ascending; None: all. What is known of
        them stays known.
        """
        before = self._followed
        if before is rows or (before is not None and rows is not None and before.equal(rows)):
            return
        if self._ratios is not None:
            ratios = steps.RecentUpdateRatios(self._n_rows if rows is None else len(rows),
                                              self._device)  # fmt: skip
            ratios.take_over(self._ratios, lambda values: self._of(values, rows))
            self._ratios = ratios
        self._last = {name: self._of(values, rows) for name, values in self._last.items()}
        self._followed = rows

    def seen(self, dictionary: Tensor) -> Tensor:
        """A copy of the rows that are followed."""
        rows = dictionary.detach()
        return rows.clone() if self._followed is None else rows[self._followed]

    def add(self, before: Tensor, stepped: Tensor | None, after: Tensor) -> None:
        """A step was made: what was `seen` before it, after the optimizer's own step (None: it is
        not known), and after it.
        """
        if self._ratios is None:
            self._ratios = steps.RecentUpdateRatios(len(before), self._device)
        self._ratios.add(before, after)
        self._last["radial_share"] = steps.radial_share(before, after)
        if stepped is not None:
            self._last["effective_step"] = steps.effective_step(before, stepped)

    def figure(self, name: str, rows: Tensor | None) -> Tensor:
        """`update_ratio` (its median), `radial_share` or `effective_step` of rows; None: of all."""
        if name == "update_ratio" and self._ratios is not None:
            return self._of(self._ratios.median(), rows)
        if name in self._last:
            return self._of(self._last[name], rows)
        count = self._n_rows if rows is None else len(rows)
        return torch.full((count,), math.nan, device=self._device)

    def _of(self, values: Tensor, rows: Tensor | None) -> Tensor:
        """Of values [..., rows that are followed], those of some rows, or of all."""
        if self._followed is not None:
            shape = (*values.shape[:-1], self._n_rows)
            spread = torch.full(shape, math.nan, dtype=values.dtype, device=values.device)
            spread[..., self._followed] = values
            values = spread
        return values if rows is None else values[..., rows]
