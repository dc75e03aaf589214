"""The base of dialogs with several fields: up and down move between them, enter answers."""

from typing import TypeVar

from textual import events
from textual.widgets import Input

from dicttui.tui.screens.dialog import Dialog

Answer = TypeVar("Answer")
MOST_QUOTED = 30


def quoted(text: str) -> str:
    """What was typed, for an error; of a long text the beginning."""
    return repr(text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…")


class Form(Dialog[Answer]):
    """Fields to type in and choices to make, and one answer from all of them."""

    def answer(self) -> Answer | str:
        """The answer, or what is wrong with what was typed."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """Up and down move between the fields."""
        if event.key in ("up", "down"):
            event.stop()
            _ = self.focus_next() if event.key == "down" else self.focus_previous()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self.submit()

    def on_choice_line_done(self) -> None:
        """Enter on a choice."""
        self.submit()

    def submit(self) -> None:
        """Answer, or say what is wrong."""
        answer = self.answer()
        if isinstance(answer, str):
            self.refuse(answer)
        else:
            self.finish(answer)
