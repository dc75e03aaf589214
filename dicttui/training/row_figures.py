"""The figures of a dictionary's rows, and rows in the order of one of them."""

import math
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from dicttui.measures import norms, recovery, steps
from dicttui.training.row_updates import RowUpdates
from dicttui.training.snapshot import Row
from dicttui.training.trainable import Trainable

COLUMNS = tuple(field.name for field in fields(Row))
OF_STEPS = frozenset({"update_ratio", "radial_share", "effective_step"})
"""Figures that only following a row's steps tells."""
_MAY_BE_NAN = frozenset({"norm", "atom_norm"})
_WHOLE = frozenset({"index", "nearest_true"})


class RowFigures:
    """The figures of one run's rows at a moment, each computed for the rows that are asked for.

    Args:
        trainable: the run.
        initial: its dictionary [n_rows, dim] at step 0, on the CPU.
        updates: what is known of its last steps; None: nothing.
        shares: the share of samples on which each atom fires [n_rows]; None: not known.

    """

    def __init__(
        self,
        trainable: Trainable,
        initial: Tensor,
        updates: RowUpdates | None,
        shares: Tensor | None,
    ) -> None:
        self._trainable = trainable
        self._initial = initial
        self._updates = updates
        self._shares = shares
        self._dictionary = trainable.network.dictionary.detach()
        self._atoms = trainable.network.atoms.detach()
        self.count = len(self._dictionary)

    def column(self, name: str, rows: Tensor | None = None) -> Tensor:
        """One figure of rows, given by their indices; None: of all. NaN is "n/a"."""
        dictionary = _some(self._dictionary, rows)
        if name in OF_STEPS:
            if self._updates is not None:
                return self._updates.figure(name, rows)
        elif name == "index":
            return torch.arange(self.count) if rows is None else rows
        elif name == "norm":
            return norms.row_norms(dictionary)
        elif name == "atom_norm":
            return norms.row_norms(_some(self._atoms, rows))
        elif name == "change":
            initial = _some(self._initial, None if rows is None else rows.cpu())
            initial = initial.to(dictionary.device)
            return norms.row_norms(dictionary - initial) / norms.row_norms(initial)
        elif name == "firing_frequency":
            if self._shares is not None:
                return _some(self._shares, rows)
        elif name == "adam_ratio":
            ratio = self._adam_ratio(rows)
            if ratio is not None:
                return ratio
        elif (true_atoms := self._trainable.samples.true_atoms) is not None:
            signed = self._trainable.network.signed_code
            atoms = _some(self._atoms, rows)
            nearest, cosines = recovery.nearest_true(true_atoms.to(atoms.device), atoms, signed)
            return cosines if name == "cosine" else nearest
        return torch.full((len(dictionary),), math.nan)

    def rows(self, indices: Tensor | None = None) -> tuple[Row, ...]:
        """Rows, given by their indices; None: all."""
        count = self.count if indices is None else len(indices)
        if not count:
            return ()
        columns = (_plain(name, self.column(name, indices)) for name in COLUMNS)
        return tuple(Row(*values) for values in zip(*columns, strict=True))

    def order(self, sort: str, *, descending: bool) -> Tensor:
        """The rows' indices by a figure; equal ones keep theirs, NaN comes last."""
        values = self.column(sort)
        if sort == "index":
            return values.flip(0) if descending else values
        return torch.sort(-values.double() if descending else values, stable=True).indices

    def _adam_ratio(self, rows: Tensor | None) -> Tensor | None:
        """Where the dictionary's optimizer keeps Adam's moments."""
        parameter = self._trainable.network.dictionary
        for optimizer in self._trainable.optimizers:
            state = optimizer.state.get(parameter, {})
            if "exp_avg" in state and "exp_avg_sq" in state:
                (group,) = (
                    g for g in optimizer.param_groups if any(p is parameter for p in g["params"])
                )
                second = state.get("max_exp_avg_sq", state["exp_avg_sq"])
                return steps.adam_ratio(
                    _some(state["exp_avg"], rows), _some(second, rows), int(state["step"]),
                    group["betas"], group["eps"],
                )  # fmt: skip
        return None


def _some(rows: Tensor, indices: Tensor | None) -> Tensor:
    return rows if indices is None else rows[indices]


def _plain(name: str, values: Tensor) -> list[Any]:
    """As plain numbers, None for n/a."""
    numbers: list[Any] = values.tolist()
    if name in _MAY_BE_NAN:
        return numbers
    known = (None if math.isnan(value) else value for value in numbers)
    if name in _WHOLE:
        return [None if value is None else int(value) for value in known]
    return list(known)
