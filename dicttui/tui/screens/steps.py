"""Asking for a number of steps."""

from collections.abc import Iterable

from dicttui.training.interventions import Advance
from dicttui.tui.screens.number_dialog import NumberDialog
from dicttui.tui.widgets.choices import ChoiceLine

MOST = 10**9


class StepsDialog(NumberDialog[Advance]):
    """So many steps, then pause."""

    heading = "Steps, then pause"
    first = "100"

    def choices(self) -> Iterable[ChoiceLine]:
        """Which runs make them."""
        self._runs = ChoiceLine("runs", ("all", self.run_name), glyphs=self.glyphs)
        yield self._runs

    def answer(self, text: str) -> Advance | str:
        """A whole number from 1."""
        try:
            steps = int(text.replace(",", "").replace("_", ""))
        except ValueError:
            return f"{text!r} is no whole number; write one such as 100"
        if not 1 <= steps <= MOST:
            return "a number of steps is from 1 to 1,000,000,000"
        return Advance(steps, self.run_name if self._runs.at else None)
