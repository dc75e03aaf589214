"""Tests of the app on a session made by hand (`handmade.py`, `driving.py`)."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))


async def nothing_is_left_to_do(_min_sleep: float = 0.0, _max_sleep: float = 0.0) -> None:
    """Until the event loop would sleep: everything that was sent has been answered."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while True:
        await asyncio.sleep(0)
        if not ready:
            return


@pytest.fixture(autouse=True, scope="session")
def not_the_processor() -> Iterator[None]:
    """Textual's pilot waits until the processor has been idle for a while, which it may not be for
    long where others use it too, and which says nothing of the app.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", nothing_is_left_to_do)
        yield
