"""The line that says what became of the last key."""

from typing import Any

from dicttui.training.interventions import Receipt
from dicttui.tui.glyphs import Glyphs
from dicttui.tui.receipts import outcome
from dicttui.tui.widgets.roles import Role, RoleLines, Span, cut

SIGNS: dict[str, tuple[str, str, Role]] = {
    "requested": ("…", ".", "muted"),
    "applied": ("✓", "+", "good"),
    "failed": ("✗", "x", "bad"),
}
"""In full, in ASCII, and the role of each status."""


def sign_of(receipt: Receipt, glyphs: Glyphs) -> tuple[str, Role]:
    """How a receipt is marked; one that failed in every run has failed."""
    changes = receipt.changes
    failed = changes and all(change.failed for change in changes)
    full, plain, role = SIGNS["failed" if failed else receipt.status]
    return plain if glyphs.ascii else full, role


class ReceiptLine(RoleLines):
    """The newest receipt, or a word of the app's own."""

    _spans: tuple[Span, ...] = ((" ? ", "key"), ("lists every key", "muted"))
    _warning = ""

    def show(self, receipt: Receipt) -> None:
        """Show a receipt."""
        sign, role = sign_of(receipt, self.glyphs)
        self._set(sign, role, outcome(receipt))

    def say(self, words: str) -> None:
        """Show a word of the app's own; empty: nothing."""
        self._set(self.glyphs.bullet if words else "", "warn", words)

    def warn(self, words: str) -> None:
        """Show this before everything else, as long as it is so; empty: nothing."""
        if words != self._warning:
            self._warning = words
            self.redraw()

    def _set(self, sign: str, role: Role, words: str) -> None:
        self._spans = ((f" {sign} ", role), (words, "muted" if role == "muted" else "plain"))
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line, cut at the right."""
        del height
        spans: list[Span] = list(self._spans)
        if self._warning:
            spans.insert(0, (f" {self.glyphs.alert} {self._warning} ", "bad"))
        return [self.strip(cut(spans, width, self.glyphs))]
