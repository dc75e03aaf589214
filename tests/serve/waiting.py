"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable
from typing import Any

from dicttui.training.interventions import Receipt
from dicttui.training.seam import SessionProtocol

PATIENCE = 30.0


def wait_for(condition: Callable[[], Any], what: str = "it") -> Any:
    """What the condition gives, once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)
    return found


def answered(session: SessionProtocol, number: int) -> Receipt:
    """The receipt of an intervention, once it is applied or has failed."""

    def found() -> Receipt | None:
        receipts = [r for r in session.receipts(0) if r.id == number and r.status != "requested"]
        return receipts[-1] if receipts else None

    receipt: Receipt = wait_for(found, f"the receipt of {number}")
    return receipt
