"""`kind = "activations"`: which files it takes, which rows a step trains on, what may be wrong."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file

from dicttui.data.activations.finding import natural
from dicttui.data.activations.inspection import inspect_shards
from dicttui.data.activations.shards import Shards
from dicttui.data.error import DataError
from dicttui.data.scaling import Unchanged, fit
from dicttui.data.source import open_source
from dicttui.preset.data import ActivationsData

CPU = torch.device("cpu")
D = 6


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def folder(tmp_path):
    """Five shards of 40 rows; the first number of a row is its index among all."""
    rows = numbered(200)
    for shard in range(5):
        np.save(tmp_path / f"shard-{shard + 8}.npy", rows[40 * shard : 40 * (shard + 1)])
    return tmp_path


def numbered(n):
    rows = np.random.default_rng(0).normal(size=(n, D)).astype(np.float32)
    rows[:, 0] = np.arange(n)
    return rows


def drawn(path, seed=0, **keys):
    keys = {"batch_size": 16, "buffer_size": 64} | keys
    return open_source(ActivationsData(kind="activations", path=str(path), **keys), seed, Path())


def numbers(x):
    return x[..., 0].flatten().int().tolist()


def all_rows(path, array=None):
    shards = Shards.open(path, array)
    return shards.gathered(np.arange(shards.rows))


# -- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
@pytest.mark.parametrize("shape", [(24, D), (4, 6, D)])
def test_shards_of_torch_are_read_as_torch_reads_them(tmp_path, ending, dtype, shape):
    parts = [torch.randn(shape).to(dtype) for _ in range(2)]
    for place, part in enumerate(parts):
        content = {"tokens": torch.arange(24).view(shape[:-1]), "acts": part.contiguous()}
        save = save_file if ending == ".safetensors" else torch.save
        save(content, tmp_path / f"{place}{ending}")
    expected = torch.cat(parts).reshape(-1, D).float().numpy()
    np.testing.assert_array_equal(all_rows(tmp_path), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16"])
def test_shards_of_numpy(tmp_path, dtype):
    x = np.arange(4 * 5 * 3).reshape(4, 5, 3).astype(dtype)
    np.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(all_rows(tmp_path / "x.npy"), x.reshape(20, 3))


def test_a_view_in_a_pt_file_is_read_from_where_it_begins(tmp_path):
    x = torch.randn(10, D)
    torch.save([x[4:], torch.nn.Parameter(x.T)], tmp_path / "x.pt")
    np.testing.assert_array_equal(all_rows(tmp_path, "0"), x[4:].numpy())
    with pytest.raises(DataError, match="row by row"):
        all_rows(tmp_path, "1")


def test_a_pt_file_runs_no_code(tmp_path):
    torch.save({"x": torch.randn(3, D), "run": print}, tmp_path / "x.pt")
    with pytest.raises(DataError, match=r"x\.pt: holds Python objects other than tensors"):
        all_rows(tmp_path)


def saved_to_disk(folder, columns, batch=7):
    """A folder as Hugging Face's `save_to_disk` writes it."""
    folder.mkdir()
    table = pa.table(columns)
    path = str(folder / "data-00000-of-00001.arrow")
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)
    files = [{"filename": "data-00000-of-00001.arrow"}]
    (folder / "state.json").write_text(json.dumps({"_data_files": files}))
    (folder / "dataset_info.json").write_text("{}")
    return folder


def test_a_data_set_saved_by_hugging_face(tmp_path):
    x = np.random.default_rng(0).normal(size=(20, 3, D)).astype(np.float32)
    lists = pa.array(x.tolist(), pa.list_(pa.list_(pa.float32())))
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(x[:, 0].ravel()), D)
    tokens = pa.array([[1, 2, 3]] * 20, pa.list_(pa.int32()))
    folder = saved_to_disk(tmp_path / "hf", {"acts": lists, "tokens": tokens})
    np.testing.assert_array_equal(all_rows(folder), x.reshape(-1, D))
    folder = saved_to_disk(tmp_path / "two", {"acts": lists, "first": fixed})
    np.testing.assert_array_equal(all_rows(folder, "first"), x[:, 0])
    with pytest.raises(DataError, match=r"say which with `array`: 'acts' \(20 × 3 × 6 float32\)"):
        all_rows(folder)
    uneven = saved_to_disk(tmp_path / "uneven", {"acts": pa.array([[1.0, 2.0], [1.0]])})
    with pytest.raises(DataError, match="rows of different lengths"):
        all_rows(uneven)


