"""The real program in a terminal: however it ends, the terminal is as it was, and it says why."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from own_presets import ENDLESS, a_persons_own
from pty_terminal import PATIENCE, Terminal, changed_dicttui, dicttui

pytestmark = pytest.mark.pty

AT_ONCE = 4.0
"""Seconds: leaving, on a machine that may be busy with other tests."""

Open = Callable[..., Terminal]


def log_of(state: Path) -> str:
    path = state / "dicttui.log"
    return path.read_text() if path.exists() else ""


def test_q_and_ctrl_c_ask_and_leave_the_terminal_as_it_was(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    assert terminal.is_on("alternate screen")
    assert terminal.is_on("mouse")
    terminal.type("q")
    terminal.see("not finished. All of it is recorded")
    terminal.type("\x1b")
    terminal.until(lambda: "not finished" not in terminal.text())
    terminal.type("\x03")
    terminal.see("not finished. All of it is recorded")
    terminal.type("\r")
    assert terminal.ended() == 130
    terminal.assert_restored()


def test_a_shipped_preset_opens_at_once_and_is_recorded(opened: Open, state: Path) -> None:
    terminal = opened(dicttui("article-sparse"))
    terminal.see("dicttui  article-sparse")
    terminal.see("running")
    terminal.type("q")
    terminal.see("not finished. All of it is recorded")
    terminal.type("\r")
    assert terminal.ended() == 0
    terminal.assert_restored()
    (directory,) = (state / "experiments").iterdir()
    assert f"dicttui resume {directory.name[-6:]}" in terminal.text()


def test_what_cannot_be_opened_after_the_first_picture_gives_the_terminal_back(
    opened: Open, tmp_path: Path, state: Path
) -> None:
    changes = (
        "from dicttui.record import recorder\n"
        "def begin(*given): raise ValueError('no recorder')\n"
        "recorder.Recorder.begin = begin\n"
    )
    terminal = opened(changed_dicttui(tmp_path / "broken.py", changes))
    assert terminal.ended() == 1
    terminal.assert_restored()
    assert "unexpected error: ValueError: no recorder" in terminal.text()
    assert "no recorder" in log_of(state)


def test_q_leaves_with_0(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("running")
    terminal.type("q")
    terminal.see("not finished. All of it is recorded")
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


@pytest.mark.parametrize(("key", "status"), [("\x03", 130), ("\x03\x03", 130), ("q", 0)])
def test_leaving_while_it_still_loads(opened: Open, preset: Path, key: str, status: int) -> None:
    terminal = opened(dicttui(preset))
    terminal.see("loading torch")
    terminal.type(key)
    assert terminal.ended() == status
    terminal.assert_restored()
    assert "Traceback" not in terminal.text()


def test_leaving_does_not_wait_for_a_long_loading(opened: Open, tmp_path: Path) -> None:
    path = a_persons_own(tmp_path, "pass")
    (tmp_path / "mine.py").write_text("import pathlib, time\n"
                                      "pathlib.Path(__file__).with_name('here').touch()\n"
                                      "time.sleep(100)\n")  # fmt: skip
    terminal = opened(dicttui(path))
    terminal.until((tmp_path / "here").exists)
    terminal.type("q")
    assert terminal.ended(AT_ONCE) == 0
    terminal.assert_restored()


def test_a_second_ctrl_c_does_not_wait_for_a_step(stuck: Terminal) -> None:
    stuck.type("\x03\x03")
    assert stuck.ended(AT_ONCE) == 130
    stuck.assert_restored()


def test_quitting_gives_a_step_a_little_time_and_says_that_it_was_abandoned(
    asleep: Terminal,
) -> None:
    asleep.type("q")
    asleep.see("not finished. All of it is recorded")
    asleep.type("\r")
    assert asleep.ended(2 + AT_ONCE) == 0
    asleep.assert_restored()
    assert "a step was still being made; it has been abandoned" in asleep.text()


def test_ctrl_c_after_q_does_not_wait_for_a_step(stuck: Terminal) -> None:
    stuck.type("q")
    stuck.see("not finished. All of it is recorded")
    stuck.type("\r")
    stuck.until(lambda: not stuck.is_on("alternate screen") and stuck.flags_are_restored())
    # As Ctrl-C does from now on. Textual once more throws away what has been typed.
    stuck.send(signal.SIGINT)
    assert stuck.ended(AT_ONCE) == 130
    stuck.assert_restored()


def test_ctrl_c_is_heard_where_the_main_thread_waits_and_another_one_got_it(
    opened: Open, tmp_path: Path
) -> None:
    script = tmp_path / "waits.py"
    script.write_text(
        "import signal, threading, types\n"
        "from dicttui.tui.leaving import Guard\n"
        "held = threading.Lock()\n"
        "def elsewhere(): signal.pthread_kill(threading.get_ident(), signal.SIGINT)\n"
        "with Guard(types.SimpleNamespace(return_code=0), None), held:\n"
        "    try: threading.Timer(0.2, elsewhere).start(); held.acquire()\n"
        "    except SystemExit: print('heard'); raise\n"
    )
    terminal = opened([sys.executable, str(script)])
    assert terminal.ended() == 130
    assert "heard" in terminal.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT],
                         ids=lambda n: n.name)  # fmt: skip
def test_a_signal_does_not_wait_for_a_step(asleep: Terminal, number: signal.Signals) -> None:
    asleep.send(number)
    assert asleep.ended(2 + AT_ONCE) == 128 + number
    asleep.assert_restored()


def test_it_ends_when_textual_can_write_no_more(
    opened: Open, preset: Path, tmp_path: Path, state: Path
) -> None:
    changes = (
        "from textual.drivers import _writer_thread\n"
        "def run(self):\n"
        "    for _ in range(50):\n"
        "        self._file.write(self._queue.get())\n"
        "    raise OSError(5, 'it broke')\n"
        "_writer_thread.WriterThread.run = run\n"
    )
    terminal = opened(changed_dicttui(tmp_path / "broken.py", changes, "--refresh", "60", preset))
    assert terminal.ended() == 128 + signal.SIGHUP
    terminal.assert_restored()
    assert "it broke" in log_of(state)


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
    changes = (
        "from dicttui.tui.widgets import title_line\n"
        "def draw(self, width, height): raise RuntimeError('a widget broke')\n"
        "title_line.TitleLine.draw = draw\n"
    )
    terminal = opened(changed_dicttui(tmp_path / "broken.py", changes, preset))
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


def test_a_theme_or_a_device_of_the_settings_that_is_not_known(
    opened: Open, preset: Path, state: Path
) -> None:
    state.mkdir()
    settings = state / "config.toml"
    settings.write_text('theme = "nope"\n')
    terminal = opened(dicttui(preset))
    assert terminal.ended() == 2
    assert f"{settings}: theme: 'nope' is not known" in "".join(terminal.screen.display)
    settings.write_text('device = "cuda:77"\n')
    terminal = opened(dicttui(preset))
    terminal.see("could not start")
    # A long path may be folded anywhere.
    told = f"{settings}:device:'cuda:77'isnothere"
    terminal.until(lambda: told in "".join(terminal.text().split()))
    terminal.type("q")
    assert terminal.ended() == 2


def test_an_encoding_without_lines_does_not_stop_the_app(opened: Open, preset: Path) -> None:
    terminal = opened(dicttui(preset), environment={"PYTHONIOENCODING": "latin-1"})
    terminal.see("running")
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
