"""Asking for a learning rate."""

import math
from collections.abc import Iterable

from dicttui.training.interventions import Group, SetLearningRate
from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.numbers import learning_rate
from dicttui.tui.screens.form import quoted
from dicttui.tui.screens.number_dialog import NumberDialog
from dicttui.tui.widgets.choices import ChoiceLine

LOWEST, HIGHEST = 1e-12, 1e3
GROUPS: tuple[Group, ...] = ("both", "dictionary", "rest")


class LearningRateDialog(NumberDialog[SetLearningRate]):
    """A base learning rate for this run or all, for a group of parameters or both."""

    heading = "Learning rate"

    def __init__(self, run: RunSnapshot) -> None:
        super().__init__(run)
        base = run.base_lr if run.base_lr is not None else run.lr
        self.first = f"{base:.10g}" if base is not None else ""
        self.body = _now(run)

    def choices(self) -> Iterable[ChoiceLine]:
        """Whose rate, and of which parameters."""
        self._runs = ChoiceLine("runs", (self.run_name, "all"), glyphs=self.glyphs)
        self._group = ChoiceLine("group", GROUPS, glyphs=self.glyphs)
        yield self._runs
        yield self._group

    def read(self, text: str) -> SetLearningRate | str:
        """Any number from 1e-12 to 1e3."""
        rate = rate_of(text)
        if isinstance(rate, str):
            return rate
        run = None if self._runs.at else self.run_name
        return SetLearningRate(run, lr=rate, group=GROUPS[self._group.at])


def rate_of(text: str) -> float | str:
    """The learning rate that was typed, or why it is none."""
    try:
        rate = float(text)
    except ValueError:
        return f"{quoted(text)} is no number; write one such as 0.003 or 3e-3"
    if math.isnan(rate) or not LOWEST <= rate <= HIGHEST:
        return "a learning rate is a number from 1e-12 to 1000"
    return rate


def _now(run: RunSnapshot) -> str:
    words = f"{run.name} now: {learning_rate(run.lr)}"
    if run.dictionary_lr is not None and run.dictionary_lr != run.lr:
        words += f", dictionary {learning_rate(run.dictionary_lr)}"
    if run.schedule:
        words += f" ({run.schedule} of {learning_rate(run.base_lr)})"
    return words
