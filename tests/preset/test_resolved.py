"""A resolved preset is read back to the letter, and what is none is refused."""

import json
from pathlib import Path

import pytest

from dicttui.preset.problems import PresetError
from dicttui.preset.reading import Overrides, names, read
from dicttui.preset.resolved import dumped, loaded


@pytest.mark.parametrize("name", names())
def test_every_shipped_preset_comes_back(name):
    preset = read(name, Overrides(seed=7, steps=33))
    again = loaded(json.loads(json.dumps(dumped(preset))))
    assert again.model_copy(update={"directory": preset.directory}) == preset
    assert again.directory == preset.directory.absolute()
    assert [run.arguments for run in again.runs] == [run.arguments for run in preset.runs]
    assert again.charted == preset.charted


def test_a_relative_directory_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text('[network]\nkind = "simple"\n[[runs]]\noptimizer = "SGD"\n')
    assert loaded(dumped(read("./mine.toml"))).directory == tmp_path


def test_a_recording_from_before_there_was_a_choice_of_precision_is_float32():
    table = dumped(read("article-sparse"))
    for run in table["runs"]:
        del run["precision"]
    assert [run.precision for run in loaded(table).runs] == ["float32", "float32"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("training"), "it says nothing of 'training'"),
        (lambda t: t["training"].update(steps="many"), "steps: Input should be a valid integer"),
        (lambda t: t["runs"][0].update(optimizer="Adamant"), "it says nothing of 'Adamant'"),
        (lambda t: t["runs"][0].pop("lr"), "lr: Field required"),
        (lambda t: t.update(runs=[]), "runs"),
        (lambda t: t.update(network={"kind": "wormhole"}), "'wormhole'"),
        (lambda t: t.update(runs=None), "preset.json"),
    ],
)
def test_what_is_no_preset_is_refused_in_a_line(change, words):
    table = dumped(read("article-sparse"))
    change(table)
    with pytest.raises(PresetError) as refused:
        loaded(table)
    (line,) = refused.value.errors
    assert line.startswith("preset.json: this is no recorded ")
    assert words in line


@pytest.mark.parametrize("table", [None, 3, [], "text", {}])
def test_what_is_no_table_is_refused(table):
    with pytest.raises(PresetError, match=r"preset\.json: this is no recorded preset"):
        loaded(table)
