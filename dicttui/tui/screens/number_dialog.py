"""The base of dialogs that ask for a number."""

from collections.abc import Iterable
from typing import TypeVar

from textual import events
from textual.widget import Widget
from textual.widgets import Input

from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.screens.dialog import Dialog
from dicttui.tui.widgets.choices import ChoiceLine

Answer = TypeVar("Answer")
MOST_QUOTED = 30


def quoted(text: str) -> str:
    """What was typed, for an error; of a long text the beginning."""
    return repr(text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…")


class NumberDialog(Dialog[Answer]):
    """A number, and choices below it."""

    first = ""
    """What stands in the field at the start."""

    def __init__(self, run: RunSnapshot) -> None:
        super().__init__()
        self.run_name = run.name

    def choices(self) -> Iterable[ChoiceLine]:
        """What else is asked."""
        raise NotImplementedError

    def answer(self, text: str) -> Answer | str:
        """The answer to what was typed, or what is wrong with it."""
        raise NotImplementedError

    def fields(self) -> Iterable[Widget]:
        """The number first."""
        yield Input(self.first, compact=True, select_on_focus=True)
        yield from self.choices()

    def on_key(self, event: events.Key) -> None:
        """Up and down move between the fields."""
        if event.key in ("up", "down"):
            event.stop()
            _ = self.focus_next() if event.key == "down" else self.focus_previous()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        self.submit()

    def on_choice_line_done(self) -> None:
        """Enter on a choice."""
        self.submit()

    def submit(self) -> None:
        """Answer, or say what is wrong."""
        answer = self.answer(self.query_one(Input).value.strip())
        if isinstance(answer, str):
            self.refuse(answer)
        else:
            self.finish(answer)
