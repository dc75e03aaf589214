"""An export is there as a whole or not at all, and never in another's place."""

import io
import sys

import pytest
from handmade_experiment import handmade

from dicttui.cli import export as command
from dicttui.record.error import RecordError
from dicttui.report.error import ReportError
from dicttui.report.export import formats


def test_the_command_offers_every_format():
    assert {str(name) for name in command.Format} == set(formats.FORMATS)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_nothing_is_overwritten(name, tmp_path):
    path = tmp_path / "mine"
    path.write_text("mine")
    with pytest.raises(ReportError, match="is there already"):
        formats.export(handmade(), name, path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["csv", "json"])
def test_what_fails_halfway_leaves_nothing(name, tmp_path):
    experiment = handmade()

    def damaged(_run):
        raise RecordError("experiment.sqlite: is damaged")

    experiment.metrics = damaged
    with pytest.raises(ReportError, match="is damaged"):
        formats.export(experiment, name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(ReportError, match=r"out: cannot be written: No such file"):
        formats.export(handmade(), "json", tmp_path / "absent" / "out")


def test_a_run_that_is_not_there(tmp_path):
    with pytest.raises(ReportError, match='no run is called "rmsprop"; allowed: adam, sgd'):
        formats.export(handmade(), "csv", tmp_path / "out", run="rmsprop")


def test_a_fork_that_was_taken_back_is_exported_only_by_name(tmp_path):
    from dataclasses import replace

    experiment = handmade()
    experiment.runs_[2] = replace(experiment.runs_[2], present=False)
    formats.export(experiment, "csv", tmp_path / "all")
    formats.export(experiment, "csv", tmp_path / "fork", run="adam-sgd")
    assert "adam-sgd,loss" not in (tmp_path / "all" / "metrics.csv").read_text()
    assert "adam-sgd,loss" in (tmp_path / "fork" / "metrics.csv").read_text()


@pytest.mark.parametrize("name", ["parquet", "tensorboard"])
def test_several_files_are_no_stream(name):
    with pytest.raises(ReportError, match="allowed: csv, json"):
        formats.stream(handmade(), name, io.StringIO())


@pytest.mark.parametrize(
    ("name", "module"),
    [("parquet", "pyarrow"), ("tensorboard", "tensorboard.compat.proto.event_pb2")],
)
def test_an_absent_extra_is_named_with_its_command(name, module, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ReportError, match=f"pip install {module.partition('.')[0]}"):
        formats.export(handmade(), name, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
