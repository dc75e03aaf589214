"""An app on a real training that the test steps: `press` a key, then `train` some steps."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from driving import Driver
from textual import events

from dicttui.preset.reading import read
from dicttui.training.session import Session
from dicttui.training.snapshot import RunSnapshot
from dicttui.tui.app import DicttuiApp

NAMES = {"<": "less_than_sign", ">": "greater_than_sign", "+": "plus", "=": "equals_sign",
         "-": "minus", ".": "full_stop", "?": "question_mark", "/": "slash"}  # fmt: skip
"""What Textual calls the keys that are no letters."""

TWO = """
title = "two on the article's network"
[network]
kind = "simple"
[training]
steps = 400
steps_per_second = 50
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.02
"""


class LiveDriver(Driver):
    """A driver whose session trains, by `advance`, in the test's own thread."""

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before has been answered."""
        for key in keys:
            self.app.post_message(events.Key(key, character_of(key)))
            await self.settle()

    async def train(self, steps: int = 0) -> None:
        """Let the trainer answer what was asked for and make steps; until they are drawn."""
        self.session.advance(steps)
        self.app._look()
        await self.settle()

    async def ask(self, *keys: str) -> None:
        """Press keys, and let the trainer answer."""
        await self.press(*keys)
        await self.train()

    async def write(self, text: str) -> None:
        """Type into the field that has the focus."""
        await self.press(*[NAMES.get(character, character) for character in text])

    def run(self, name: str) -> RunSnapshot:
        """What the session says of a run now."""
        return next(run for run in self.session.latest().runs if run.name == name)

    def trained(self, name: str) -> Any:
        """The trainer's own run: what is really in force."""
        experiment = self.session._trainer.experiment
        return next(run for run in experiment.runs if run.name == name)

    @property
    def receipt(self) -> str:
        """The line that says what became of the last key."""
        return self.lines()[-2].strip()


def character_of(key: str) -> str | None:
    """What a key writes, where it writes anything."""
    written = {"space": " "} | {name: character for character, name in NAMES.items()}
    return written.get(key, key if len(key) == 1 else None)


def open_session(directory: Path, text: str = TWO) -> Session:
    """A session on a preset given as text."""
    path = directory / "preset.toml"
    path.write_text(text)
    return Session(read(str(path)))


def drive_live(
    scenario: Callable[[LiveDriver], Awaitable[None]],
    session: Session,
    *,
    size: tuple[int, int] = (160, 44),
    **options: Any,
) -> DicttuiApp:
    """Run a scenario on an app whose training stands at step 0; the app, which has ended."""
    session.advance(0)
    app = DicttuiApp(session, refresh=10, **options)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            driver = LiveDriver(app, pilot, session)
            await driver.until(lambda: driver.kind == "main")
            await driver.settle()
            await scenario(driver)

    asyncio.run(run())
    return app
