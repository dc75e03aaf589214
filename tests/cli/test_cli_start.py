"""`start`, `attach` and `stop`: what they refuse, and a training that outlives its terminal."""

import shutil
import tempfile
from pathlib import Path

import pytest

from dicttui.serve import address
from dicttui.serve.client import RemoteSession
from dicttui.serve.server import Server
from dicttui.training.snapshot import Snapshot

ENDLESS = """
[network]
kind = "simple"
[training]
steps = 1000000000
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


class Still:
    """A session in which nothing happens."""

    def submit(self, intervention):
        return 1

    def receipts(self, since):
        return []

    def latest(self):
        return Snapshot(1, "loading", "nothing happens")

    def view(self, request):
        pass


@pytest.fixture
def state(monkeypatch):
    """A state directory whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="dicttui-test-"))
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def serve(state):
    """Serve a session in which nothing happens, under an id."""
    servers = []

    def serve_one(experiment, title="nothing happens"):
        where = address.path(state, experiment)
        servers.append(Server(Still(), where, id=experiment, title=title))
        servers[-1].start()
        return servers[-1]

    yield serve_one
    for server in servers:
        server.close("the test is over")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["start"], "PRESET: is missing"),
        (["start", "no-such-preset"], "no-such-preset: no such preset"),
        (["start", "digits", "--record", "x", "--no-record"], "not allowed together"),
        (["start", "digits", "--lr", "fast"], '"fast" is not allowed'),
        (["start", "digits", "--resume", "abc"], "not allowed together with a preset"),
        (["start", "--resume", "abc"], "no recorded experiment 'abc'"),
        (["attach"], "nothing trains in the background; dicttui start PRESET"),
        (["stop"], "nothing trains in the background"),
        (["stop", "abc"], "abc: no experiment of this id trains in the background"),
        (["attach", "\x1b[2J"], "\\x1b[2j"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_be_is_said(dicttui, arguments, words):
    ended = dicttui(*arguments)
    assert ended.status == 2
    assert words.lower() in ended.err.lower()
    assert ended.out == ""
    assert "\x1b" not in ended.err


def test_which_of_several_is_meant_has_to_be_said(serve, dicttui):
    serve("abc111", "one\x1b[2J")
    serve("abd222", "another")
    ended = dicttui("stop")
    assert ended.status == 2
    assert "dicttui stop abc111  one\\x1b[2J" in ended.err
    assert "dicttui stop abd222  another" in ended.err
    ended = dicttui("attach", "ab")
    assert ended.status == 2
    assert "several ids: " in ended.err
    ended = dicttui("attach", "abx")
    assert "in the background: " in ended.err
    assert "abc111" in ended.err


def test_attach_needs_a_terminal(serve, dicttui):
    serve("abc111")
    ended = dicttui("attach", "abc")
    assert ended.status == 2
    assert "needs a terminal" in ended.err


@pytest.mark.parametrize("name", [None, "abc", "abc111", "ABC111", "/anywhere/2026-01-01_x_abc111"])
def test_one_is_named_by_its_id_or_directory_or_is_the_only_one(serve, dicttui, monkeypatch, name):
    server = serve("abc111")

    class Ends(RemoteSession):
        def end(self):
            super().end()
            assert server.end_requested.wait(10)
            server.close("ended by dicttui stop: sgd at step 5", resumable=True)

    monkeypatch.setattr("dicttui.serve.client.RemoteSession", Ends)
    ended = dicttui("stop", *([name] if name else []))
    assert ended.status == 0
    assert ended.out == (
        "abc111: ended by dicttui stop: sgd at step 5; "
        "dicttui resume abc111 goes on from its last checkpoint\n"
    )


def test_what_is_wrong_with_the_data_is_said_at_once(state, dicttui, tmp_path):
    preset = tmp_path / "missing.toml"
    preset.write_text('[data]\nkind = "file"\npath = "missing.npy"\n' + ENDLESS)
    ended = dicttui("start", str(preset))
    assert ended.status == 2
    assert "missing.npy: there is no such file" in ended.err
    assert str(state / "dicttui.log") in ended.err
    assert address.live(state) == []
    assert list((state / "experiments").iterdir()) == []
