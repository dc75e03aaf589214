"""Asking before a remedy is applied: what can be done with it, and what exactly would happen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.widget import Widget

from dicttui.tui.screens.dialog import Dialog, Words
from dicttui.tui.widgets.choices import ChoiceList
from dicttui.tui.widgets.roles import folded

Done = TypeVar("Done")
NARROW = 50
"""Cells that words have at least where room is kept for the longest."""


@dataclass(frozen=True, slots=True)
class Offer(Generic[Done]):
    """One thing that can be done."""

    words: str
    """In the list."""
    told: str
    """What exactly will happen."""
    does: Done
    """The answer."""


class RemedyDialog(Dialog[Done], Generic[Done]):
    """A list of what can be done; below it what the marked one of them does."""

    def __init__(self, heading: str, body: str, offers: Sequence[Offer[Done]]) -> None:
        super().__init__()
        self.heading = heading
        self.body = body
        self._offers = tuple(offers)

    def fields(self) -> Iterable[Widget]:
        """The list, and the words on the marked one."""
        choices = [(offer.words, "") for offer in self._offers]
        self._list = ChoiceList([*choices, ("leave it", "")], glyphs=self.glyphs)
        self._list.styles.height = len(choices) + 1
        self._told = Words(self._words(0), "plain", glyphs=self.glyphs)
        self._told.id = "told"
        # The dialog keeps its size when another choice is marked.
        lines = [len(folded(self._words(place), NARROW)) for place in range(len(choices) + 1)]
        self._told.styles.min_height = max(lines)
        yield self._list
        yield self._told

    def _words(self, place: int) -> str:
        return self._offers[place].told if place < len(self._offers) else "Nothing happens."

    def on_choice_list_moved(self, message: ChoiceList.Moved) -> None:
        """Say what the marked one does."""
        self._told.tell(self._words(message.place))

    def on_choice_list_taken(self, message: ChoiceList.Taken) -> None:
        """Answer."""
        taken = message.place
        self.finish(self._offers[taken].does if taken < len(self._offers) else None)
