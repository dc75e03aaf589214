"""`dicttui resume`, and what `train` says of a recording when it is interrupted."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = 300
"""That are trained in all."""
STOPPED_AT = 100
PROGRAM = """
import os, sys, threading
from dicttui.cli.application import run
from dicttui.record.recorder import Recorder
from dicttui.training.session import Session

number, step = int(sys.argv[1]), int(sys.argv[2])
made, submit, close = Recorder.made, Session.submit, Session.close
heard = threading.Event()

def hears(method):
    def heard_first(*arguments, **options):
        heard.set()
        return method(*arguments, **options)
    return heard_first

def made_and_interrupted(self, name, segment, first, losses):
    made(self, name, segment, first, losses)
    if name == "sgd" and first + len(losses) >= step and not heard.is_set():
        assert self._writer.flush(20)
        os.kill(os.getpid(), number)
        assert heard.wait(20)

Recorder.made = made_and_interrupted
Session.submit, Session.close = hears(submit), hears(close)
sys.exit(run(sys.argv[3:]))
"""


def interrupted(preset, number):
    """A training in a process of its own that gets a signal after some steps; its exit status and
    what it said.
    """
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(int(number)), str(STOPPED_AT), "train", preset],
        check=False, capture_output=True, text=True, env=os.environ.copy(), timeout=60,
    )  # fmt: skip
    return ended.returncode, ended.stderr


@pytest.fixture
def preset(small):
    return small(STEPS)


@pytest.fixture
def stopped(preset, state, listed):
    """An experiment that was left after some steps."""
    from dicttui.preset.reading import read
    from dicttui.record.recorder import Recorder
    from dicttui.training.session import Session

    experiment = read(preset)
    recorder = Recorder.begin(experiment, state / "experiments")
    session = Session(experiment, paced=False, observers=[recorder])
    session.advance(STOPPED_AT)
    assert session.close()
    assert recorder.linger(20)
    (found,) = listed()
    assert found["runs"][0]["steps"] == STOPPED_AT
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_a_signal_saves_and_says_how_to_go_on(dicttui, preset, number, listed):
    status, err = interrupted(preset, number)
    assert status == 128 + number
    (experiment,) = listed()
    name = experiment["id"]
    assert err == f"recorded as {name}; dicttui resume {name} goes on\n"
    assert experiment["state"] == "stopped"
    adam, sgd = (run["steps"] for run in experiment["runs"])
    assert STOPPED_AT <= sgd < STEPS
    shown = dicttui("runs", "show", name).out
    assert f"stopped by {number.name}" in shown
    assert f"(adam {adam:,}, sgd {sgd:,})" in shown


def test_killed_it_is_resumed_to_the_end_and_is_as_one_never_killed(
    dicttui, tmp_path, listed, preset
):
    assert dicttui("train", preset, "--record", str(tmp_path / "whole")).status == 0
    assert interrupted(preset, signal.SIGKILL)[0] == -signal.SIGKILL
    (experiment,) = listed()
    assert experiment["state"] == "crashed"
    assert dicttui("resume", "--headless").status == 0
    (experiment,) = listed()
    assert (experiment["state"], experiment["runs"][0]["steps"]) == ("finished", STEPS)
    from dicttui.record.finding import find
    from dicttui.record.reading import Recorded

    (whole,) = (tmp_path / "whole").iterdir()
    never, killed = Recorded.open(whole), find(experiment["directory"], tmp_path)
    for run in ("adam", "sgd"):
        assert killed.losses(run).steps == list(range(STEPS))
        assert killed.losses(run) == never.losses(run)


def test_with_json_it_writes_the_steps_from_there_on(dicttui, stopped):
    resumed = dicttui("resume", stopped["id"], "--headless", "--json", "--every", "10")
    assert resumed.status == 0
    events = [json.loads(line) for line in resumed.out.splitlines()]
    steps = [e["step"] for e in events if e["event"] == "step" and e["run"] == "sgd"]
    assert steps[0] == STOPPED_AT
    assert steps[-1] == STEPS - 1
    assert [e["state"] for e in events if e["event"] == "end"] == ["finished", "finished"]


def test_what_ctrl_c_stopped_goes_on(dicttui, preset, listed):
    status, err = interrupted(preset, signal.SIGINT)
    assert status == 130
    (experiment,) = listed()
    assert err.splitlines()[-1].endswith(f"dicttui resume {experiment['id']} goes on")
    resumed = dicttui("resume", "--headless")
    assert resumed.status == 0
    assert "the stop is taken back" in resumed.err
    (experiment,) = listed()
    assert (experiment["state"], experiment["runs"][0]["steps"]) == ("finished", STEPS)


def test_one_that_is_being_trained_is_not_resumed(dicttui, stopped):
    from dicttui.record.lock import Lock

    lock = Lock.take(Path(stopped["directory"]))
    try:
        refused = dicttui("resume", stopped["id"], "--headless")
        assert refused.status == 2
        assert f"is being trained by another process ({os.getpid()})" in refused.err
        assert "no unfinished experiment" in dicttui("resume").err
    finally:
        lock.release()


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


def test_the_app_opens_on_it(dicttui, stopped, monkeypatch, listed):
    opened = []
    from types import ModuleType

    def run(one, **_display):
        step = one.start.checkpoint().runs[0].moment.step
        opened.append((one.preset, one.observers[0].id, step))
        return 0

    launch = ModuleType("dicttui.tui.launch")
    launch.run = run
    monkeypatch.setitem(sys.modules, "dicttui.tui.launch", launch)
    assert dicttui("resume", stopped["id"]).status == 0
    ((preset, name, step),) = opened
    assert preset.training.steps == STEPS
    assert (name, step) == (stopped["id"], STOPPED_AT)
    (again,) = listed()
    assert again["state"] == "stopped", "nothing was trained, so nothing has changed"


def test_it_goes_on_where_it_is_told_to(dicttui, stopped, listed):
    refused = dicttui("resume", "--headless", "--device", "cuda:9")
    assert refused.status == 2
    assert "device 'cuda:9' is not here" in refused.err
    assert "Traceback" not in refused.err
    assert dicttui("resume", "--headless", "--device", "cpu").status == 0
    (experiment,) = listed()
    assert [run["steps"] for run in experiment["runs"]] == [STEPS, STEPS]


def test_what_was_paused_goes_on_without_the_app(dicttui, small, state, listed):
    from dicttui.cli.places import experiments
    from dicttui.preset.reading import read
    from dicttui.record.recorder import Recorder
    from dicttui.training.interventions import Pause
    from dicttui.training.session import Session

    preset = read(small(60))
    session = Session(preset, observers=[Recorder.begin(preset, experiments())])
    session.advance(20)
    session.submit(Pause("adam"))
    session.advance(5)
    assert session.close()
    ended = dicttui("resume", "--headless")
    assert ended.status == 0
    assert "what was paused goes on" in ended.err
    (experiment,) = listed()
    assert [(run["state"], run["steps"]) for run in experiment["runs"]] == [("finished", 60)] * 2
