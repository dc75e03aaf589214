import threading
import time

from dicttui.training import courtesy


def test_the_trainer_stands_aside_until_it_may_go_on():
    passed = threading.Event()

    def trainer():
        courtesy.stand_aside()
        passed.set()

    courtesy.ask()
    thread = threading.Thread(target=trainer)
    thread.start()
    courtesy.done()
    assert passed.wait(10)
    thread.join()


def test_nobody_holds_the_trainer_back_for_ever():
    courtesy.ask()
    began = time.monotonic()
    courtesy.stand_aside()
    assert time.monotonic() - began >= courtesy.MOST * 0.5
    courtesy.stand_aside()


def test_nothing_asked_costs_nothing():
    courtesy.done()
    courtesy.stand_aside()


def test_what_was_submitted_is_seen_to_before_the_trainer_stands_aside_again(monkeypatch):
    monkeypatch.setattr(courtesy, "MOST", 30.0)
    seen, passed = threading.Event(), threading.Event()

    def trainer():
        courtesy.stand_aside()
        courtesy.seen_to()
        seen.set()
        courtesy.stand_aside()
        passed.set()

    courtesy.ask()
    thread = threading.Thread(target=trainer)
    thread.start()
    courtesy.let_through()
    assert seen.wait(10)
    assert courtesy.wanted[0]
    courtesy.done()
    assert passed.wait(10)
    assert not courtesy.wanted[0]
    thread.join()


def test_what_was_submitted_is_seen_to_though_somebody_asks_again(monkeypatch):
    monkeypatch.setattr(courtesy, "MOST", 30.0)
    courtesy.ask()
    courtesy.let_through()
    courtesy.ask()
    courtesy.stand_aside()
    assert courtesy.wanted[0], "it stood aside until the time was up"
    courtesy.seen_to()
    courtesy.done()
