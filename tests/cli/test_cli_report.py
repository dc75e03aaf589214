"""`dicttui report`, on the command line."""

import os

import pytest


@pytest.fixture
def recorded(dicttui, state, tmp_path, monkeypatch):
    """The id of a recorded experiment; the present directory is empty."""
    assert dicttui("train", "article-simple", "--steps", "5").status == 0
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (directory,) = (state / "experiments").iterdir()
    return directory.name.rpartition("_")[2]


def test_a_page_of_its_own(dicttui, recorded):
    ended = dicttui("report", recorded[:3])
    assert (ended.status, ended.out, ended.err) == (0, f"dicttui-{recorded}.html\n", "")
    text = open(f"dicttui-{recorded}.html", encoding="utf-8").read()  # noqa: SIM115
    assert f"dicttui replay {recorded}" in text
    assert text.count('class="curve') >= 4


def test_a_file_is_replaced_only_if_that_is_asked_for(dicttui, recorded, tmp_path):
    path = tmp_path / "here" / "mine.html"
    path.write_text("mine")
    ended = dicttui("report", recorded, "-o", "mine.html")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        "mine.html: is there already; allowed: a new file, or --force to replace it\n"
    )
    assert path.read_text() == "mine"
    assert dicttui("report", recorded, "-o", "mine.html", "--force").status == 0
    assert path.read_text().startswith("<!DOCTYPE html>")
    assert os.listdir() == ["mine.html"]


def test_what_is_wrong_is_said(dicttui, recorded):
    ended = dicttui("report", recorded, "-o", "absent/mine.html")
    assert ended.status == 2
    assert ended.err == "absent/mine.html: cannot be written: No such file or directory\n"
    assert "no recorded experiment" in dicttui("report", "nothing").err


def test_a_damaged_recording_is_said(dicttui, recorded, state):
    (directory,) = (state / "experiments").iterdir()
    with (directory / "experiment.sqlite").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    ended = dicttui("report", recorded)
    assert ended.status == 2
    assert "experiment.sqlite" in ended.err
    assert "Traceback" not in ended.err
    assert os.listdir() == []