def test_shards_are_sorted_as_a_person_sorts_them(folder):
    assert sorted(["s-10", "s-9", "s-100"], key=natural) == ["s-9", "s-10", "s-100"]
    assert all_rows(folder)[:, 0].tolist() == list(range(200))
    assert all_rows(folder / "shard-1*.npy")[:, 0].tolist() == list(range(80, 200))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: np.save(f / "shard-9.npy", np.ones((3, D + 1), "f4")), r"shard-9.*7 features"),
        (lambda f: np.save(f / "shard-9.npy", np.ones((3, D))), r"shard-9.*type float64"),
        (lambda f: (f / "shard-9.npy").write_bytes(b""), r"shard-9\.npy: is empty"),
        (lambda f: cut(f / "shard-9.npy"), r"shard-9\.npy: is truncated"),
        (lambda f: np.save(f / "shard-9.npy", np.ones(3, "f4")), r"shard-9.*has shape 3"),
        (lambda f: (f / "a.safetensors").write_bytes(b"\1\0\0\0\0\0\0\0{"), r"a\.safetensors: is"),
        (lambda f: (f / "a.pt").write_bytes(b"PK"), r"a\.pt: is truncated"),
    ],
)
def test_a_shard_that_cannot_be_used_is_named(folder, spoil, message):
    spoil(folder)
    with pytest.raises(DataError, match=message):
        drawn(folder)


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def test_what_a_preset_may_ask_for_and_the_data_do_not_give(folder, tmp_path):
    for path, keys, message in (
        (tmp_path / "none", {}, "no such file or directory"),
        (folder / "*.safetensors", {}, "no file matches"),
        (folder, {"batch_size": 201}, r"batch_size: 201 is more.*1 to n \(200\)"),
        (folder, {"held_out": 200}, "leaves none to train on"),
    ):
        with pytest.raises(DataError, match=message):
            drawn(path, **keys)
    with pytest.raises(ValueError, match="no full batch; allowed: at least 1"):
        ActivationsData(kind="activations", path="x", batch_size=0)
    assert ActivationsData(kind="activations", path="x", column="acts").array == "acts"


# -- the batch of a step -----------------------------------------------------------------------


@pytest.mark.parametrize("shuffle", ["buffer", "permutation"])
def test_an_epoch_has_every_row_once_and_none_that_is_held_out(folder, shuffle):
    source = drawn(folder, held_out=0.1, shuffle=shuffle)
    samples = source.draw()
    epochs = [numbers(samples.batches(11 * epoch, 11, CPU)) for epoch in range(2)]
    held_out = numbers(samples.held_out)
    for epoch in epochs:
        assert len(set(epoch)) == 11 * 16 == samples.epoch_rows
        assert set(epoch).isdisjoint(held_out)
    assert epochs[0] != epochs[1]
    assert len(set(held_out)) == 20
    assert set(numbers(samples.train)).isdisjoint(held_out)
    assert (
        source.description == f"activations {folder.name}, 5 shards 180 × 6, batch 16, 20 held out"
    )


@pytest.mark.parametrize("shuffle", ["buffer", "permutation"])
def test_a_batch_follows_from_seed_and_step_alone(folder, shuffle):
    def batch(step, seed=0, before=()):
        samples = drawn(folder, seed, shuffle=shuffle).draw()
        for earlier in before:
            samples.batch(earlier, CPU)
        return numbers(samples.batch(step, CPU))

    assert batch(7) == batch(7, before=(30, 0, 6, 11))
    assert batch(7) != batch(7, seed=1)
    together = drawn(folder, shuffle=shuffle).draw().batches(5, 9, CPU)
    assert numbers(together[2]) == batch(7)


def test_runs_at_many_different_steps_get_their_batches(folder):
    samples = drawn(folder, buffer_size=16).draw()
    alone = [numbers(drawn(folder, buffer_size=16).draw().batch(k, CPU)) for k in range(0, 60, 6)]
    for _ in range(2):
        assert [numbers(samples.batch(k, CPU)) for k in range(0, 60, 6)] == alone


