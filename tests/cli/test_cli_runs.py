"""`dicttui runs`: what was recorded."""

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def preset(small):
    return small()


@pytest.fixture
def trained(dicttui, preset, listed):
    assert dicttui("train", preset).status == 0
    (experiment,) = listed()
    return experiment


def test_nothing_yet(dicttui, state, listed):
    assert dicttui("runs") == (0, f"nothing is recorded in {state / 'experiments'}\n", "")
    assert listed() == []


def test_a_training_records_itself_and_is_listed(dicttui, trained, state, listed):
    ended = dicttui("runs")
    head, row = ended.out.splitlines()
    assert head.split() == ["id", "preset", "began", "state", "steps", "best", "losses"]
    assert row.split()[0] == trained["id"]
    assert row.split()[1] == "small"
    assert row.split()[4:6] == ["finished", "30"]
    assert [run["name"] for run in trained["runs"]] == ["adam", "sgd"]
    assert f"adam {trained['runs'][0]['best_loss']:.6g}" in row
    assert Path(trained["directory"]).parent == state / "experiments"
    assert trained["state"] == "finished"


def test_the_newest_is_first(dicttui, preset, trained, listed):
    dicttui("train", preset, "--steps", "3")
    newest, oldest = listed()
    assert oldest["id"] == trained["id"]
    assert newest["runs"][0]["steps"] == 3


def test_nothing_is_recorded_if_that_is_wanted(dicttui, preset, state, listed):
    assert dicttui("train", preset, "--no-record").status == 0
    assert listed() == []
    assert not (state / "experiments").exists()
    ended = dicttui("train", preset, "--no-record", "--record", "x")
    assert ended.status == 2
    assert "--record" in ended.err


def test_another_place_can_be_named(dicttui, preset, state, tmp_path, listed):
    elsewhere = tmp_path / "elsewhere"
    dicttui("train", preset, "--record", str(elsewhere))
    assert listed() == []
    (experiment,) = listed("--record", str(elsewhere))
    assert Path(experiment["directory"]).parent == elsewhere
    (state / "config.toml").write_text(f'record_directory = "{elsewhere}"\n')
    assert listed() == [experiment]
    dicttui("train", preset)
    assert len(listed()) == 2


def test_one_is_shown(dicttui, trained):
    ended = dicttui("runs", "show", trained["id"][:4])
    assert ended.status == 0
    assert "\x1b" not in ended.out, "a title is no command to the terminal"
    for expected in ("finished", trained["directory"], "torch 2", "adam", "checkpoint-1.json"):
        assert expected in ended.out
    details = json.loads(dicttui("runs", "show", trained["id"], "--json").out)
    assert details["environment"]["devices"] == ["cpu"]
    assert details["events"][0]["kind"] == "started"
    assert details["interventions"] == []


def test_where_one_is(dicttui, trained):
    assert dicttui("runs", "path", trained["id"]) == (0, f"{trained['directory']}\n", "")


def test_some_are_removed(dicttui, preset, trained, listed):
    dicttui("train", preset)
    first, second = listed()
    ended = dicttui("runs", "rm", first["id"], second["directory"])
    assert ended.status == 0
    assert listed() == []
    assert not Path(first["directory"]).exists()


def test_nothing_else_is_ever_removed(dicttui, trained, tmp_path, listed):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis").write_text("42")
    for given in (str(mine), "zzz", "../mine", str(mine / "thesis")):
        ended = dicttui("runs", "rm", trained["id"], given)
        assert ended.status == 2
    assert (mine / "thesis").exists()
    assert len(listed()) == 1, "all or none"


def test_one_that_is_being_trained_is_not_removed(dicttui, trained, listed):
    from dicttui.record.lock import Lock

    lock = Lock.take(Path(trained["directory"]))
    try:
        ended = dicttui("runs", "rm", trained["id"])
        assert (ended.status, ended.out) == (2, "")
        assert "is being trained" in ended.err
        assert listed()[0]["state"] == "running"
    finally:
        lock.release()


