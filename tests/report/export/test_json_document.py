"""JSON: one document that any parser reads, with everything in it."""

import json
from array import array

import pytest
from handmade_experiment import diverged, handmade, hostile

from dicttui.preset.resolved import loaded
from dicttui.report.export import formats


def document(experiment, tmp_path, **options):
    formats.export(experiment, "json", tmp_path / "out.json", **options)

    def no_such_constant(word):
        pytest.fail(f"{word} is no JSON")

    return json.loads((tmp_path / "out.json").read_text(), parse_constant=no_such_constant)


def test_it_has_the_preset_the_environment_and_every_number(tmp_path):
    experiment = handmade()
    found = document(experiment, tmp_path)
    assert loaded(found["preset"]) == experiment.preset()
    assert found["environment"]["torch"] == "2.13.0"
    assert found["id"] == "3f9a1c"
    assert [run["name"] for run in found["runs"]] == ["adam", "sgd", "adam-sgd"]
    adam, _, fork = found["runs"]
    curve = experiment.losses("adam")
    assert adam["series"]["loss"]["steps"] == curve.steps
    assert array("f", adam["series"]["loss"]["values"]) == curve.losses
    assert (fork["parent"], fork["forked_at"]) == ("adam", 700)
    fvu = adam["series"]["fvu"]["values"]
    assert adam["series"]["explained_variance"]["values"] == [1 - value for value in fvu]


def test_numbers_that_are_not_finite_are_null_with_a_reason(tmp_path):
    series = document(diverged(), tmp_path)["runs"][1]["series"]
    assert series["loss"]["values"][298:] == [pytest.approx(7.6e25, rel=0.1), None, None]
    assert series["loss"]["reasons"] == {"299": "inf", "300": "nan"}
    dead = series["dead_fraction"]
    assert dead["values"][0] is None
    assert "reasons" not in dead


def test_interventions_have_their_receipts(tmp_path):
    found = document(handmade(), tmp_path)["interventions"]
    assert found[0]["intervention"] == {"run": "adam", "lr": None, "factor": 2.0, "group": "both"}
    assert found[0]["receipt"]["changes"][0]["after"] == "lr 0.02"
    assert found[3]["receipt"]["reason"] == "nothing is recorded"


def test_long_columns_are_written_in_parts(tmp_path, monkeypatch):
    whole = document(handmade(), tmp_path)
    monkeypatch.setattr("dicttui.report.table.LONGEST_PIECE", 7)
    (tmp_path / "out.json").unlink()
    assert document(handmade(), tmp_path) == whole


def test_hostile_words_stay_words(tmp_path):
    found = document(hostile(), tmp_path)
    assert found["title"].startswith("</title><script>")
    assert found["title"].endswith("\x1b[2J\u202e")


def test_an_experiment_before_its_first_step(tmp_path):
    experiment = handmade()
    experiment.runs_, experiment.segments_, experiment.metrics_ = experiment.runs_[:1], {}, {}
    experiment.segments_["adam"] = {}
    experiment.interventions_, experiment.frames_ = [], []
    assert document(experiment, tmp_path)["runs"][0]["series"] == {}
