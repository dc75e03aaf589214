"""What stands where a recording's files should be, and clocks that are set."""

import os
import time

import pytest

from dicttui.record import clock, files, lock, manifest, moment_files
from dicttui.record.error import RecordError
from dicttui.record.finding import everything


@pytest.mark.parametrize("name", ["preset.json", "lock", "experiment.sqlite"])
def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(tmp_path, name):
    directory = tmp_path / "2026-01-01_small_abc123"
    directory.mkdir()
    os.mkfifo(directory / name)
    told = []
    assert everything(tmp_path, told.append) == []
    assert not lock.held(directory)


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "checkpoint-1.json")
    for path in (tmp_path / "checkpoint-1.json", "/dev/zero"):
        with pytest.raises(RecordError, match="it is no file"):
            files.read_json(tmp_path / path)
        with pytest.raises(RecordError, match="it is no file"):
            moment_files.verify(tmp_path / path)
        with pytest.raises(RecordError, match="it is no file"):
            moment_files.read(tmp_path / path)


def test_a_clock_that_is_set_back_does_not_make_what_is_new_old(monkeypatch):
    first = clock.now()
    monkeypatch.setattr(time, "time", lambda: first - 7200)
    second = clock.now()
    assert second > first
    clock.not_before(first + 100)
    assert clock.now() > first + 100
    monkeypatch.undo()
    monkeypatch.setattr(clock, "_latest", 0.0)


def test_a_damaged_checkpoint_keeps_what_is_older_than_itself_and_nothing_more(tmp_path):
    moments = tmp_path / "moments"
    moments.mkdir()
    for name, at in (("before", 100), ("after", 300)):
        path = moments / f"{name}.safetensors"
        path.write_bytes(b"")
        os.utime(path, (at, at))
    damaged = tmp_path / "kept-1.json"
    damaged.write_text("{")
    os.utime(damaged, (200, 200))
    manifest.prune(tmp_path)
    assert [path.name for path in moments.iterdir()] == ["before.safetensors"]
