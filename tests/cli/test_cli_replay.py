"""`dicttui replay`: identical, or the first step that differs."""

import json
import sqlite3
import struct
from pathlib import Path

import pytest


@pytest.fixture
def trained(dicttui, listed, small):
    assert dicttui("train", small()).status == 0
    (experiment,) = listed()
    return experiment


def change_a_loss(experiment):
    """Of adam at step 3, by one bit."""
    connection = sqlite3.connect(Path(experiment["directory"]) / "experiment.sqlite")
    ((number, first, data),) = connection.execute(
        "SELECT rowid, first_step, bytes FROM losses WHERE run = 'adam' ORDER BY first_step LIMIT 1"
    ).fetchall()
    place = 4 * (3 - first)
    (bits,) = struct.unpack_from("<I", data, place)
    changed = data[:place] + struct.pack("<I", bits ^ 1) + data[place + 4 :]
    with connection:
        connection.execute("UPDATE losses SET bytes = ? WHERE rowid = ?", (changed, number))
    connection.close()


def test_identical(dicttui, trained):
    assert dicttui("replay", trained["id"]) == (0, "identical to the bit: 60 losses\n", "")
    ended = dicttui("replay", trained["id"], "--json")
    assert json.loads(ended.out) == {
        "identical": True, "losses": 60, "not_applied": [], "differences": [],
    }  # fmt: skip


def test_on_a_terminal_it_says_how_far_it_is(dicttui, trained, monkeypatch):
    import sys

    from dicttui.cli import replay

    monkeypatch.setattr(replay, "LOOK", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    ended = dicttui("replay", trained["id"])
    assert ended.out == "identical to the bit: 60 losses\n"
    assert "comparing losses" in ended.err
    assert "/60" in ended.err
    assert ended.err.rstrip("\n").endswith("\x1b[2K"), "and it is gone in the end"


def test_a_difference(dicttui, trained):
    change_a_loss(trained)
    ended = dicttui("replay", trained["id"])
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.startswith("adam: differs from step 3 on: recorded ")
    assert ", apart by " in ended.out
    ended = dicttui("replay", trained["id"], "--json")
    assert ended.status == 1
    (difference,) = json.loads(ended.out)["differences"]
    assert (difference["run"], difference["segment"], difference["step"]) == ("adam", 0, 3)
    assert difference["recorded"] != difference["replayed"]


def test_what_cannot_be_replayed(dicttui, trained):
    ended = dicttui("replay", "nosuch")
    assert (ended.status, ended.out) == (2, "")
    preset = Path(trained["directory"]) / "preset.json"
    table = json.loads(preset.read_text())
    table["data"] = {"kind": "file", "path": "/nonexistent/samples.npy"}
    preset.write_text(json.dumps(table))
    ended = dicttui("replay", trained["id"])
    assert (ended.status, ended.out) == (2, "")
    assert "samples.npy" in ended.err
    preset.write_text("{")
    ended = dicttui("replay", trained["id"])
    assert ended.status == 2
    assert "preset.json" in ended.err
    assert "Traceback" not in ended.err


def test_nothing_is_changed_by_a_replay(dicttui, trained, listed):
    database = Path(trained["directory"]) / "experiment.sqlite"
    before = database.read_bytes()
    dicttui("replay", trained["id"])
    assert database.read_bytes() == before
    assert len(listed()) == 1
