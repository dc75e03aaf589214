"""One app for all widget tests: entering it costs far more than drawing."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

T = TypeVar("T")
W = TypeVar("W", bound=Widget)


class Stage:
    """A running app in which one widget at a time is mounted, and its event loop."""

    def __init__(self, runner: asyncio.Runner, app: App[None], pilot: Pilot[None]) -> None:
        self._runner = runner
        self.app = app
        self.pilot = pilot
        self._made: dict[Any, Any] = {}

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    def settle(self) -> None:
        self.run(self.pilot.pause())

    def mount(self, widget: Widget, width: int = 80, height: int = 20) -> None:
        async def replace() -> None:
            await self.app.screen.remove_children()
            widget.styles.width, widget.styles.height = width, height
            await self.app.screen.mount(widget)
            await self.pilot.pause()

        self.run(replace())

    def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call within the app: widgets ask it for its theme."""

        async def call() -> T:
            return function(*args, **kwargs)

        return self.run(call())

    def only(self, kind: type[W], **options: Any) -> W:
        """A small mounted widget, made once for equal options."""
        key = (kind, tuple(options.values()))
        if key not in self._made:
            self._made[key] = kind(**options)
        widget = self._made[key]
        if widget.parent is None:
            self.mount(widget, 30, 4)
        return widget

    def draw(self, widget: Any, width: int, height: int) -> list[Any]:
        return list(self.call(widget.draw, width, height))

    def lines(self, widget: Widget) -> list[Strip]:
        """What the widget looks like on the screen."""
        return list(self.call(widget.render_lines, widget.size.region))

    def text(self, widget: Widget) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.lines(widget))

    def press(self, *keys: str) -> None:
        async def press() -> None:
            await self.pilot.press(*keys)
            await self.pilot.pause()

        self.run(press())

    def click(self, widget: Widget, x: int, y: int) -> None:
        async def click() -> None:
            await self.pilot.click(widget, offset=(x, y))
            await self.pilot.pause()

        self.run(click())


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        app: App[None] = App()
        context = app.run_test(size=(200, 60))
        pilot = runner.run(context.__aenter__())
        yield Stage(runner, app, pilot)
        runner.run(context.__aexit__(None, None, None))
