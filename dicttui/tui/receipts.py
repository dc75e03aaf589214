"""What became of what a person asked for, as the app has heard it."""

from collections.abc import Iterable, Iterator

from dicttui.training.asked import from_to
from dicttui.training.interventions import Change, Receipt

DRASTIC = frozenset({"restart", "stop"})
"""Kinds after which a person may wish at once that they had not been asked for."""


class ReceiptLog:
    """Every receipt once, in the order of the requests; a later one of an id replaces an earlier.

    `heard` counts the receipts taken in: the position from which to ask for more.
    """

    def __init__(self) -> None:
        self.heard = 0
        self._by_id: dict[int, Receipt] = {}
        self._newest: Receipt | None = None

    def take(self, receipts: Iterable[Receipt]) -> bool:
        """Take in receipts; whether there were any."""
        before = self.heard
        for receipt in receipts:
            self._by_id[receipt.id] = receipt
            self._newest = receipt
            self.heard += 1
        return self.heard != before

    def clear(self) -> None:
        """None has been heard."""
        self.heard = 0
        self._by_id = {}
        self._newest = None

    def newest(self) -> Receipt | None:
        """The receipt that was written last."""
        return self._newest

    def answered(self, number: int) -> bool:
        """Whether an intervention has been applied or has failed."""
        receipt = self._by_id.get(number)
        return receipt is not None and receipt.status != "requested"

    def __iter__(self) -> Iterator[Receipt]:
        """The newest request first."""
        return iter([self._by_id[number] for number in sorted(self._by_id, reverse=True)])

    def __len__(self) -> int:
        return len(self._by_id)


def change_in_words(change: Change) -> str:
    """One run's change: "lr 0.01 → 0.02", or why there was none."""
    if change.failed:
        return change.failed
    words = from_to(change.before, change.after)
    return f"{words} ({change.note})" if change.note else words


def outcome(receipt: Receipt) -> str:
    """What a person is told of a receipt, in one line."""
    if receipt.status == "requested":
        return f"{receipt.request} for {receipt.target}: requested…"
    if receipt.status == "failed":
        return f"{receipt.request} for {receipt.target} failed: {reasons(receipt)}"
    applied = [change for change in receipt.changes if not change.failed]
    refused = [change for change in receipt.changes if change.failed]
    parts = [
        f"{change.run}: applied at step {change.step:,}: {change_in_words(change)}"
        for change in applied
    ]
    parts += [f"{change.run}: failed: {change.failed}" for change in refused]
    told = "; ".join(_one_if_alike(parts, applied, refused)) or f"{receipt.request}: applied"
    return f"{told}; u takes it back" if applied and receipt.kind in DRASTIC else told


def reasons(receipt: Receipt) -> str:
    """Why a receipt says that it failed."""
    reasons = dict.fromkeys(change.failed for change in receipt.changes if change.failed)
    return receipt.reason or "; ".join(reasons) or "no reason was given"


def _one_if_alike(parts: list[str], applied: list[Change], refused: list[Change]) -> list[str]:
    """Runs of which the same is true are named once."""
    alike = {(change.step, change_in_words(change)) for change in applied}
    if len(applied) > 1 and len(alike) == 1 and not refused:
        step, words = alike.pop()
        return [f"{len(applied)} runs: applied at step {step:,}: {words}"]
    return parts
