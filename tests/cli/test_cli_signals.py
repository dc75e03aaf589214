"""`train` ended by a signal: its status, and nothing but JSON on stdout."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