def test_measured_rows_come_from_all_shards(folder):
    measured = numbers(drawn(folder, n=20).draw().train)
    assert len(measured) == 20
    assert {number // 40 for number in measured} == set(range(5))


def test_in_memory_samples_know_their_epoch_too():
    from dicttui.data.samples import Samples

    assert (
        Samples(torch.ones(10, 2), None, None, batch_size=4, seed=0, scaling=Unchanged()).epoch_rows
        == 8
    )
    fresh = Samples(
        torch.ones(10, 2),
        None,
        None,
        batch_size=4,
        seed=0,
        scaling=Unchanged(),
        fresh=lambda _k: None,
    )
    assert fresh.epoch_rows is None


# -- scaling -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["expected_average_only_in", "standardize", "center"])
def test_what_is_fitted_is_kept_and_used_again(folder, state, name):
    first = drawn(folder, scaling=name).draw()
    raw = drawn(folder).draw()
    expected = fit(name, raw.train)
    assert torch.equal(first.train, expected.apply(raw.train))
    assert torch.equal(first.batch(3, CPU), expected.apply(raw.batch(3, CPU)))
    (kept,) = (state / "scaling").iterdir()
    facts = json.loads(kept.read_text())
    for key in facts.keys() & {"factor", "mean", "deviation"}:
        facts[key] = 2.0 if key == "factor" else [2.0] * D
    kept.write_text(json.dumps(facts))
    again = drawn(folder, scaling=name).draw()
    assert not torch.equal(again.train, first.train)
    kept.write_text("{")
    assert torch.equal(drawn(folder, scaling=name).draw().train, first.train)
    drawn(folder, scaling=name, seed=1).draw()
    assert len(list((state / "scaling").iterdir())) == 2


# -- rows that are not finite ------------------------------------------------------------------


@pytest.fixture
def dirty(folder):
    for name, row in (("shard-9.npy", 7), ("shard-11.npy", 0)):
        x = np.load(folder / name)
        x[row, 3] = np.nan if row else np.inf
        np.save(folder / name, x)
    return folder


def test_a_row_that_is_not_finite_is_named(dirty):
    with pytest.raises(DataError, match=r"shard-9\.npy: row 7 holds NaN.*on_bad_rows"):
        drawn(dirty).draw()


def test_rows_that_are_not_finite_are_left_out_and_counted(dirty):
    samples = drawn(dirty, on_bad_rows="skip", n=5).draw()
    epoch = samples.batches(0, 12, CPU)
    assert torch.isfinite(epoch).all()
    assert epoch.shape == (12, 16, D)
    assert {47, 120}.isdisjoint(numbers(epoch))
    assert samples.notice == "2 rows skipped, not finite (shard-9.npy 1, shard-11.npy 1)"
    clean = drawn(dirty, on_bad_rows="skip", n=5).draw()
    assert torch.equal(clean.batches(0, 12, CPU), epoch)


# -- files that change while they are read -----------------------------------------------------


def test_a_shard_that_goes_and_comes_back(folder):
    samples = drawn(folder, n=5).draw()
    path, whole = folder / "shard-10.npy", (folder / "shard-10.npy").read_bytes()
    expected = numbers(drawn(folder, n=5).draw().batch(9, CPU))
    for spoil, message in (
        (path.unlink, "is no longer there"),
        (lambda: path.write_bytes(whole[:-99]), "has been changed"),
        (lambda: path.write_bytes(whole[:-99] + bytes(99)), "has been changed"),
    ):
        spoil()
        with pytest.raises(DataError, match=rf"shard-10\.npy: {message}"):
            samples.batch(9, CPU)
    path.write_bytes(whole)
    assert numbers(samples.batch(9, CPU)) == expected


# -- looking into them -------------------------------------------------------------------------


def test_statistics_over_shards_are_those_of_all_rows(folder):
    found = inspect_shards(folder)
    x = all_rows(folder).astype(np.float64)
    gamma = np.linalg.norm(x.mean(0)) / np.linalg.norm(x.std(0))
    assert (found.rows, found.statistics.n, found.statistics.d_in) == (200, 200, D)
    assert found.statistics.gamma == pytest.approx(gamma)
    assert found.statistics.mean_norm == pytest.approx(np.linalg.norm(x, axis=1).mean())
    assert found.shards[1].mean_norm == pytest.approx(np.linalg.norm(x[40:80], axis=1).mean())
    assert [Path(shard.path).name for shard in found.shards][:3] == [
        "shard-8.npy", "shard-9.npy", "shard-10.npy",
    ]  # fmt: skip


def test_inspection_counts_bad_rows_by_shard_and_names_unusable_shards(dirty):
    cut(dirty / "shard-8.npy")
    found = inspect_shards(dirty)
    assert [shard.non_finite_rows for shard in found.shards] == [0, 1, 0, 1, 0]
    assert found.shards[1].first_non_finite == (7,)
    assert found.statistics.non_finite_rows == 2
    assert found.statistics.first_non_finite == (7, 80)
    assert len(found.problems) == 1
    assert "truncated" in found.problems[0]
