"""Asking for a number of steps."""

import re
from collections.abc import Iterable

from dicttui.training.interventions import Advance
from dicttui.tui.screens.form import quoted
from dicttui.tui.screens.number_dialog import NumberDialog
from dicttui.tui.widgets.choices import ChoiceLine

MOST = 10**9
WHOLE = re.compile(r"[0-9]+|[0-9]{1,3}(,[0-9]{3})+")


class StepsDialog(NumberDialog[Advance]):
    """So many steps, then pause."""

    heading = "Steps, then pause"
    first = "100"

    def choices(self) -> Iterable[ChoiceLine]:
        """Which runs make them."""
        self._runs = ChoiceLine("runs", ("all", self.run_name), glyphs=self.glyphs)
        yield self._runs

    def read(self, text: str) -> Advance | str:
        """A whole number from 1."""
        if not WHOLE.fullmatch(text):
            return f"{quoted(text)} is no whole number; write one such as 100"
        steps = int(text.replace(",", "")) if len(text) < 20 else MOST + 1
        if not 1 <= steps <= MOST:
            return "a number of steps is from 1 to 1,000,000,000"
        return Advance(steps, self.run_name if self._runs.at else None)
