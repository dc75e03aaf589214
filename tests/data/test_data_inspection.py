"""`inspect`: what is in a file of samples."""

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from dicttui.data import moments
from dicttui.data.error import DataError
from dicttui.data.inspection import inspect


@pytest.fixture
def x():
    return np.random.default_rng(1).normal(size=(300, 6)) * [1, 2, 3, 4, 5, 6] + [3, 0, 0, 1, 0, -2]


def save(tmp_path, x):
    np.save(tmp_path / "x.npy", x)
    return tmp_path / "x.npy"


@pytest.mark.parametrize("chunk", [moments.CHUNK_ELEMENTS, 40, 1])
def test_statistics_are_what_the_formulas_say(tmp_path, x, monkeypatch, chunk):
    monkeypatch.setattr(moments, "CHUNK_ELEMENTS", chunk)
    x = x.astype(np.float32)
    found = inspect(save(tmp_path, x)).statistics
    exact = x.astype(np.float64)
    assert (found.n, found.d_in) == (300, 6)
    assert found.mean_norm == pytest.approx(np.sqrt((exact**2).sum(axis=1)).mean())
    assert found.rms == pytest.approx(np.sqrt((exact**2).mean()))
    assert found.std == pytest.approx(exact.std())
    assert (found.minimum, found.maximum) == (x.min(), x.max())
    gamma = np.linalg.norm(exact.mean(axis=0)) / np.linalg.norm(exact.std(axis=0))
    assert found.gamma == pytest.approx(gamma)
    assert (found.non_finite_rows, found.first_non_finite) == (0, ())
    assert (found.constant_features, found.first_constant) == (0, ())


def test_gamma_of_a_shifted_cloud_is_the_shift(tmp_path):
    half = np.random.default_rng(0).normal(size=(500, 4))
    cloud = np.concatenate([half, -half]) / np.concatenate([half, -half]).std(axis=0)
    assert inspect(save(tmp_path, cloud + 10)).statistics.gamma == pytest.approx(10, rel=1e-5)
    assert inspect(save(tmp_path, cloud)).statistics.gamma == pytest.approx(0, abs=1e-6)


def test_rows_that_are_not_finite_are_counted_and_left_out(tmp_path, x):
    clean = inspect(save(tmp_path, x)).statistics
    dirty = np.insert(x, [0, 150, 300], np.nan, axis=0)
    found = inspect(save(tmp_path, dirty)).statistics
    assert found.n == 303
    assert found.non_finite_rows == 3
    assert found.first_non_finite == (0, 151, 302)
    assert found.gamma == pytest.approx(clean.gamma)
    assert found.mean_norm == pytest.approx(clean.mean_norm)


def test_constant_features_are_named(tmp_path, x):
    x[:, [1, 4]] = 0.1
    found = inspect(save(tmp_path, x)).statistics
    assert (found.constant_features, found.first_constant) == (2, (1, 4))


def test_equal_samples_have_no_gamma(tmp_path):
    found = inspect(save(tmp_path, np.full((10, 3), 2.0))).statistics
    assert found.gamma is None
    assert found.std == 0
    assert found.constant_features == 3


def test_nothing_but_bad_rows_leaves_no_numbers(tmp_path):
    found = inspect(save(tmp_path, np.full((10, 3), np.inf))).statistics
    assert found.non_finite_rows == 10
    assert found.mean_norm is found.rms is found.std is found.minimum is found.gamma is None
    assert found.constant_features == 0


def test_everything_found_is_json(tmp_path, x):
    for content in (x, np.full((10, 3), np.nan), x[0], np.array([["a"]])):
        found = inspect(save(tmp_path, content))
        text = json.dumps(dataclasses.asdict(found), allow_nan=False)
        assert json.loads(text)["arrays"][0]["shape"] == list(content.shape)


def test_all_arrays_are_listed_and_the_only_usable_one_is_described(tmp_path, x):
    path = tmp_path / "x.npz"
    np.savez(path, labels=np.arange(300), samples=x)
    found = inspect(path)
    assert [(a.name, a.shape, a.dtype) for a in found.arrays] == [
        ("labels", (300,), "int64"),
        ("samples", (300, 6), "float64"),
    ]
    assert found.statistics.array == "samples"
    assert found.problem == ""
    assert "two dimensions" in found.arrays[0].problem
    assert found.size == path.stat().st_size


def test_several_usable_arrays_wait_for_a_choice(tmp_path, x):
    path = tmp_path / "x.pt"
    torch.save({"a": torch.from_numpy(x), "b": torch.from_numpy(x * 2)}, path)
    found = inspect(path)
    assert found.statistics is None
    assert "'a', 'b'" in found.problem
    chosen = inspect(path, "b").statistics
    assert chosen.rms == pytest.approx(2 * inspect(path, "a").statistics.rms)


def test_a_single_array_of_the_wrong_shape_is_listed_with_the_reason(tmp_path, x):
    found = inspect(save(tmp_path, x[:, 0]))
    assert found.statistics is None
    assert "two dimensions" in found.problem


def test_a_chosen_array_that_is_missing_or_unusable_is_an_error(tmp_path, x):
    path = tmp_path / "x.npz"
    np.savez(path, labels=np.arange(300), samples=x)
    with pytest.raises(DataError, match=r"'nothing'.*'samples'"):
        inspect(path, "nothing")
    with pytest.raises(DataError, match="two dimensions"):
        inspect(path, "labels")
    with pytest.raises(DataError, match="no such file"):
        inspect(tmp_path / "y.npz")


MEASURE = """
import resource, sys
from pathlib import Path
from dicttui.data.inspection import inspect

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

small, large = map(Path, sys.argv[1:])
inspect(small)
before = peak()
inspect(large)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in Linux's units")
def test_a_mapped_file_is_not_read_into_memory_whole(tmp_path):
    small, large = tmp_path / "small.npy", tmp_path / "large.npy"
    np.save(small, np.ones((10_000, 96), dtype=np.float32))
    np.lib.format.open_memmap(large, mode="w+", dtype=np.float32, shape=(2**18, 96)).flush()
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(large)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert large.stat().st_size > 96 * 2**20
    assert int(answer.stdout) < 40 * 1024
