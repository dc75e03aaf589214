"""The app on real trainings (`live_driving.py`), and in terminals (`pty_terminal.py`)."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))

from own_presets import ENDLESS, a_persons_own
from pty_terminal import Terminal, changed_dicttui, dicttui

Open = Callable[..., Terminal]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def opened(state: Path) -> Iterator[Open]:
    terminals: list[Terminal] = []

    def open_one(command: list[str], **options: Any) -> Terminal:
        terminals.append(Terminal(command, state, **options))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    return path


@pytest.fixture
def asleep(opened: Open, tmp_path: Path) -> Terminal:
    """The app while a step does not end."""
    return _asleep(opened, tmp_path, dicttui)


@pytest.fixture
def stuck(opened: Open, tmp_path: Path) -> Terminal:
    """The same, where whoever leaves without hurry would wait a minute for the step."""

    def patient(preset: Path) -> list[str]:
        changes = "from dicttui.tui import leaving\nleaving.PATIENCE = 60.0\n"
        return changed_dicttui(tmp_path / "patient.py", changes, preset)

    return _asleep(opened, tmp_path, patient)


def _asleep(opened: Open, tmp_path: Path, command: Callable[[Path], list[str]]) -> Terminal:
    path = a_persons_own(
        tmp_path,
        "if self.calls > 60: open(__file__ + '.slept', 'w'); __import__('time').sleep(100)",
    )
    terminal = opened(command(path))
    terminal.until((tmp_path / "mine.py.slept").exists)
    terminal.see("running")
    return terminal
