"""The real program in a terminal: however it ends, the terminal is as it was, and it says why."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pty_terminal import PATIENCE, Terminal, dicttui

pytestmark = pytest.mark.pty

ENDLESS = """
title = "without end"
[network]
kind = "simple"
[training]
steps = 1000000000
steps_per_second = 200
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
"""
OF_A_PERSON = """
[network]
kind = "user"
factory = "mine:Mine"
[training]
steps = 1000000000
steps_per_second = 100
[[runs]]
name = "only"
optimizer = "SGD"
lr = 0.001
"""
NETWORK = """
import sys, warnings
import torch
from torch import nn

class Mine(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        {in_forward}
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {{"error": (output[0] - x).square().mean()}}
"""

Open = Callable[..., Terminal]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def opened(state: Path) -> Iterator[Open]:
    terminals: list[Terminal] = []

    def open_one(command: list[str], **options: int) -> Terminal:
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


def a_persons_own(directory: Path, in_forward: str) -> Path:
    (directory / "mine.py").write_text(NETWORK.format(in_forward=in_forward))
    path = directory / "mine.toml"
    path.write_text(OF_A_PERSON)
    return path


def log_of(state: Path) -> str:
    path = state / "dicttui.log"
    return path.read_text() if path.exists() else ""


def test_q_and_ctrl_c_ask_and_leave_the_terminal_as_it_was(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    assert terminal.is_on("alternate screen")
    assert terminal.is_on("mouse")
    terminal.type("q")
    terminal.see("not finished; what was trained is lost")
    terminal.type("\x1b")
    terminal.until(lambda: "not finished" not in terminal.text())
    terminal.type("\x03")
    terminal.see("not finished; what was trained is lost")
    terminal.type("\r")
    assert terminal.ended() == 0
    terminal.assert_restored()


def test_a_second_ctrl_c_leaves_at_once_with_130(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    terminal.type("\x03\x03")
    assert terminal.ended() == 130
    terminal.assert_restored()
    assert "Traceback" not in terminal.text()


def test_ctrl_c_while_it_still_loads(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("loading torch")
    terminal.type("\x03\x03")
    assert terminal.ended() in (0, 130)
    terminal.assert_restored()
    assert "Traceback" not in terminal.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_that_ends_it_leaves_the_terminal_as_it_was(
    opened: Open, preset: Path, number: signal.Signals
) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    terminal.send(number)
    assert terminal.ended() == 128 + number
    terminal.assert_restored()
    assert "Traceback" not in terminal.text()


def test_a_network_that_raises_fails_its_run_and_the_app_stands(
    opened: Open, tmp_path: Path, state: Path
) -> None:
    path = a_persons_own(tmp_path, 'if self.calls > 60: raise RuntimeError("had enough")')
    terminal = opened(dicttui(path))
    terminal.see("had enough")
    terminal.see("failed")
    assert "Traceback" not in terminal.text()
    terminal.type("q")
    assert terminal.ended() == 1
    terminal.assert_restored()
    assert "Traceback" in log_of(state)


def test_what_kills_the_trainer_is_told_in_a_dialog(
    opened: Open, tmp_path: Path, state: Path
) -> None:
    path = a_persons_own(
        tmp_path,
        "if self.calls > 60: type(self).dictionary = property(lambda self: 1 / 0)",
    )
    terminal = opened(dicttui(path))
    terminal.until(lambda: "division" in terminal.text() or "failed" in terminal.text())
    terminal.type("\x03\x03")
    assert terminal.ended() in (1, 130)
    terminal.assert_restored()
    assert "Traceback" not in terminal.text()
    assert "Traceback" in log_of(state)


def test_data_that_cannot_be_built_is_told_and_ends_with_2(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "nowhere.toml"
    path.write_text('[data]\nkind = "file"\npath = "nowhere.npy"\n' + ENDLESS.partition("\n\n")[0]
                    .replace('title = "without end"\n', ""))  # fmt: skip
    terminal = opened(dicttui(path))
    terminal.see("could not start")
    # A long path may be folded anywhere.
    terminal.until(lambda: "nowhere.npy:" in "".join(terminal.text().split()))
    terminal.type("q")
    assert terminal.ended() == 2
    terminal.assert_restored()


def test_an_error_of_the_app_itself_goes_to_the_log(
    opened: Open, preset: Path, tmp_path: Path, state: Path
) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import sys\n"
        "from dicttui.tui.widgets import title_line\n"
        "def draw(self, width, height): raise RuntimeError('a widget broke')\n"
        "title_line.TitleLine.draw = draw\n"
        "from dicttui.cli import main\n"
        f"sys.argv = ['dicttui', {str(preset)!r}]\n"
        "sys.exit(main())\n"
    )
    terminal = opened([sys.executable, str(script)])
    status = terminal.ended()
    assert status == 1
    terminal.assert_restored()
    assert "the log file has it" in terminal.text()
    assert "Traceback" not in terminal.text()
    assert "a widget broke" in log_of(state)


def test_what_a_network_prints_does_not_garble_the_screen(opened: Open, tmp_path: Path) -> None:
    path = a_persons_own(
        tmp_path,
        'print("GARBLE"); print("GARBLE", file=sys.stderr); warnings.warn("GARBLE")',
    )
    terminal = opened(dicttui(path))
    terminal.see("running")
    first = [line for line in terminal.screen.display if "step " in line]
    terminal.until(
        lambda: [line for line in terminal.screen.display if "step " in line] not in ([], first)
    )
    assert "GARBLE" not in terminal.text()
    assert b"GARBLE" not in terminal.written
    terminal.type("\x03\x03")
    assert terminal.ended() == 130
    terminal.assert_restored()


def test_escape_codes_in_a_preset_do_nothing(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(
        ENDLESS.replace("without end", r"a\u001b[31mred\u001b]0;owned\u0007\u009b5m[bold]b[/bold]")
    )
    terminal = opened(dicttui(path))
    terminal.see("running")
    terminal.see("[bold]b[/bold]")
    assert b"\x1b]0;owned" not in terminal.written
    assert "\u009b".encode() not in terminal.written
    terminal.type("\x03\x03")
    assert terminal.ended() == 130
    terminal.assert_restored()


@pytest.mark.parametrize("arguments", [(), ("digits",)], ids=["no preset", "a preset"])
def test_without_a_terminal_the_app_says_so(arguments: tuple[str, ...], state: Path) -> None:
    done = subprocess.run(
        dicttui(*arguments),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={"DICTTUI_STATE_DIR": str(state), "PATH": ""},
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "terminal" in done.stderr
    assert "dicttui train" in done.stderr
    assert "\x1b" not in done.stderr
