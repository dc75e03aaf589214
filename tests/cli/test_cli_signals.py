"""`train` ended by signals: its status, nothing but JSON on stdout, and that all is saved."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dicttui.cli.endings import Endings
from dicttui.record.finding import everything
from dicttui.record.resuming import resumable

ENDLESS = """
[network]
kind = "simple"
[training]
steps = 1000000000000
[[runs]]
optimizer = "SGD"
lr = 0.01
"""


@pytest.mark.parametrize(
    ("numbers", "status", "says_the_end"),
    [
        ([signal.SIGTERM], 143, False),
        ([signal.SIGHUP], 129, False),
        ([signal.SIGINT], 130, True),
    ],
    ids=["SIGTERM", "SIGHUP", "Ctrl-C"],
)
def test_a_signal_ends_it_and_stdout_is_json(
    tmp_path: Path, numbers: list[signal.Signals], status: int, says_the_end: bool
) -> None:
    preset = tmp_path / "endless.toml"
    preset.write_text(ENDLESS)
    command = [sys.executable, "-m", "dicttui", "train", str(preset), "--json", "--every", "50"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"DICTTUI_STATE_DIR": str(tmp_path / "state")},
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        for number in numbers:
            process.send_signal(number)
        out, err = process.communicate(timeout=60)
    events = [json.loads(line)["event"] for line in (first + out).splitlines()]
    assert process.returncode == status
    assert ("end" in events) == says_the_end
    assert "Traceback" not in err
    assert "terminate called" not in err


SLOW_TO_SAVE = """
import pathlib, sys, time
from dicttui.cli import main
from dicttui.record.recorder import Recorder
saving, go, close = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), Recorder.close

def slowly(recorder, timeout):
    saving.touch()
    while not go.exists():
        time.sleep(0.005)
    close(recorder, timeout)

Recorder.close = slowly
sys.argv[1:3] = []
sys.exit(main())
"""


def until(condition: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait until something is so, as long as the process is there."""
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("first", [signal.SIGHUP, signal.SIGTERM])
def test_more_signals_while_it_saves_lose_nothing(tmp_path: Path, first: signal.Signals) -> None:
    preset, script = tmp_path / "endless.toml", tmp_path / "slow.py"
    preset.write_text(ENDLESS)
    script.write_text(SLOW_TO_SAVE)
    saving, go = tmp_path / "saving", tmp_path / "go"
    command = [sys.executable, str(script), str(saving), str(go), "train", str(preset), "--json"]
    written = tmp_path / "written"
    with (
        written.open("wb") as out,
        subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env={"DICTTUI_STATE_DIR": str(tmp_path / "state")},
        ) as process,
    ):
        until(lambda: written.stat().st_size > 0, process)
        process.send_signal(first)
        until(saving.exists, process)
        for number in (signal.SIGHUP, signal.SIGTERM, first):
            process.send_signal(number)
        go.touch()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + first
    (experiment,) = everything(tmp_path / "state" / "experiments")
    assert (experiment.state, experiment.signal) == ("stopped", first.name)
    assert f"dicttui resume {experiment.id} goes on" in err
    found = resumable(experiment)
    try:
        saved = found.start.checkpoint()
    finally:
        found.release()
    assert saved is not None
    # Of the last step that was made: nothing is made again.
    assert [one.moment.step for one in saved.runs] == [experiment.runs()[0].steps]


def test_a_signal_while_something_is_held_ends_the_program_afterwards() -> None:
    done = []

    def save() -> None:
        with Endings() as endings:
            with endings.held():
                signal.raise_signal(signal.SIGTERM)
                signal.raise_signal(signal.SIGHUP)
                done.append("saved")
            done.append("not reached")

    with pytest.raises(SystemExit) as ended:
        save()
    assert done == ["saved"]
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Endings():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
