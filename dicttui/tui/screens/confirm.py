"""Asking before something is lost."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from textual.widget import Widget

from dicttui.tui.screens.dialog import Dialog
from dicttui.tui.widgets.choices import ChoiceList

Choice = TypeVar("Choice")


class ConfirmDialog(Dialog[Choice], Generic[Choice]):
    """A question with a few answers."""

    def __init__(self, heading: str, body: str, choices: tuple[tuple[str, Choice], ...]) -> None:
        super().__init__()
        self.heading = heading
        self.body = body
        self._choices = choices

    def fields(self) -> Iterable[Widget]:
        """The answers."""
        answers = ChoiceList([(words, "") for words, _ in self._choices], glyphs=self.glyphs)
        answers.styles.height = len(self._choices)
        yield answers

    def on_choice_list_taken(self, message: ChoiceList.Taken) -> None:
        """Answer."""
        self.finish(self._choices[message.place][1])
