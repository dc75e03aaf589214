"""`dicttui data inspect`."""

import json
import os
import subprocess
import sys

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


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros((2, 3, 4), "float32"), np.zeros((2, 3), "complex64"), np.zeros((0, 3), "float32"),
        np.zeros((2, 0), "float32"),
    ],
    ids=["3-d", "complex", "no rows", "no columns"],
)  # fmt: skip
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_file_without_samples_is_bad_data(dicttui, tmp_path, samples, options):
    path = tmp_path / "none.npy"
    np.save(path, samples)
    ended = dicttui("data", "inspect", str(path), *options)
    assert ended.status == 2
    assert ended.err.startswith(f"{path}: ")
    if options:
        assert json.loads(ended.out)["problem"]


def test_a_path_with_escape_codes(dicttui, tmp_path):
    path = tmp_path / "\x1b[31m.npy"
    np.save(path, np.ones((2, 3), "float32"))
    ended = dicttui("data", "inspect", str(path))
    assert ended.status == 0
    assert "\x1b" not in ended.out
    assert "\\x1b[31m.npy" in ended.out
    assert json.loads(dicttui("data", "inspect", str(path), "--json").out)["path"] == str(path)


def test_a_path_that_is_no_text(state, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.npy"
    with open(path, "wb") as file:
        np.save(file, np.ones((2, 3), "float32"))
    for options in ((), ("--json",)):
        ended = subprocess.run(
            [sys.executable, "-m", "dicttui", "data", "inspect", path, *options],
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr) == (0, b"")
        assert b"udcff" in ended.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_an_encoding_that_lacks_a_character(state, samples, encoding):
    ended = subprocess.run(
        [sys.executable, "-m", "dicttui", "data", "inspect", str(samples)],
        capture_output=True, check=False, timeout=60,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "constant features: none" in ended.stdout.decode(encoding)


def test_what_torch_warns_of_goes_to_the_log(dicttui, state, tmp_path, monkeypatch, fresh_log):
    import warnings

    from dicttui.data import inspection

    look = inspection.inspect

    def warning(*arguments):
        warnings.warn("a storage of an old kind", stacklevel=1)
        return look(*arguments)

    monkeypatch.setattr(inspection, "inspect", warning)
    path = tmp_path / "some.npy"
    np.save(path, np.ones((2, 3), "float32"))
    with fresh_log():
        ended = dicttui("data", "inspect", str(path))
    assert (ended.status, ended.err) == (0, "")
    assert "a storage of an old kind" in (state / "dicttui.log").read_text()


def test_a_file_that_is_not_there(dicttui, tmp_path):
    path = tmp_path / "none.npy"
    ended = dicttui("data", "inspect", str(path))
    assert ended.status == 2
    assert str(path) in ended.err
    assert "Traceback" not in ended.err


def test_a_directory_of_shards(dicttui, samples, tmp_path):
    for name in ("shard-2.npy", "shard-10.npy"):
        np.save(tmp_path / name, np.load(samples) + 1)
    ended = dicttui("data", "inspect", str(tmp_path))
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"{tmp_path}: 3 shards, ")
    assert [line.split()[0] for line in lines[1:4]] == [
        "samples.npy", "shard-2.npy", "shard-10.npy",
    ]  # fmt: skip
    assert "samples 150, features 4" in lines
    assert "non-finite rows: 6" in lines
    assert "  shard-10.npy: 2 (3, 7)" in lines
    assert "far off-centre" in ended.out
    (tmp_path / "shard-3.npy").write_bytes(samples.read_bytes()[:-8])
    ended = dicttui("data", "inspect", str(tmp_path / "shard-*"), "--json")
    assert ended.status == 2
    assert "shard-3.npy: is truncated" in ended.err
    found = json.loads(ended.out)
    assert [shard["rows"] for shard in found["shards"]] == [50, 0, 50]
    assert found["statistics"]["n"] == 100
