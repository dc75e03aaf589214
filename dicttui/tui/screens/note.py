"""Asking for a note beside a checkpoint that is kept."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from dicttui.training.interventions import Keep
from dicttui.tui.screens.form import Form

LONGEST = 200


class NoteDialog(Form[Keep]):
    """One line, which may stay empty."""

    heading = "Keep a checkpoint"
    body = "Of this moment, for good, with a note to know it by; the note may be empty."

    def fields(self) -> Iterable[Widget]:
        """The note."""
        yield Input(placeholder="note", compact=True, max_length=LONGEST)

    def answer(self) -> Keep:
        """A checkpoint with this note."""
        return Keep(self.query_one(Input).value.strip())
