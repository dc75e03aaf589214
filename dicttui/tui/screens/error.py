"""Telling of an error that ended the training."""

from collections.abc import Iterable

from textual.widget import Widget

from dicttui.tui.screens.dialog import Dialog
from dicttui.tui.widgets.choices import ChoiceList

MOST = 600
"""Characters: the answers below have to stay in sight."""


class ErrorDialog(Dialog[bool]):
    """What happened, in words for a person; what was drawn last stays behind it."""

    def __init__(self, heading: str, body: str) -> None:
        super().__init__()
        self.heading = heading
        self.body = body if len(body) <= MOST else f"{body[:MOST]}… (the log file has all of it)"

    def fields(self) -> Iterable[Widget]:
        """Look on, or leave."""
        answers = ChoiceList([("look at what is there", ""), ("quit", "")], glyphs=self.glyphs)
        answers.styles.height = 2
        yield answers

    def on_choice_list_taken(self, message: ChoiceList.Taken) -> None:
        """Whether to leave."""
        self.finish(message.place == 1)
