"""Each atom in detail, for the rows screen; followed only while somebody looks."""

import time
from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from dicttui.measures import codes, steps
from dicttui.training import measurement
from dicttui.training.engines.beginning import first_engine
from dicttui.training.engines.choice import Choice
from dicttui.training.engines.engine import Observe, StepError
from dicttui.training.row_figures import COLUMNS, OF_STEPS, RowFigures
from dicttui.training.row_updates import RowUpdates
from dicttui.training.snapshot import ROWS_AT_ONCE, Row, RowsPage, RowsRequest
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

SHARE_OF_TIME = 0.05
"""Share of the time that making rows may take."""
LARGEST_PAGE = 1024
"""Rows."""


class RowTracker:
    """Follows the updates of one run's dictionary, step by step: of the rows that somebody sees,
    and of all of them where somebody sees all, or has them sorted by what only their updates tell.
    """

    def __init__(self, initial: Tensor) -> None:
        self._initial = initial
        """The dictionary at step 0, on the CPU."""
        self._rows: tuple[Row, ...] = ()
        self._every = True
        """Whether all rows are looked at."""
        self._requests: tuple[RowsRequest, ...] = ()
        self._pages: dict[RowsRequest, RowsPage] = {}
        self.step = -1
        """Updates that had been made when the rows were looked at."""
        self.forget()

    def forget(self) -> None:
        """Forget the updates: what they were of is no more."""
        self._updates: RowUpdates | None = None
        self._followed = -1
        """The step after the last whose update was kept."""
        self._made = self._paged = float("-inf")
        self._cost = self._page_cost = 0.0
        self._pages.clear()

    def watch(self, requests: Iterable[RowsRequest], *, every: bool) -> None:
        """What is looked at from now on: pages, and whether all rows are."""
        self._requests, self._every = tuple(requests), every

    def advance(
        self,
        engine: Choice,
        trainable: Trainable,
        first: int,
        count: int,
        observe: Observe | None,
    ) -> list[float]:
        """Make steps as the engine does; the last of them one by one and plainly, to keep their
        updates.
        """
        if first != self._followed:
            self._updates = None  # the last so many are no longer the last
        unseen = max(0, count - steps.RECENT_STEPS)
        values = engine.advance(trainable, first, unseen, None) if unseen else []
        if len(values) < unseen or any(value - value != 0 for value in values):
            return values
        for step in range(first + unseen, first + count):
            last = step == first + count - 1
            try:
                values += self._advance_one(trainable, step, observe if last else None)
            except StepError as error:
                raise StepError(values, error.cause) from error
            if values[-1] - values[-1] != 0:  # nan or inf: no update was made
                break
        self._followed = first + count
        return values

    def _advance_one(self, trainable: Trainable, step: int, observe: Observe | None) -> list[float]:
        dictionary = trainable.network.dictionary
        if self._updates is None:
            self._updates = RowUpdates(len(dictionary), dictionary.device)
        updates = self._updates
        updates.follow(self._seen_rows(dictionary.device))
        before = updates.seen(dictionary)
        stepped: list[Tensor] = []

        def after_step(_optimizer: Optimizer, _args: object, _kwargs: object) -> None:
            stepped[:] = [updates.seen(dictionary)]

        # The optimizer's own step is seen before a constraint changes it again.
        hooks: list[RemovableHandle] = [
            optimizer.register_step_post_hook(after_step) for optimizer in trainable.optimizers
        ]
        try:
            values = first_engine(trainable.network).advance(trainable, step, 1, observe)
        finally:
            for hook in hooks:
                hook.remove()
        updates.add(before, stepped[0] if stepped else None, updates.seen(dictionary))
        return values

    def _seen_rows(self, device: torch.device) -> Tensor | None:
        """The rows whose updates are wanted, ascending; None: all."""
        sorted_by = {request.sort for request in self._requests}
        if self._every or not self._pages or sorted_by & OF_STEPS:
            return None
        indices = {row.index for page in self._pages.values() for row in page.rows}
        return torch.tensor(sorted(indices), dtype=torch.int64, device=device)

    def rows(self, trainable: Trainable, step: int, *, standing: bool) -> tuple[Row, ...]:
        """All rows after so many updates, the first ROWS_AT_ONCE of many; made anew as often as
        they are cheap, and once more when the run stands still. Of a run that does not, none before
        an update was followed.
        """
        if self._updates is None and not standing:
            return ()
        began = time.perf_counter()
        cheap = (began - self._made) * SHARE_OF_TIME >= self._cost
        if cheap or (standing and step != self.step):
            figures = self._figures(trainable, _probe_shares(trainable))
            many = figures.count > ROWS_AT_ONCE
            self._rows = figures.rows(torch.arange(ROWS_AT_ONCE) if many else None)
            self.step = step
            self._made = time.perf_counter()
            self._cost = self._made - began
        return self._rows

    def pages(
        self, trainable: Trainable, step: int, shares: Tensor | None, *, standing: bool
    ) -> tuple[RowsPage, ...]:
        """The pages that are watched, after so many updates: those that were not asked for before
        at once, the others as often as they are cheap.

        Args:
            trainable: the run.
            step: completed updates.
            shares: the share of samples on which each atom fires; None: not known.
            standing: whether the run makes no steps.

        """
        began = time.perf_counter()
        cheap = (began - self._paged) * SHARE_OF_TIME >= self._page_cost
        figures = self._figures(trainable, shares)
        made: dict[RowsRequest, RowsPage] = {}
        for request in self._requests:
            known = self._pages.get(request)
            if known is None or cheap or (standing and known.step != step):
                known = _page(figures, request, step)
                self._paged = time.perf_counter()
                self._page_cost = self._paged - began
            made[request] = known
        self._pages = made
        return tuple(made.values())

    def _figures(self, trainable: Trainable, shares: Tensor | None) -> RowFigures:
        return RowFigures(trainable, self._initial, self._updates, shares)


@torch.no_grad()
def _page(figures: RowFigures, request: RowsRequest, step: int) -> RowsPage:
    total = figures.count
    sort = request.sort if request.sort in COLUMNS else "index"
    order = figures.order(sort, descending=request.descending)
    count = max(0, min(request.count, LARGEST_PAGE, total))
    first, place = request.first, None
    if request.at is not None and 0 <= request.at < total:
        place = int((order == request.at).nonzero()[0, 0])
        first = place - count // 2
    first = max(0, min(first, total - count))
    rows = figures.rows(order[first : first + count])
    return RowsPage(request, total, first, rows, step, place)


@torch.no_grad()
def _probe_shares(trainable: Trainable) -> Tensor:
    """The share of the fixed probe batch on which each atom fires."""
    network = trainable.network
    x = measurement.fixed_rows(trainable, trainable.samples.probe(trainable.device))
    with evaluating(network):
        code = network(x).code
    atoms = network.atoms.detach()
    fired = codes.fires(code, atoms, trainable.x_rms, network.sparse_code)
    return fired.float().mean(dim=0)
