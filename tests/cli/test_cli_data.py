"""`dicttui data inspect`."""

import json

import numpy as np
import pytest


@pytest.fixture
def samples(tmp_path):
    path = tmp_path / "samples.npy"
    x = np.random.default_rng(0).normal(loc=(8, 0, 0, 0), size=(50, 4))
    x[[3, 7], 1] = np.nan
    np.save(path, x.astype("float32"))
    return path


def test_it_says_what_is_in_a_file(dicttui, samples):
    ended = dicttui("data", "inspect", str(samples))
    assert ended.status == 0
    for expected in (
        "50 × 4  float32", "samples 50, features 4", "mean norm", "γ = ", "center the data",
        "non-finite rows: 2 (3, 7)", "constant features: none",
    ):  # fmt: skip
        assert expected in ended.out


def test_as_json_and_nothing_else(dicttui, samples):
    ended = dicttui("data", "inspect", str(samples), "--json")
    found = json.loads(ended.out)
    assert ended.err == ""
    assert found["statistics"]["n"] == 50
    assert found["statistics"]["non_finite_rows"] == 2
    assert found["statistics"]["first_non_finite"] == [3, 7]
    assert found["statistics"]["gamma"] > 1


def test_one_array_of_several(dicttui, tmp_path):
    path = tmp_path / "several.npz"
    np.savez(path, train=np.ones((5, 3), "float32"), test=np.zeros((2, 3), "float32"))
    ended = dicttui("data", "inspect", str(path))
    assert ended.status == 0
    assert "say which" in ended.out
    assert "samples 2," in dicttui("data", "inspect", str(path), "--array", "test").out
    ended = dicttui("data", "inspect", str(path), "--array", "nothing")
    assert (ended.status, ended.out) == (2, "")
    assert "nothing" in ended.err


def test_a_file_that_is_not_there(dicttui, tmp_path):
    path = tmp_path / "none.npy"
    ended = dicttui("data", "inspect", str(path))
    assert ended.status == 2
    assert str(path) in ended.err
    assert "Traceback" not in ended.err
