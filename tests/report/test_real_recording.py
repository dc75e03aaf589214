"""A training that was recorded, with an undo, a fork, a diverged run: exported and reported."""

import csv
import json
import re
import time
from array import array

import pytest

from dicttui.preset.reading import Overrides, read
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.report.export import formats
from dicttui.report.page import page, write
from dicttui.training.interventions import Fork, Keep, SetLearningRate, Undo
from dicttui.training.observation import Observer
from dicttui.training.session import Session


class Losses(Observer):
    """Every loss, by run, segment and step."""

    def __init__(self):
        self.of = {}

    def made(self, run, segment, first, losses):
        for step, loss in enumerate(losses, first):
            self.of[run, segment, step] = loss


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    preset = read("article-sparse", Overrides(steps=60, run_lr={"sgd": 0.02}))
    recorder = Recorder.begin(preset, tmp_path_factory.mktemp("experiments"))
    losses = Losses()
    session = Session(preset, paced=False, observers=[recorder, losses])
    session.advance(20)
    for intervention in (
        SetLearningRate("adam", lr=0.05),
        Undo("adam"),
        Fork("adam", name="half", lr=0.005),
        SetLearningRate("sgd", lr=900.0),
        Keep("<b>before lunch</b>"),
    ):
        session.submit(intervention)
        session.advance(10)
    session.advance(100)
    deadline = time.monotonic() + 60
    # A checkpoint is confirmed once it is whole on disk.
    while session.receipts(0)[-1].status == "requested" and time.monotonic() < deadline:
        session.advance(0)
    last = session.latest()
    session.close()
    return recorder.directory, losses.of, last


def test_the_export_has_the_losses_of_the_training_as_it_stands(trained, tmp_path):
    directory, losses, last = trained
    formats.export(Recorded.open(directory), "csv", tmp_path / "out")
    found = {}
    with (tmp_path / "out" / "metrics.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["name"] == "loss":
                found.setdefault(row["run"], {})[int(row["step"])] = float(row["value"])
    assert set(found) == {run.name for run in last.runs} == {"adam", "sgd", "half"}
    stands = {}
    for (run, segment, step), loss in sorted(losses.items(), key=lambda item: item[0][:2]):
        if segment and (run, segment, step - 1) not in losses:
            stands[run] = {s: value for s, value in stands[run].items() if s < step}
        stands.setdefault(run, {})[step] = loss
    for run, known in stands.items():
        assert repr(array("f", found[run].values())) == repr(array("f", known.values()))
        assert list(found[run]) == list(known)
    assert len(found["adam"]) == 60
    assert min(found["half"]) == 30


def test_every_format_can_be_made_of_it(trained, tmp_path):
    recorded = Recorded.open(trained[0])
    formats.export(recorded, "json", tmp_path / "out.json")
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["environment"]["packages"]["torch"]
    assert [one["kind"] for one in document["interventions"]] == [
        "learning_rate", "undo", "fork", "learning_rate", "checkpoint",
    ]  # fmt: skip
    half = next(run for run in document["runs"] if run["name"] == "half")
    assert (half["parent"], half["specification"]["lr"]) == ("adam", 0.005)
    formats.export(recorded, "tensorboard", tmp_path / "events")
    assert {path.name for path in (tmp_path / "events").iterdir()} == {"adam", "sgd", "half"}
    formats.export(recorded, "csv", tmp_path / "of-half", run="half")
    assert "before lunch" in (tmp_path / "of-half" / "interventions.csv").read_text()
    formats.export(recorded, "parquet", tmp_path / "parquet", run="half", every=10)


def test_the_report_tells_of_all_of_it(trained, tmp_path):
    directory, _, last = trained
    path = tmp_path / "report.html"
    write(directory, path)
    text = path.read_text()
    assert text == page(Recorded.open(directory))
    section = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', text, re.S))
    assert len(re.findall(r'class="ghost r1"', section["curves"])) == 2  # wide and narrow
    assert "forked from adam at step 30" in section["runs"]
    sgd = next(run for run in last.runs if run.name == "sgd")
    assert sgd.state == "diverged"
    assert sgd.state_detail.partition(";")[0] in section["runs"]
    assert "&lt;b&gt;before lunch&lt;/b&gt;" in section["interventions"]
    assert section["norms"].count('class="needle"') == 5 * 2 * 3
    assert "name = &quot;adam&quot;" in section["again"]
