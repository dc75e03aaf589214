"""The base of dialogs that ask for a number."""

from collections.abc import Iterable
from typing import TypeVar

from textual.widget import Widget
from textual.widgets import Input

from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.screens.form import Form
from dicttui.tui.widgets.choices import ChoiceLine

Answer = TypeVar("Answer")


class NumberDialog(Form[Answer]):
    """A number, and choices below it."""

    first = ""
    """What stands in the field at the start."""

    def __init__(self, run: RunSnapshot) -> None:
        super().__init__()
        self.run_name = run.name

    def choices(self) -> Iterable[ChoiceLine]:
        """What else is asked."""
        raise NotImplementedError

    def read(self, text: str) -> Answer | str:
        """The answer to what was typed, or what is wrong with it."""
        raise NotImplementedError

    def fields(self) -> Iterable[Widget]:
        """The number first."""
        yield Input(self.first, compact=True, select_on_focus=True)
        yield from self.choices()

    def answer(self) -> Answer | str:
        """What the number says."""
        return self.read(self.query_one(Input).value.strip())
