"""`--log`: what is trained is logged live, in the terminal and in the background."""

import json
import textwrap
import time

import pytest

RECORDS = """
    import json, os, types

    def tell(*what):
        with open(os.environ["TOLD"], "a") as file:
            file.write(json.dumps(what) + "\\n")

    class Run(types.SimpleNamespace):
        summary = {}
        def log(self, values):
            tell(self.name, values)
        def define_metric(self, *names, **options):
            pass
        def finish(self):
            tell(self.name, "finish")

    def init(**options):
        tell("begins in", options["dir"])
        return Run(name=options["name"])

    Settings = dict
    api = types.SimpleNamespace(api_key=None)
"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What a made-up wandb has been told, as it is now."""
    directory = tmp_path / "packages"
    directory.mkdir()
    (directory / "wandb.py").write_text(textwrap.dedent(RECORDS))
    monkeypatch.setenv("PYTHONPATH", str(directory))
    monkeypatch.syspath_prepend(str(directory))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.chdir(tmp_path)

    def now():
        path = tmp_path / "told"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    return now


def losses(told, run):
    return {values["step"]: values["loss"] for name, values in told
            if name == run and "loss" in values}  # fmt: skip


def test_train_logs_what_json_lines_say(dicttui, told):
    ended = dicttui("train", "article-simple", "--steps", "20", "--log", "wandb", "--json")
    assert (ended.status, ended.err) == (0, "")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    for run in ("adam", "sgd"):
        said = {line["step"]: line["loss"] for line in lines
                if line["event"] == "step" and line["run"] == run}  # fmt: skip
        assert losses(told(), run) == said
    assert told()[-1][1] == "finish"


def test_without_a_recording_it_goes_where_the_program_says(dicttui, told, state, tmp_path):
    ended = dicttui("train", "article-simple", "--steps", "5", "--log", "wandb", "--no-record")
    assert ended.status == 0
    (place,) = (state / "logged").iterdir()
    assert ended.err == f"nothing is recorded; what is logged goes into {place}\n"
    assert len(losses(told(), "sgd")) == 5
    assert told()[0] == ["begins in", str(place)]
    assert not list(tmp_path.glob("dicttui-*"))


def test_what_was_not_logged_is_said(dicttui, told, tmp_path):
    (tmp_path / "packages" / "wandb.py").write_text("raise OSError('no \\x1b[2J connection')")
    ended = dicttui("train", "article-simple", "--steps", "5", "--log", "wandb")
    assert ended.status == 0
    assert ended.err == "not all was logged: wandb: OSError: no \\x1b[2J connection\n"


@pytest.mark.parametrize("command", ["train", "start", "open"])
def test_an_unknown_logger_is_said_before_anything_begins(dicttui, state, command):
    ended = dicttui(command, "article-simple", "--log", "mlflow")
    assert ended.status == 2
    assert ended.err == (
        'command line: --log: "mlflow" is no logger; allowed: tensorboard, trackio, wandb\n'
    )
    assert not (state / "experiments").exists()


def test_in_the_background(dicttui, told):
    ended = dicttui("start", "article-simple", "--steps", "50", "--log", "wandb")
    assert ended.status == 0
    deadline = time.monotonic() + 60
    while len(losses(told(), "sgd")) < 50 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert dicttui("stop", ended.out.split()[0]).status == 0
    assert list(losses(told(), "adam")) == list(range(50))
    assert told()[-1][1] == "finish"
