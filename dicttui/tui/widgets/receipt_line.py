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

    def show(self, receipt: Receipt) -> None:
        """Show a receipt."""
        sign, role = sign_of(receipt, self.glyphs)
        self._set(sign, role, outcome(receipt))

    def say(self, words: str) -> None:
        """Show a word of the app's own."""
        self._set(self.glyphs.bullet, "warn", words)

    def _set(self, sign: str, role: Role, words: str) -> None:
        self._spans = ((f" {sign} ", role), (words, "muted" if role == "muted" else "plain"))
        self.redraw()

    def draw(self, width: int, height: int) -> list[Any]:
        """One line, cut at the right."""
        del height
        return [self.strip(cut(self._spans, width, self.glyphs))]
