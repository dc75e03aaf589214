"""An app on a session made by hand, and how a test presses its keys and reads its screen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from handmade import HandmadeSession
from textual.pilot import Pilot

from dicttui.training.interventions import Intervention
from dicttui.training.snapshot import Snapshot
from dicttui.tui.app import DicttuiApp
from dicttui.tui.screens.live import LiveScreen

PATIENCE = 60.0
"""Seconds after which what a test waits for is taken not to come."""


class Driver:
    """What a test does with a running app."""

    def __init__(self, app: DicttuiApp, pilot: Pilot[Any], session: HandmadeSession) -> None:
        self.app = app
        self.pilot = pilot
        self.session = session

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Until everything that was asked for has been drawn."""
        for _ in range(4):
            await self.pilot.pause()

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size; until the screen has it, which Textual lets wait."""
        await self.pilot.resize_terminal(width, height)
        await self.until(lambda: self.app.screen.outer_size == (width, height))
        await self.settle()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Until it is so, and what made it so has gone through the widgets."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"it did not come to be; the screen:\n{self.text()}"
            await self.pilot.pause()
            await asyncio.sleep(0.005)
        await self.pilot.pause()

    async def see(self, words: str) -> None:
        """Until these words stand on the screen."""
        await self.until(lambda: words in self.text())

    async def show(self, snapshot: Snapshot) -> None:
        """Let the session have a newer snapshot, and the app draw it."""
        self.session.show(snapshot)
        await self.until(lambda: self.app.snapshot.sequence == self.session.snapshot.sequence)
        await self.settle()

    @property
    def kind(self) -> str:
        """Which screen is on top: a live screen's kind, or a dialog's class."""
        screen = self.app.screen
        return screen.kind if isinstance(screen, LiveScreen) else type(screen).__name__

    def lines(self) -> list[str]:
        """The characters on the screen."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())


def drive(
    scenario: Callable[[Driver], Awaitable[None]],
    snapshot: Snapshot,
    *,
    size: tuple[int, int] = (120, 40),
    answer: bool = True,
    asked: Iterable[Intervention] = (),
    **options: Any,
) -> DicttuiApp:
    """Run a scenario on an app; returns the app, which has ended.

    `asked` are interventions that the session has had before the app is opened on it.
    """
    session = HandmadeSession(snapshot, answer=answer)
    for intervention in asked:
        session.submit(intervention)
    app = DicttuiApp(session, refresh=50, **options)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot, session)
            if snapshot.state == "ready":
                await driver.until(lambda: driver.kind == "main")
            await driver.settle()
            await scenario(driver)

    asyncio.run(run())
    return app