def test_a_broken_one_is_told_of_beside_the_others(dicttui, trained):
    directory = Path(trained["directory"])
    other = directory.with_name("2020-01-01_small_abcdef")
    shutil.copytree(directory, other)
    (other / "experiment.sqlite").write_bytes(b"rubbish" * 1000)
    ended = dicttui("runs")
    assert ended.status == 0
    assert trained["id"] in ended.out
    assert "abcdef" not in ended.out
    assert "is damaged" in ended.err


def test_an_id_that_is_none(dicttui, trained):
    for command in ("show", "path", "rm"):
        ended = dicttui("runs", command, "nosuch")
        assert (ended.status, ended.out) == (2, "")
        assert "dicttui runs" in ended.err


@pytest.fixture
def damaged(trained):
    """Another experiment, whose database is rubbish."""
    directory = Path(trained["directory"])
    other = directory.with_name("2020-01-01_small_abcdef")
    shutil.copytree(directory, other)
    (other / "experiment.sqlite").write_bytes(b"rubbish" * 1000)
    return other


def test_a_damaged_one_is_found_and_removed(dicttui, damaged, trained, listed):
    assert dicttui("runs", "path", "abc") == (0, f"{damaged}\n", "")
    assert dicttui("runs", "path", str(damaged)) == (0, f"{damaged}\n", "")
    assert dicttui("runs", "rm", "abcdef", str(damaged)) == (0, "abcdef has been removed\n", "")
    assert not damaged.exists()
    assert [one["id"] for one in listed()] == [trained["id"]]


@pytest.mark.parametrize("inside", [(), ("lock",), ("moments/", "lock", ".partial-preset.json")])
def test_what_a_start_that_failed_has_left_is_told_of_and_removed(dicttui, state, inside):
    left = state / "experiments" / "2020-01-01_small_abcdef"
    left.mkdir(parents=True)
    for name in inside:
        (left / name).mkdir() if name.endswith("/") else (left / name).touch()
    told = dicttui("runs").err
    assert str(left) in told
    assert "dicttui runs rm abcdef" in told
    assert dicttui("runs", "rm", "abcdef").status == 0
    assert not left.exists()
    assert dicttui("runs").err == ""


def test_one_that_has_only_begun_is_neither_told_of_nor_removed(dicttui, state):
    from dicttui.record.lock import Lock

    begun = state / "experiments" / "2020-01-01_small_abcdef"
    begun.mkdir(parents=True)
    lock = Lock.take(begun)
    try:
        assert dicttui("runs").err == ""
        assert "is being trained" in dicttui("runs", "rm", "abcdef").err
    finally:
        lock.release()
    assert begun.exists()


def test_links_are_not_followed(dicttui, damaged, trained, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis").write_text("42")
    link = damaged.with_name("2020-01-01_small_fedcba")
    link.symlink_to(trained["directory"])
    for given in ("fedcba", str(link)):
        assert dicttui("runs", "rm", given).status == 2
    (damaged / "lock").unlink()
    (damaged / "lock").symlink_to(mine / "thesis")
    (damaged / "moments" / "elsewhere").symlink_to(mine)
    assert dicttui("runs", "rm", "abcdef").status == 0
    assert not damaged.exists()
    assert Path(trained["directory"]).exists()
    assert (mine / "thesis").read_text() == "42"


def test_a_directory_is_not_removed_for_its_name_alone(dicttui, state):
    mine = state / "experiments" / "2020-01-01_thesis_abcdef"
    mine.mkdir(parents=True)
    (mine / "chapter").touch()
    for given in ("abcdef", str(mine)):
        refused = dicttui("runs", "rm", given)
        assert refused.status == 2
        assert "holds no recorded experiment" in refused.err
    assert (mine / "chapter").exists()
