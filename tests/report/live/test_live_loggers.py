"""Live loggers take what is trained, and nothing from the training whatever becomes of them."""

import fcntl
import json
import os
import subprocess
import sys
import textwrap

import pytest

from dicttui.preset.reading import Overrides, read
from dicttui.report.error import ReportError
from dicttui.report.live import observer
from dicttui.report.loggers import NAMES, observers
from dicttui.training.interventions import SetLearningRate, Undo
from dicttui.training.session import Session

FINISHES = 60.0
"""Seconds that a logger has; it needs one."""


@pytest.fixture
def preset():
    return read("article-simple", Overrides(steps=30))


@pytest.fixture
def trained():
    """Train a session with loggers, and close it; the loggers."""
    closed = []

    def train(preset, loggers, *interventions, timeout=FINISHES):
        session = Session(preset, paced=False, observers=loggers)
        closed.extend(loggers)
        session.advance(10)
        for intervention in interventions:
            session.submit(intervention)
            session.advance(10)
        session.advance(100)
        snapshot = session.latest()
        session.close(timeout)
        return snapshot

    yield train
    for logger in closed:
        logger._process.kill()
        logger._process.wait()
        logger._thread.join()


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Put a module of this name, made up for a test, in the place of a service's package."""

    def put(name, text):
        directory = tmp_path / "packages"
        directory.mkdir(exist_ok=True)
        (directory / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.setenv("PYTHONPATH", str(directory))
        monkeypatch.syspath_prepend(str(directory))
        monkeypatch.setenv("TOLD", str(tmp_path / "told"))
        return tmp_path / "told"

    return put


RECORDS = """
    import json, os, types

    def tell(*what):
        with open(os.environ["TOLD"], "a") as file:
            file.write(json.dumps(what) + "\\n")

    class Run:
        def __init__(self, name):
            self.name, self.summary = name, Summary(name)
        def log(self, values, step=None):
            tell("log", self.name, values, step)
        def define_metric(self, *names, **options):
            pass
        def finish(self):
            tell("finish", self.name)

    class Summary(dict):
        def __init__(self, name):
            self.name = name
        def __setitem__(self, key, value):
            tell("summary", self.name, key, value)

    def Settings(**options):
        return options

    api = types.SimpleNamespace(api_key=None)

    def init(**options):
        print("this goes nowhere")
        tell("init", options)
        return Run(options["name"])
"""


def told(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_wandb_gets_every_value_and_is_offline_without_a_key(service, preset, trained, tmp_path,
                                                            capfd):  # fmt: skip
    path = service("wandb", RECORDS)
    recording = tmp_path / "2026-03-01_article-simple_3f9a1c"
    (logger,) = observers(["wandb"], preset, recording, tmp_path)
    last = trained(preset, [logger], SetLearningRate("adam", factor=2.0), Undo("adam"))
    assert logger.trouble == ""
    assert capfd.readouterr() == ("", "")
    calls = told(path)
    begun = {call[1]["name"]: call[1] for call in calls if call[0] == "init"}
    assert set(begun) == {"adam", "sgd"}
    assert begun["sgd"]["mode"] == "offline"
    assert begun["sgd"]["group"].endswith("3f9a1c")
    assert begun["sgd"]["dir"] == str(recording)
    assert begun["sgd"]["config"]["optimizer"] == "SGD"
    logged = [call[2] for call in calls if call[:2] == ["log", "sgd"]]
    assert [values["step"] for values in logged if "loss" in values][:30] == list(range(30))
    assert any("mse" in values for values in logged)
    rates = {values["lr"] for values in logged if "lr" in values}
    assert rates == {begun["sgd"]["config"]["lr"]}
    assert [values for values in logged if "loss" in values][-1]["loss"] == last.runs[1].loss
    words = [call[3] for call in calls if call[:3] == ["summary", "adam", "interventions"]][-1]
    assert words == [
        "step 10: #1 lr × 2: lr 0.01 → 0.02",
        "step 10: #2 take back: step 20 → 10",
        "step 10: back to step 10",
    ]
    assert calls[-1][0] == "finish"


def test_trackio_gets_every_value(service, preset, trained, tmp_path):
    path = service("trackio", RECORDS)
    (logger,) = observers(["trackio"], preset, None, tmp_path)
    trained(preset, [logger])
    assert logger.trouble == ""
    calls = told(path)
    losses = [call[3] for call in calls if call[:2] == ["log", "sgd"] and "loss" in call[2]]
    assert losses[:30] == list(range(30))
    assert {call[1]["project"] for call in calls if call[0] == "init"} == {"dicttui"}


def test_tensorboard_forgets_what_was_taken_back(preset, trained, tmp_path):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="tensorboard is not installed (an extra)",
    )
    (logger,) = observers(["tensorboard"], preset, tmp_path, tmp_path)
    last = trained(preset, [logger], SetLearningRate("adam", factor=2.0), Undo("adam"))
    assert logger.trouble == ""
    for run in last.runs:
        events = accumulator.EventAccumulator(
            str(tmp_path / "tensorboard" / run.name), size_guidance={accumulator.SCALARS: 0}
        ).Reload()
        losses = {event.step: event.value for event in events.Scalars("loss")}
        assert list(losses) == list(range(30))
        assert losses[29] == run.loss


def test_an_error_of_the_service_is_told_and_does_not_reach_the_training(
    service, preset, trained, caplog, tmp_path
):
    service("wandb", "raise RuntimeError('the service is\\nbroken')")
    (logger,) = observers(["wandb"], preset, None, tmp_path)
    last = trained(preset, [logger])
    assert logger.trouble == "wandb: RuntimeError: the service is broken"
    assert [run.state for run in last.runs] == ["finished", "finished"]
    assert "the service is broken" in caplog.text


def test_a_service_that_hangs_costs_values_and_no_training(
    service, preset, trained, monkeypatch, tmp_path
):
    service("wandb", RECORDS + "\n    import time\n    Run.log = lambda *_: time.sleep(1e6)\n")
    monkeypatch.setattr(observer, "MOST_WAITING", 2)
    preset = read("article-simple", Overrides(steps=500))
    (logger,) = observers(["wandb"], preset, None, tmp_path)
    fcntl.fcntl(logger._process.stdin, fcntl.F_SETPIPE_SZ, 4096)
    last = trained(preset, [logger], *[SetLearningRate(factor=1.01)] * 30, timeout=0.2)
    assert last.runs[0].step == 410
    assert "values were left out" in logger.trouble
    assert "has not finished; it goes on in the background" in logger.trouble


def test_a_service_that_hangs_is_not_left_behind(service):
    service("wandb", RECORDS + "\n    import time\n    Run.log = lambda *_: time.sleep(1e6)\n")
    hurried = "from dicttui.report.live import worker\nworker.PATIENCE = 0.0\nworker.run('wandb')\n"
    preset = {"source": "made up", "runs": [], "data": {}, "training": {}}
    beginning = {"title": "made up", "id": "", "directory": os.devnull, "preset": preset}
    losses = {"do": "losses", "run": "sgd", "steps": [0], "values": [1.0], "at": 0.0}
    said = "".join(json.dumps(message) + "\n" for message in (beginning, losses, losses))
    ended = subprocess.run(
        [sys.executable, "-c", hurried], check=False, input=said.encode(), timeout=FINISHES
    )
    assert ended.returncode == 1


def test_a_logger_that_is_killed_is_told(service, preset, trained, tmp_path):
    service("wandb", RECORDS)
    (logger,) = observers(["wandb"], preset, None, tmp_path)
    logger._process.kill()
    last = trained(preset, [logger])
    assert logger.trouble == "wandb: ended with status -9"
    assert last.runs[0].state == "finished"


@pytest.mark.parametrize("name", NAMES)
def test_an_absent_package_is_named_with_its_command(name, preset, monkeypatch, tmp_path):
    monkeypatch.setattr("dicttui.report.extras.find_spec", lambda _name: None)
    with pytest.raises(ReportError, match=f"pip install {name}"):
        observers([name], preset, None, tmp_path)


def test_a_directory_of_a_services_name_is_no_package(preset, tmp_path, monkeypatch):
    if any(os.path.exists(os.path.join(path, "wandb")) for path in sys.path):
        pytest.skip("wandb is installed")
    (tmp_path / "wandb").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ReportError, match="needs wandb, which is not installed"):
        observers(["wandb"], preset, None, tmp_path)


def test_a_name_that_is_none(preset, tmp_path):
    with pytest.raises(ReportError, match='"mlflow" is no logger; allowed: tensorboard'):
        observers(["mlflow"], preset, None, tmp_path)
