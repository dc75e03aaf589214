"""CSV: every loss and metric, every intervention, exactly."""

import csv
import io
import math
from array import array

from handmade_experiment import diverged, handmade

from dicttui.report.export import csv_files, formats


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def exported(experiment, tmp_path, **options):
    formats.export(experiment, "csv", tmp_path / "out", **options)
    return rows((tmp_path / "out" / "metrics.csv").read_text()), rows(
        (tmp_path / "out" / "interventions.csv").read_text()
    )


def test_every_loss_reads_back_to_the_bit(tmp_path):
    experiment = handmade()
    metrics, _ = exported(experiment, tmp_path)
    for run in ("adam", "sgd", "adam-sgd"):
        found = [row for row in metrics if row["run"] == run and row["name"] == "loss"]
        curve = experiment.losses(run)
        assert [int(row["step"]) for row in found] == curve.steps
        assert array("f", [float(row["value"]) for row in found]) == curve.losses


def test_explained_variance_is_what_fvu_leaves(tmp_path):
    metrics, _ = exported(handmade(), tmp_path)

    def of(name):
        return [float(r["value"]) for r in metrics if r["run"] == "sgd" and r["name"] == name]

    assert of("explained_variance") == [1 - fvu for fvu in of("fvu")]
    assert of("fvu")


def test_what_is_no_number_says_so(tmp_path):
    metrics, _ = exported(diverged(), tmp_path)
    losses = [r["value"] for r in metrics if r["run"] == "sgd" and r["name"] == "loss"]
    assert losses[299:] == ["inf", "nan"]
    assert math.isinf(float(losses[299]))
    dead = [r["value"] for r in metrics if r["run"] == "sgd" and r["name"] == "dead_fraction"]
    assert dead[0] == ""
    assert float(dead[-1]) == 0.2


def test_every_keeps_the_first_of_each_so_many_steps_and_the_last(tmp_path):
    metrics, _ = exported(handmade(), tmp_path, every=300)

    def of(run, name):
        return [int(r["step"]) for r in metrics if (r["run"], r["name"]) == (run, name)]

    assert of("sgd", "loss") == [0, 300, 600, 900, 999]
    assert of("adam-sgd", "loss") == [700, 900, 999]
    assert of("sgd", "mse") == [0, 300, 600, 900, 950]


def test_pieces_of_a_long_training_fit_together(tmp_path, monkeypatch):
    monkeypatch.setattr("dicttui.report.table.LONGEST_PIECE", 7)
    metrics, _ = exported(handmade(), tmp_path, run="sgd", every=10)
    steps = [int(row["step"]) for row in metrics if row["name"] == "loss"]
    assert steps == [*range(0, 1000, 10), 999]


def test_one_run_alone(tmp_path):
    metrics, changes = exported(handmade(), tmp_path, run="adam")
    assert {row["run"] for row in metrics} == {"adam"}
    assert [row["id"] for row in changes] == ["1", "2", "4"]


def test_interventions_have_a_row_for_each_run_they_changed(tmp_path):
    _, changes = exported(handmade(), tmp_path)
    first = changes[0]
    assert first["at"] == "2026-03-01T12:30:02+00:00"
    assert (first["run"], first["step"], first["before"], first["after"]) == (
        "adam", "400", "lr 0.01", "lr 0.02",
    )  # fmt: skip
    assert changes[3]["reason"] == "nothing is recorded"
    assert changes[3]["run"] == ""


def test_stdout_has_the_metrics(tmp_path):
    stream = io.StringIO()
    formats.stream(handmade(), "csv", stream)
    formats.export(handmade(), "csv", tmp_path / "out")
    assert stream.getvalue() == (tmp_path / "out" / "metrics.csv").read_text()
    assert csv_files.write_metrics is formats.FORMATS["csv"].stream
