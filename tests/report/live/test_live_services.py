"""The services themselves, where they are installed: what they keep here is read back."""

import sqlite3
import struct
from importlib.util import find_spec

import pytest

from dicttui.preset.reading import Overrides, read
from dicttui.report.loggers import observers
from dicttui.training.interventions import SetLearningRate
from dicttui.training.session import Session

FINISHES = 100.0
"""Seconds that a service has to start, to write and to end."""


@pytest.fixture
def last(tmp_path, monkeypatch):
    """Train with a logger of this name; the last snapshot."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_DIR", "TRACKIO_SPACE_ID"):
        monkeypatch.delenv(name, raising=False)

    def train(name):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed (an extra)")
        preset = read("article-simple", Overrides(steps=30))
        recording = tmp_path / "2026-03-01_article-simple_3f9a1c"
        (logger,) = observers([name], preset, recording, tmp_path)
        session = Session(preset, paced=False, observers=[logger])
        session.advance(10)
        session.submit(SetLearningRate("adam", factor=2.0))
        session.advance(20)
        found = session.latest()
        session.close(FINISHES)
        assert logger.trouble == ""
        return found

    return train


def test_wandb_offline(last, tmp_path):
    snapshot = last("wandb")
    from wandb.proto import wandb_internal_pb2

    files = list(tmp_path.glob("2026*/wandb/offline-run-*/*.wandb"))
    assert len(files) == len(snapshot.runs)
    found = {}
    for file in files:
        records = [wandb_internal_pb2.Record.FromString(data) for data in _records(file)]
        (run,) = [record.run for record in records if record.HasField("run")]
        assert run.run_group.endswith("3f9a1c")
        rows = [
            {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
            for record in records
            if record.HasField("history")
        ]
        found[run.display_name] = {
            int(row["step"]): float(row["loss"]) for row in rows if "loss" in row
        }
    for run in snapshot.runs:
        assert list(found[run.name]) == list(range(30))
        assert found[run.name][29] == run.loss


def test_trackio(last, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    snapshot = last("trackio")
    import json

    with sqlite3.connect(tmp_path / "trackio" / "dicttui.db") as database:
        rows = database.execute("SELECT run_name, step, metrics FROM metrics").fetchall()
    for run in snapshot.runs:
        losses = {
            step: values["loss"]
            for name, step, text in rows
            if name == f"{run.name} 3f9a1c" and "loss" in (values := json.loads(text))
        }
        assert sorted(losses) == list(range(30))
        assert losses[29] == run.loss


def _records(path):
    """The records of a wandb file: LevelDB's log format after seven bytes of its own."""
    data, place, record = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        part = data[place + 7 : place + 7 + length]
        record = part if kind in (1, 2) else record + part
        place += 7 + length
        if kind in (1, 4):
            yield record
