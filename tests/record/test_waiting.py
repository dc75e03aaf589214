"""What is held while nothing can be written is bounded, and what is dropped is counted."""

import threading
from array import array
from dataclasses import replace

import pytest

from dicttui.record import pending, waiting, writer
from dicttui.record.pending import Batch
from dicttui.record.places import Place
from dicttui.record.waiting import Waiting
from dicttui.record.writer import Writer


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(waiting, "MOST_LOSSES", 100)
    monkeypatch.setattr(waiting, "LONGEST_BLOCK", 10)
    monkeypatch.setattr(writer, "MOST_CHANGES", 5)


def held(losses):
    return sum(len(block.losses) for block in losses.blocks)


def test_the_oldest_go_and_the_newest_stay():
    losses = Waiting()
    for step in range(1000):
        losses.add("one run", 0, step, [float(step)])
    assert 90 <= held(losses) <= 100
    assert held(losses) + losses.lost == 1000
    assert losses.blocks[-1].end == 1000
    assert [a.end for a in losses.blocks][:-1] == [b.first for b in losses.blocks][1:]


def test_many_at_once_are_cut_into_blocks():
    losses = Waiting()
    losses.add("a", 0, 0, array("f", range(55)))
    losses.add("b", 0, 0, [1.0])
    losses.add("a", 0, 55, [55.0, 56.0])
    assert max(len(block.losses) for block in losses.blocks) == 10
    mine = [block for block in losses.blocks if block.run == "a"]
    assert [x for block in mine for x in block.losses] == list(range(57))


def test_metrics_that_are_dropped_are_counted_too(monkeypatch):
    from dicttui.training.snapshot import RunSnapshot, Snapshot

    monkeypatch.setattr(pending, "MOST_METRICS", 10)
    batch = Batch()
    run = RunSnapshot("a", "SGD", "", "", "cpu", "eager", "running", lr=0.1)
    for step in range(20):
        seen = pending.Seen(Snapshot(0, "ready", runs=(replace(run, step=step),)), {}, 0.0, False)
        batch.add_picture(seen)
    assert len(batch.metrics) + batch.lost_metrics == 20
    batch.tell_of_what_is_lost()
    assert (
        batch.events[0][2] == f"{20 - len(batch.metrics)} metrics could not be kept and are missing"
    )


class Hanging(Writer):
    """The disk does not answer until it is told to."""

    def __init__(self, where, told):
        super().__init__(Place("abcdef", where / "2026-01-01_x_abcdef"), {"x": 1}, None, told)
        self.hangs, self.answers = threading.Event(), threading.Event()

    def _write(self):
        self.hangs.set()
        assert self.answers.wait(60)
        super()._write()


@pytest.fixture
def told():
    return []


@pytest.fixture
def hanging(tmp_path, told):
    hanging = Hanging(tmp_path, told.append)
    hanging.start()
    hanging.change_now(lambda batch: batch.facts.update(a="b"), 0.0)
    assert hanging.hangs.wait(60)
    yield hanging
    hanging.answers.set()
    hanging.close(60)
    hanging.release()


def test_while_the_disk_hangs_no_more_than_so_much_is_held(hanging):
    for step in range(1000):
        hanging.made("a", 0, step, [0.0])
        hanging.change(lambda batch: None)
        assert not hanging.flush(0.0)
    assert held(hanging._made) <= 100
    assert len(hanging._changes) <= 5
    assert len(hanging._tickets) <= 6


def test_the_lock_is_held_for_as_long_as_anything_may_be_written(hanging):
    from dicttui.record.lock import held as is_held

    where = hanging._place.directory
    assert not hanging.close(0.0)
    hanging.release()
    assert is_held(where)
    hanging.answers.set()
    assert hanging.close(60)
    hanging.release()
    assert not is_held(where)


def test_what_has_failed_holds_nothing_and_says_so(tmp_path, told):
    class Failing(Writer):
        def _prepare(self):
            raise ZeroDivisionError

    failing = Failing(Place("abcdef", tmp_path / "2026-01-01_x_abcdef"), {}, None, told.append)
    failing.made("a", 0, 0, [1.0])
    failing.start()
    failing._thread.join(60)
    failing.made("a", 0, 1, [1.0])
    failing.change(lambda batch: None)
    assert not failing.change_now(lambda batch: None)
    assert not failing._made
    assert not failing._changes
    assert not failing._batch
    assert "nothing is kept any more" in told[-1]
    assert not failing.close(1.0)
