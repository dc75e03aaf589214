"""A training outlives the terminals it is started from and looked at in."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dicttui.serve import address
from dicttui.serve.client import RemoteSession

sys.path.insert(0, str(Path(__file__).parents[1] / "tui" / "live"))
from pty_terminal import Terminal, dicttui

pytestmark = pytest.mark.pty
ENDLESS = """
title = "no end"
[network]
kind = "simple"
[training]
steps = 1000000000
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def state():
    """A state directory whose path is short enough for sockets; what trains there is ended."""
    directory = Path(tempfile.mkdtemp(prefix="dicttui-test-"))
    yield directory
    for experiment in address.live(directory):
        session = RemoteSession(address.path(directory, experiment), watching=False)
        session.end()
        session.wait(60)
        session.close()
    shutil.rmtree(directory)


@pytest.fixture
def terminal(state):
    opened = []

    def open_one(*arguments):
        opened.append(Terminal(dicttui(*arguments), state))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_it_is_started_attached_to_left_lost_and_stopped(terminal, state, tmp_path):
    preset = tmp_path / "endless.toml"
    preset.write_text(ENDLESS)
    starting = terminal("start", preset)
    starting.see("trains in the background")
    starting.vanish()
    (experiment,) = address.live(state)

    looking = terminal("attach")
    looking.see("lr 0.01")
    looking.type("+")
    looking.see("lr 0.01 → 0.02")
    looking.type("q")
    assert looking.ended() == 0
    looking.assert_restored()
    assert f"{experiment} trains on".encode() in looking.written

    lost = terminal("attach", experiment)
    lost.see("lr 0.02")
    watching = terminal("attach", "--readonly")
    watching.see("lr 0.02")
    lost.vanish()
    assert lost.ended_unread(30) == 129

    ended = subprocess.run(
        dicttui("stop"),
        check=False, capture_output=True, text=True, env={"DICTTUI_STATE_DIR": str(state)},
    )  # fmt: skip
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"{experiment}: ended by dicttui stop: sgd at step ")
    watching.see("ended by dicttui stop")
    watching.type("\x1b[B")
    watching.see("▶ quit")
    watching.type("\r")
    assert watching.ended() == 0
    watching.assert_restored()
    *_, last = watching.written.decode().split("\x1b")
    assert f"dicttui resume {experiment}" in last
    assert b"trains on" not in watching.written
