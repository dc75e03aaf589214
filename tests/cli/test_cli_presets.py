"""`dicttui presets`."""

import json
import os
import subprocess
import sys

from dicttui.preset.reading import find, names, read


def test_the_list_has_every_preset_with_its_title(dicttui):
    ended = dicttui("presets")
    assert ended.status == 0
    lines = ended.out.splitlines()
    assert [line.split()[0] for line in lines] == list(names())
    assert all(read(line.split()[0]).title in line for line in lines)


def test_the_list_as_json(dicttui):
    entries = json.loads(dicttui("presets", "--json").out)
    assert [entry["name"] for entry in entries] == list(names())
    assert entries[0]["title"] == read(names()[0]).title


def test_show_prints_the_file(dicttui):
    assert dicttui("presets", "show", "digits").out == find("digits").read_text("utf-8")
    assert dicttui("presets", "show", "digist").status == 2


def test_new_copies_a_preset_that_can_be_read(dicttui, tmp_path):
    path = tmp_path / "mine.toml"
    ended = dicttui("presets", "new", str(path), "--from", "collapse")
    assert ended.status == 0
    assert str(path) in ended.out
    assert [run.name for run in read(str(path)).runs] == [run.name for run in read("collapse").runs]


def test_new_overwrites_nothing(dicttui, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    ended = dicttui("presets", "new", str(path))
    assert ended.status == 2
    assert ended.err.startswith(f"{path}: is there already, and is not overwritten")
    assert path.read_text() == "mine"


def test_new_refuses_a_path_that_could_not_be_opened_later(dicttui, tmp_path):
    ended = dicttui("presets", "new", str(tmp_path / "mine"))
    assert (ended.status, list(tmp_path.glob("mine*"))) == (2, [])
    assert "ends in .toml" in ended.err
    ended = dicttui("presets", "new", str(tmp_path / "nowhere" / "mine.toml"))
    assert ended.status == 2
    assert "No such file or directory" in ended.err


def test_a_reader_that_leaves_is_no_error(state):
    """A pipe whose reader has gone: no traceback, no message."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "dicttui", "presets"],
            check=False,
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (ended.returncode, ended.stderr) == (141, "")
