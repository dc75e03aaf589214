"""A watched loop's rows, for the rows screen: followed from one call of `step` to the next."""

import torch
from torch import Tensor

from dicttui.training.row_updates import RowUpdates
from dicttui.training.rows import RowTracker


class WatchedRows(RowTracker):
    """Follows the updates of a dictionary whose steps are made elsewhere. What the optimizer's own
    step was, before the loop constrained it, is not known.
    """

    def forget(self) -> None:
        """Forget the updates: what they were of is no more."""
        super().forget()
        self._before: Tensor | None = None
        self._rows_before: Tensor | None = None

    @torch.no_grad()
    def stepped(self, dictionary: Tensor, step: int) -> None:
        """So many steps have been made, and this is the dictionary [n_rows, dim] now; to be called
        after each.
        """
        rows = dictionary.detach()
        if self._updates is None:
            self._updates = RowUpdates(len(rows), rows.device)
        seen = self._seen_rows(rows.device)
        self._updates.follow(seen)
        after = self._updates.seen(rows)
        if (
            self._before is not None
            and step == self._followed + 1
            and _same(seen, self._rows_before)
        ):
            self._updates.add(self._before, None, after)
        self._before, self._rows_before, self._followed = after, seen, step


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.equal(other)
