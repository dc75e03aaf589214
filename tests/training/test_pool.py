"""Chunks without the GIL, at the same time."""

import threading

import torch

from dicttui.training.pool import Pool


def test_two_pieces_are_done_at_the_same_time_on_two_cores(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1}, raising=False)
    meeting = threading.Barrier(2, timeout=20)
    threads: list[int] = []

    def piece() -> None:
        meeting.wait()  # breaks, and raises, if the other is not there
        threads.append(torch.get_num_threads())

    pool = Pool()
    pool.do([piece, piece])
    pool.do([piece, piece])
    pool.close()
    assert threads == [1, 1, 1, 1]


def test_more_pieces_than_cores_are_all_done_before_it_returns(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1}, raising=False)
    done: list[int] = []
    pool = Pool()
    pool.do([lambda place=place: done.append(place) for place in range(7)])
    pool.close()
    assert sorted(done) == list(range(7))


def test_with_several_openmp_threads_the_pieces_follow_one_another():
    names: list[str] = []
    torch.set_num_threads(2)
    try:
        pool = Pool()
        pool.do([lambda: names.append(threading.current_thread().name)] * 3)
    finally:
        torch.set_num_threads(1)
    assert set(names) == {threading.current_thread().name}
    assert len(names) == 3
