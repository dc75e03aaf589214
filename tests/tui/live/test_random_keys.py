"""Random keys, clicks and sizes: whatever is pressed, the app stands and the training answers."""

import asyncio
import random
import threading
import time
from pathlib import Path

import pytest
from live_driving import NAMES, LiveDriver, character_of, open_session
from textual import events
from textual.geometry import Size

from dicttui.preset.reading import read
from dicttui.training.interventions import Pause, Resume
from dicttui.training.session import Session
from dicttui.tui.app import DicttuiApp
from dicttui.tui.keys import KEYS

OF_THE_TABLE = [NAMES.get(name, name) for key in KEYS for name in key.keys]
OF_DIALOGS = ["escape", "enter", "up", "down", "left", "right", "tab", "shift+tab", "home", "end",
              "pageup", "pagedown", "backspace", "delete", "ctrl+q", "f1"]  # fmt: skip
GARBAGE = [*"0123456789eE+-.,:;!äß€漢zZ_ ", "ctrl+a", "ctrl+u", "ctrl+x", "alt+x"]
LEAVING = {"q", "ctrl+c", "ctrl+q"}

PRESETS = {
    "article, paced": """
        [network]
        kind = "sparse"
        [training]
        steps = 100
        steps_per_second = 20
        [[runs]]
        name = "adam"
        optimizer = "Adam"
        lr = 0.01
        [[runs]]
        name = "sgd"
        optimizer = "SGD"
        lr = 0.01
    """,
    "minibatches, held-out, five runs": """
        [data]
        n = 60
        batch_size = 8
        held_out = 20
        [network]
        kind = "simple"
        [training]
        steps = 5000
        [[runs]]
        name = "r"
        optimizer = ["Adam", "SGD", "RMSprop", "Adagrad", "NAdam"]
        lr = 0.01
    """,
    "planted, a run that diverges": """
        [data]
        kind = "planted"
        n = 64
        n_atoms = 8
        d_in = 6
        [network]
        kind = "relu"
        dict_size = 300
        [training]
        steps = 1000
        [[runs]]
        name = "far"
        optimizer = "SGD"
        lr = 50
        [[runs]]
        name = "near"
        optimizer = "SGD"
        lr = 0.0001
        schedule = "cosine"
        warmup_steps = 10
    """,
    "one of everything": """
        [data]
        n = 1
        d_in = 1
        [network]
        kind = "sparse"
        dict_size = 1
        hidden_size = 1
        [training]
        steps = 1
        [[runs]]
        name = "only"
        optimizer = "Adam"
        lr = 0.01
    """,
}


class Hands:
    """A person who presses anything, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.done: list[str] = []
        """What was done, for the message of a test that fails."""

    def act(self, app: DicttuiApp) -> None:
        """Press a key, click somewhere or change the terminal's size."""
        choose = self._random.random()
        if choose < 0.07:
            self._resize(app)
        elif choose < 0.13:
            self._click(app)
        else:
            keys, often = (OF_THE_TABLE, OF_DIALOGS, GARBAGE), (6, 5, 2)
            key = self._random.choice(self._random.choices(keys, often)[0])
            # Most of what asks to leave would be confirmed by the next enter.
            if key in LEAVING and self._random.random() < 0.7:
                key = "escape"
            self.done.append(key)
            app.post_message(events.Key(key, character_of(key)))

    def steps(self) -> int:
        """How far the training gets before the next key."""
        return self._random.choice((0, 0, 1, 3, 20))

    def _resize(self, app: DicttuiApp) -> None:
        width, height = self._random.choice(
            (
                (self._random.randint(1, 200), self._random.randint(1, 60)),
                (self._random.randint(1, 30), self._random.randint(1, 12)),
                (80, 24),
            )
        )
        self.done.append(f"{width}×{height}")
        app._driver._size = (width, height)  # type: ignore[union-attr]
        app.post_message(events.Resize(Size(width, height), Size(width, height)))

    def _click(self, app: DicttuiApp) -> None:
        width, height = app.size
        x, y = self._random.randrange(width or 1), self._random.randrange(height or 1)
        self.done.append(f"click {x},{y}")
        for kind in (events.MouseDown, events.MouseUp):
            app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))


def press_much(session: Session, hands: Hands, actions: int, *, threaded: bool = False) -> None:
    """So many actions on a session; an app that was left is opened again."""

    async def one_app() -> None:
        app = DicttuiApp(session, refresh=10)
        async with app.run_test(size=(100, 30)) as pilot:
            driver = LiveDriver(app, pilot, session)
            await driver.until(lambda: driver.kind == "main")
            while len(hands.done) < actions and not app._exit:
                hands.act(app)
                await asyncio.wait_for(pilot._wait_for_screen(), 30)
                if threaded:
                    await asyncio.sleep(0)
                elif steps := hands.steps():
                    session.advance(steps)
                    app._look()
            await driver.settle()
        assert app._exception is None

    while len(hands.done) < actions:
        asyncio.run(one_app())


@pytest.mark.parametrize("seed", [0, 1, 2, 100])
@pytest.mark.parametrize("name", PRESETS)
def test_whatever_is_pressed_the_app_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)  # pictures are saved there
    session = open_session(tmp_path, PRESETS[name])
    session.advance(0)
    hands = Hands(seed)
    try:
        press_much(session, hands, 45)
    except BaseException as error:
        raise AssertionError(f"after {hands.done}") from error
    number = session.submit(Pause())
    session.advance(5)
    answer = [receipt for receipt in session.receipts(0) if receipt.id == number][-1]
    assert answer.status in ("applied", "failed")
    assert session.latest().state == "ready"


def test_beside_the_trainer_s_own_thread_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "preset.toml"
    path.write_text(PRESETS["article, paced"])
    session = Session(read(str(path)))
    session.start()
    hands = Hands(7)
    try:
        press_much(session, hands, 60, threaded=True)
        number = session.submit(Resume())
        end = time.monotonic() + 30
        while not any(r.id == number and r.status != "requested" for r in session.receipts(0)):
            assert time.monotonic() < end, f"no answer after {hands.done}"
            time.sleep(0.01)
    finally:
        assert session.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "trainer"]
