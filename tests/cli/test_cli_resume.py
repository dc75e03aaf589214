"""`dicttui resume`, and what `train` says of a recording when it is interrupted."""

import json
import os
import signal
import subprocess
import sys

import pytest


def begun(preset, *options):
    """A training in a process of its own, some steps after its start."""
    command = [sys.executable, "-m", "dicttui", "train", preset, "--json", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    for _ in range(20):
        assert process.stdout.readline(), process.stderr.read()
    return process


def ended(process, number):
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


LONG = 5_000


@pytest.fixture
def long(small):
    return small(LONG)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_a_signal_saves_and_says_how_to_go_on(dicttui, long, number, listed):
    status, err = ended(begun(long), number)
    assert status == 128 + number
    (experiment,) = listed()
    name = experiment["id"]
    assert err == f"recorded as {name}; dicttui resume {name} goes on\n"
    assert experiment["state"] == "stopped"
    steps = experiment["runs"][0]["steps"]
    assert 0 < steps < LONG
    shown = dicttui("runs", "show", name).out
    assert f"stopped by {number.name}" in shown
    assert f"(adam {steps:,}, sgd {steps:,})" in shown


def test_killed_it_is_resumed_to_the_end_and_is_as_one_never_killed(
    dicttui, tmp_path, listed, small
):
    preset = small(1500)
    assert dicttui("train", preset, "--record", str(tmp_path / "whole")).status == 0
    process = begun(preset, "--every", "50")
    process.kill()
    process.communicate(timeout=60)
    (experiment,) = listed()
    assert experiment["state"] == "crashed"
    assert dicttui("resume", "--headless").status == 0
    (experiment,) = listed()
    assert (experiment["state"], experiment["runs"][0]["steps"]) == ("finished", 1500)
    from dicttui.record.finding import find
    from dicttui.record.reading import Recorded

    (whole,) = (tmp_path / "whole").iterdir()
    never, killed = Recorded.open(whole), find(experiment["directory"], tmp_path)
    for run in ("adam", "sgd"):
        assert killed.losses(run).steps == list(range(1500))
        assert killed.losses(run) == never.losses(run)


def test_with_json_it_writes_the_steps_from_there_on(dicttui, long, listed):
    ended(begun(long, "--every", "100"), signal.SIGTERM)
    (experiment,) = listed()
    resumed = dicttui("resume", experiment["id"], "--headless", "--json", "--every", "100")
    assert resumed.status == 0
    events = [json.loads(line) for line in resumed.out.splitlines()]
    steps = [e["step"] for e in events if e["event"] == "step" and e["run"] == "sgd"]
    assert steps[0] >= experiment["runs"][1]["steps"]
    assert steps[-1] == LONG - 1
    assert [e["state"] for e in events if e["event"] == "end"] == ["finished", "finished"]


def test_what_ctrl_c_stopped_goes_on(dicttui, long, listed):
    status, err = ended(begun(long, "--every", "100"), signal.SIGINT)
    assert status == 130
    (experiment,) = listed()
    assert err.splitlines()[-1].endswith(f"dicttui resume {experiment['id']} goes on")
    resumed = dicttui("resume", "--headless")
    assert resumed.status == 0
    assert "the stop is taken back" in resumed.err
    (experiment,) = listed()
    assert (experiment["state"], experiment["runs"][0]["steps"]) == ("finished", LONG)


def test_one_that_is_being_trained_is_not_resumed(dicttui, long, listed):
    process = begun(long)
    try:
        (experiment,) = listed()
        refused = dicttui("resume", experiment["id"], "--headless")
        assert refused.status == 2
        assert f"is being trained by another process ({process.pid})" in refused.err
        assert "no unfinished experiment" in dicttui("resume").err
    finally:
        process.kill()
        process.communicate()


def test_what_cannot_be_resumed(dicttui, state, tmp_path):
    for given, expected in [
        (("nosuch",), "no recorded experiment"),
        ((), "no unfinished experiment"),
        ((str(tmp_path),), "holds no recorded experiment"),
        (("nosuch", "--json"), "allowed: with --headless"),
    ]:
        refused = dicttui("resume", *given)
        assert (refused.status, refused.out) == (2, "")
        assert expected in refused.err


def test_a_disk_without_room_is_said_and_training_goes_on(dicttui, tmp_path, small):
    (tmp_path / "file").write_text("")
    preset = small()
    trained = dicttui("train", preset, "--record", str(tmp_path / "file"))
    assert trained.status == 0
    assert "finished" in trained.out
    assert trained.err.startswith("not all was recorded: ")


def test_the_app_opens_on_it(dicttui, long, monkeypatch, listed):
    ended(begun(long), signal.SIGTERM)
    (experiment,) = listed()
    opened = []
    from types import ModuleType

    def run(preset, *, observers, start, **_display):
        opened.append((preset, observers[0].id, start.checkpoint().runs[0].moment.step))
        return 0

    launch = ModuleType("dicttui.tui.launch")
    launch.run = run
    monkeypatch.setitem(sys.modules, "dicttui.tui.launch", launch)
    assert dicttui("resume", experiment["id"]).status == 0
    ((preset, name, step),) = opened
    assert preset.training.steps == LONG
    assert (name, step) == (experiment["id"], experiment["runs"][0]["steps"])
    (again,) = listed()
    assert again["state"] == "stopped", "nothing was trained, so nothing has changed"


def test_it_goes_on_where_it_is_told_to(dicttui, long, listed):
    ended(begun(long), signal.SIGTERM)
    refused = dicttui("resume", "--headless", "--device", "cuda:9")
    assert refused.status == 2
    assert "device 'cuda:9' is not here" in refused.err
    assert "Traceback" not in refused.err
    assert dicttui("resume", "--headless", "--device", "cpu").status == 0
    (experiment,) = listed()
    assert [run["steps"] for run in experiment["runs"]] == [LONG, LONG]
