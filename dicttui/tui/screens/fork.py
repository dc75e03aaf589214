"""Asking what is to be different in a fork."""

import math
from collections.abc import Iterable
from typing import cast

from textual.widget import Widget

from dicttui.preset.learners import LEARNERS
from dicttui.preset.optimizers import OPTIMIZERS
from dicttui.preset.values import MOST_RUNS, Constraint
from dicttui.training.interventions import Fork
from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.numbers import count, memory
from dicttui.tui.screens.form import Form, quoted
from dicttui.tui.screens.learning_rate import rate_of
from dicttui.tui.widgets.choices import ChoiceLine
from dicttui.tui.widgets.labelled import LabelledInput

LABEL = 11
CONSTRAINTS = ("none", "unit_norm", "max_norm")
LARGEST_PENALTY = 1e9


class ForkDialog(Form[Fork]):
    """A new run from one that trains: the same but for what is changed here. The learning rate
    stands at half of what it is: what if it had been halved? Where something else is changed it
    goes back to what it is, unless a person has written another.
    """

    heading = "Fork"

    def __init__(self, run: RunSnapshot, runs: int) -> None:
        super().__init__()
        self.heading = f"Fork {run.name}"
        self._run_name = run.name
        self._rate = run.base_lr if run.base_lr is not None else run.lr
        self._penalty = run.l1_coefficient
        self._learner = run.optimizer in LEARNERS
        """Which is what it is: no optimizer could go on with it, and no constraint be put on it."""
        others, bounds = ((), ()) if self._learner else (OPTIMIZERS, CONSTRAINTS)
        self._optimizers = [name for name in others if name != run.optimizer]
        self._constraints = [name for name in bounds if name != run.constraint]
        self._now = (run.optimizer, run.constraint)
        takes = f"It takes {memory(run.fork_bytes)}" if run.fork_bytes else "It takes little memory"
        self.body = (
            f"A new run with the same {self._state()} and batches from step "
            f"{count(run.step)} on, but for what you change here. {takes}; "
            f"runs: {runs} of at most {MOST_RUNS}."
        )
        if run.state == "diverged":
            self.body += (
                " It has diverged: this is its last finite state, and what made it diverge may "
                "do so again at once."
            )

    def _state(self) -> str:
        return "dictionary, statistics" if self._learner else "weights, optimizer state"

    def fields(self) -> Iterable[Widget]:
        """What may be different; the learning rate is halved."""
        glyphs = self.glyphs
        optimizer, constraint = self._now
        self._rate_field = self._penalty_field = None
        if self._rate is not None:
            half = f"{self._rate / 2:.10g}"
            self._rate_field = LabelledInput("lr", half, glyphs=glyphs, width=LABEL)
            yield self._rate_field
        choices = (f"as it is: {optimizer}", *self._optimizers)
        self._optimizer = ChoiceLine("optimizer", choices, glyphs=glyphs, width=LABEL)
        choices = (f"as it is: {constraint}", *self._constraints)
        self._constraint = ChoiceLine("constraint", choices, glyphs=glyphs, width=LABEL)
        if not self._learner:
            yield self._optimizer
            yield self._constraint
        if self._penalty is not None:
            penalty = f"{self._penalty:.10g}"
            called = "alpha" if self._learner else "L1 penalty"
            self._penalty_field = LabelledInput(called, penalty, glyphs=glyphs, width=LABEL)
            yield self._penalty_field

    def on_choice_line_changed(self) -> None:
        """One thing is to be different, not two."""
        field, rate = self._rate_field, self._rate
        if field is None or rate is None:
            return
        half, whole = f"{rate / 2:.10g}", f"{rate:.10g}"
        other = bool(self._optimizer.at or self._constraint.at)
        if field.value == (half if other else whole):
            field.value = whole if other else half

    def answer(self) -> Fork | str:
        """A fork in which only what was changed is given."""
        rate = rate_of(self._rate_field.value) if self._rate_field else None
        if isinstance(rate, str):
            return rate
        penalty = _penalty_of(self._penalty_field.value) if self._penalty_field else None
        if isinstance(penalty, str):
            return penalty
        optimizer = self._optimizers[self._optimizer.at - 1] if self._optimizer.at else None
        constraint = self._constraints[self._constraint.at - 1] if self._constraint.at else None
        return Fork(
            self._run_name,
            optimizer=optimizer,
            lr=None if _same(rate, self._rate) else rate,
            constraint=cast("Constraint | None", constraint),
            l1_coefficient=None if _same(penalty, self._penalty) else penalty,
        )


def _penalty_of(text: str) -> float | str:
    try:
        penalty = float(text)
    except ValueError:
        return f"{quoted(text)} is no number; write a penalty such as 0.01, or 0 for none"
    if math.isnan(penalty) or not 0 <= penalty <= LARGEST_PENALTY:
        return "a penalty is a number from 0 to 1e9"
    return penalty


def _same(typed: float | None, now: float | None) -> bool:
    """Whether a number was left as it was: as many of its digits as were written."""
    return typed == now or (typed is not None and now is not None and typed == float(f"{now:.10g}"))
