"""`dicttui export`, on the command line."""

import csv
import io
import json
import os

import pytest

from dicttui.cli.export import split


@pytest.fixture
def recorded(dicttui, state, tmp_path, monkeypatch):
    """The id of a recorded experiment; the present directory is empty."""
    assert dicttui("train", "article-simple", "--steps", "5").status == 0
    monkeypatch.chdir(tmp_path_of(tmp_path))
    (directory,) = (state / "experiments").iterdir()
    return directory.name.rpartition("_")[2]


def tmp_path_of(tmp_path):
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def test_csv_into_a_directory_of_its_own(dicttui, recorded):
    ended = dicttui("export", recorded)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == f"dicttui-{recorded}-csv\n"
    assert sorted(os.listdir(f"dicttui-{recorded}-csv")) == ["interventions.csv", "metrics.csv"]
    again = dicttui("export", recorded)
    assert (again.status, again.out) == (2, "")
    assert again.err.startswith(f"dicttui-{recorded}-csv: is there already")


def test_one_run_on_stdout(dicttui, recorded):
    ended = dicttui("export", f"{recorded[:4]}/sgd", "-o", "-", "--every", "2")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert {row["run"] for row in rows} == {"sgd"}
    assert [row["step"] for row in rows if row["name"] == "loss"] == ["0", "2", "4"]
    assert (ended.status, ended.err) == (0, "")
    assert os.listdir() == []


def test_json_on_stdout(dicttui, recorded):
    ended = dicttui("export", recorded, "--format", "json", "-o", "-")
    assert json.loads(ended.out)["id"] == recorded


def test_a_path_names_an_experiment_too(dicttui, recorded, state):
    (directory,) = (state / "experiments").iterdir()
    ended = dicttui("export", str(directory), "--format", "json", "-o", "out.json")
    assert (ended.status, ended.out) == (0, "out.json\n")
    ended = dicttui("export", f"{directory}/adam", "--format", "csv", "-o", "-")
    assert ended.out.splitlines()[1].startswith("adam,loss,0,")


def test_what_is_asked_for_may_be_split(tmp_path):
    (tmp_path / "a").mkdir()
    assert split("3f9a1c") == ("3f9a1c", None)
    assert split("3f9a1c/adam") == ("3f9a1c", "adam")
    assert split(f"{tmp_path}/a") == (f"{tmp_path}/a", None)
    assert split(f"{tmp_path}/a/adam") == (f"{tmp_path}/a", "adam")
    assert split("") == ("", None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "{id}/rmsprop"), 'no run is called "rmsprop"; allowed: adam, sgd'),
        (("export", "nothing"), "no recorded experiment 'nothing'"),
        (("export", "{id}", "--format", "tensorboard", "-o", "-"), "is several files"),
        (("export", "{id}", "-o", "absent/out"), "absent/out: cannot be written"),
        (("export", "{id}", "--format", "xml"), "xml"),
        (("export", "{id}", "--every", "0"), "--every"),
        (("export",), "ID"),
    ],
)
def test_what_is_wrong_is_said(dicttui, recorded, arguments, words):
    ended = dicttui(*(argument.replace("{id}", recorded) for argument in arguments))
    assert ended.status == 2
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert os.listdir() == []


def test_a_reader_that_leaves_is_no_error(recorded, state):
    import subprocess
    import sys

    program = f"{sys.executable} -m dicttui export {recorded} -o - | head -n 1"
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program}"], check=False, capture_output=True, text=True
    )
    assert ended.stdout == "run,name,step,value\n"
    assert ended.stderr == ""


def test_a_full_disk_is_said(dicttui, recorded, monkeypatch, capsys):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    import subprocess
    import sys

    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "dicttui", "export", recorded, "-o", "-"],
            check=False, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr == "dicttui: stdout cannot be written: No space left on device\n"


@pytest.fixture
def relu(dicttui, state, tmp_path, monkeypatch):
    """The id of a recorded experiment with one run, of a sparse autoencoder; the present directory
    has its preset alone.
    """
    monkeypatch.chdir(tmp_path_of(tmp_path))
    with open("relu.toml", "w") as file:
        file.write(
            '[data]\n[network]\nkind = "relu"\n[training]\nsteps = 5\n'
            '[[runs]]\nname = "adam"\noptimizer = "Adam"\nlr = 0.01\n'
        )
    assert dicttui("train", "./relu.toml").status == 0
    (directory,) = (state / "experiments").iterdir()
    return directory.name.rpartition("_")[2]


def test_weights_for_other_programs(dicttui, relu):
    for form, name in {
        "sae-lens": "-sae-lens",
        "dictionary-learning": "-dictionary-learning",
        "safetensors": ".safetensors",
        "npz": ".npz",
    }.items():
        ended = dicttui("export", relu, "--format", form)
        assert (ended.status, ended.out) == (0, f"dicttui-{relu}-adam{name}\n")
        assert ended.err == "weights of adam after 5 steps, from checkpoint-1.json\n"
    files = {"cfg.json", "sae_weights.safetensors"}
    assert set(os.listdir(f"dicttui-{relu}-adam-sae-lens")) == files
    ended = dicttui("export", relu, "--format", "sae-lens")
    assert (ended.status, ended.out) == (2, "")
    assert "is there already" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{id}", "--format", "npz"), "npz: is of one run; allowed: {id}/adam, {id}/sgd"),
        (("{id}/adam", "--format", "sae-lens"), 'kind = "simple" has no counterpart'),
        (("{id}/adam", "--format", "npz", "-o", "-"), "npz: is no text; allowed: csv, json"),
    ],
)
def test_weights_that_cannot_be_written(dicttui, recorded, arguments, words):
    ended = dicttui("export", *(argument.replace("{id}", recorded) for argument in arguments))
    assert ended.status == 2
    assert words.replace("{id}", recorded) in ended.err
    assert os.listdir() == []
