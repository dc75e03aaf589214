"""Parquet: the tables of the CSV files, with types."""

import math
from datetime import UTC, datetime

import pytest
from handmade_experiment import diverged, handmade

from dicttui.report.export import formats

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed (an extra)")


def test_it_reads_back(tmp_path, monkeypatch):
    monkeypatch.setattr("dicttui.report.table.LONGEST_PIECE", 300)
    monkeypatch.setattr("dicttui.report.export.parquet_files.ROWS_OF_A_GROUP", 500)
    experiment = diverged()
    formats.export(experiment, "parquet", tmp_path / "out")
    table = parquet.read_table(tmp_path / "out" / "metrics.parquet").to_pylist()
    for run in ("adam", "sgd", "adam-sgd"):
        found = [row for row in table if (row["run"], row["name"]) == (run, "loss")]
        curve = experiment.losses(run)
        assert [row["step"] for row in found] == curve.steps
        assert [repr(row["value"]) for row in found] == [repr(loss) for loss in curve.losses]
    dead = [row["value"] for row in table if (row["run"], row["name"]) == ("sgd", "dead_fraction")]
    assert dead[0] is None
    assert dead[-1] == 0.2
    assert math.isnan(next(r["value"] for r in table if r["run"] == "sgd" and r["step"] == 300
                           and r["name"] == "loss"))  # fmt: skip


def test_interventions_have_types(tmp_path):
    formats.export(handmade(), "parquet", tmp_path / "out")
    first, *_, last = parquet.read_table(tmp_path / "out" / "interventions.parquet").to_pylist()
    assert first["at"] == datetime(2026, 3, 1, 12, 30, 2, tzinfo=UTC)
    assert (first["run"], first["step"]) == ("adam", 400)
    assert last["step"] is None


def test_an_experiment_without_numbers(tmp_path):
    experiment = handmade()
    experiment.runs_, experiment.interventions_ = [], []
    formats.export(experiment, "parquet", tmp_path / "out")
    assert parquet.read_table(tmp_path / "out" / "metrics.parquet").num_rows == 0
    assert parquet.read_table(tmp_path / "out" / "interventions.parquet").num_rows == 0
