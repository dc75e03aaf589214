"""Each atom in detail, for the rows screen; followed only while somebody looks."""

import time

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.hooks import RemovableHandle

from dicttui.measures import codes, norms, recovery, steps
from dicttui.training import measurement
from dicttui.training.engines.beginning import first_engine
from dicttui.training.engines.choice import Choice
from dicttui.training.engines.engine import Observe, StepError
from dicttui.training.snapshot import Row
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

SHARE_OF_TIME = 0.05
"""Share of the time that making rows may take."""


class RowTracker:
    """Follows the updates of one run's dictionary, step by step."""

    def __init__(self, initial: Tensor) -> None:
        self._initial = initial
        """The dictionary at step 0, on the CPU."""
        self._rows: tuple[Row, ...] = ()
        self.step = -1
        """Updates that had been made when the rows were looked at."""
        self._made = float("-inf")
        self._cost = 0.0
        self.forget()

    def forget(self) -> None:
        """Forget the updates: what they were of is no more."""
        self._ratios: steps.RecentUpdateRatios | None = None
        self._followed = -1
        """The step after the last whose update was kept."""
        self._effective: Tensor | None = None
        self._radial: Tensor | None = None
        self._made = float("-inf")

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
            self._ratios = None  # the last so many are no longer the last
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
        before = dictionary.detach().clone()
        stepped: list[Tensor] = []

        def after_step(_optimizer: Optimizer, _args: object, _kwargs: object) -> None:
            stepped[:] = [dictionary.detach().clone()]

        # The optimizer's own step is seen before a constraint changes it again.
        hooks: list[RemovableHandle] = [
            optimizer.register_step_post_hook(after_step) for optimizer in trainable.optimizers
        ]
        try:
            values = first_engine(trainable.network).advance(trainable, step, 1, observe)
        finally:
            for hook in hooks:
                hook.remove()
        if self._ratios is None:
            self._ratios = steps.RecentUpdateRatios(len(before), before.device)
        self._ratios.add(before, dictionary.detach())
        self._radial = steps.radial_share(before, dictionary.detach())
        if stepped:
            self._effective = steps.effective_step(before, stepped[0])
        return values

    def rows(
        self, trainable: Trainable, step: int, indices: tuple[int, ...] | None, *, standing: bool
    ) -> tuple[Row, ...]:
        """All rows after so many updates, or those of the given indices; made anew as often as
        they are cheap, and once more when the run stands still. Of a run that does not, none before
        an update was followed.
        """
        if self._ratios is None and not standing:
            return ()
        began = time.perf_counter()
        cheap = (began - self._made) * SHARE_OF_TIME >= self._cost
        if cheap or (standing and step != self.step):
            self._rows, self.step = self._make(trainable), step
            self._made = time.perf_counter()
            self._cost = self._made - began
        if indices is None:
            return self._rows
        return tuple(self._rows[i] for i in indices if 0 <= i < len(self._rows))

    @torch.no_grad()
    def _make(self, trainable: Trainable) -> tuple[Row, ...]:
        network, samples = trainable.network, trainable.samples
        dictionary, atoms = network.dictionary.detach(), network.atoms.detach()
        x = measurement.fixed_rows(trainable, samples.probe(trainable.device))
        with evaluating(network):
            code = network(x).code
        fired = codes.fires(code, atoms, trainable.x_rms, network.sparse_code)
        count = len(dictionary)
        unknown: list[float | None] = [None] * count
        ratios = unknown
        if self._ratios is not None:
            ratios = _numbers(self._ratios.median())
        nearest: list[int | None] = [None] * count
        cosines = unknown
        if samples.true_atoms is not None:
            true_atoms = samples.true_atoms.to(atoms.device)
            indices, values = recovery.nearest_true(true_atoms, atoms, network.signed_code)
            nearest, cosines = indices.tolist(), values.tolist()
        initial = self._initial.to(dictionary.device)
        change = (dictionary - initial).norm(dim=1) / initial.norm(dim=1)
        columns = zip(
            range(count),
            norms.row_norms(dictionary).tolist(),
            norms.row_norms(atoms).tolist(),
            _numbers(change),
            ratios,
            _numbers(self._effective) or unknown,
            fired.float().mean(dim=0).tolist(),
            nearest,
            cosines,
            _numbers(_adam_ratio(trainable)) or unknown,
            _numbers(self._radial) or unknown,
            strict=True,
        )
        return tuple(Row(*values) for values in columns)


def _adam_ratio(trainable: Trainable) -> Tensor | None:
    """Of the dictionary's rows, where its optimizer keeps Adam's moments."""
    parameter = trainable.network.dictionary
    for optimizer in trainable.optimizers:
        state = optimizer.state.get(parameter, {})
        if "exp_avg" in state and "exp_avg_sq" in state:
            (group,) = (
                g for g in optimizer.param_groups if any(p is parameter for p in g["params"])
            )
            second = state.get("max_exp_avg_sq", state["exp_avg_sq"])
            return steps.adam_ratio(
                state["exp_avg"], second, int(state["step"]), group["betas"], group["eps"]
            )
    return None


def _numbers(values: Tensor | None) -> list[float | None]:
    """As plain numbers, None for nan; empty if there are none."""
    if values is None:
        return []
    return [value if value == value else None for value in values.tolist()]  # noqa: PLR0124
