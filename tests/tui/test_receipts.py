"""What a person is told of what they asked for."""

import handmade
import pytest
from driving import Driver, drive

from dicttui.training.interventions import Change, Receipt, SetLearningRate
from dicttui.tui.receipts import ReceiptLog, change_in_words, outcome


def receipt(number: int = 1, **fields: object) -> Receipt:
    known = {"kind": "learning_rate", "target": "adam", "status": "applied", "request": "lr × 2"}
    return Receipt(number, **(known | fields))  # type: ignore[arg-type]


def test_an_applied_receipt_says_where_and_what() -> None:
    told = outcome(receipt(changes=(Change("adam", 4200, "lr 0.01", "lr 0.02"),)))
    assert told == "adam: applied at step 4,200: lr 0.01 → 0.02"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("end at 400", "end at 800", "end at 400 → 800"),
        ("running", "running until step 26", "running → running until step 26"),
        ("lr 1, dictionary 2", "lr 1, dictionary 4", "lr 1, dictionary 2 → 4"),
        ("lr 1, dictionary 2", "lr 1", "lr 1, dictionary 2 → 1"),
        ("", "optimizer state empty", "optimizer state empty"),
    ],
)
def test_words_that_have_not_changed_are_said_once(before: str, after: str, words: str) -> None:
    assert change_in_words(Change("adam", 5, before, after)) == words


def test_runs_of_which_the_same_is_true_are_told_once() -> None:
    changes = tuple(Change(name, 5, "running", "paused") for name in ("adam", "sgd"))
    assert outcome(receipt(changes=changes)) == "2 runs: applied at step 5: running → paused"


def test_a_failed_receipt_says_why() -> None:
    told = outcome(receipt(status="failed", reason="no such device"))
    assert told == "lr × 2 for adam failed: no such device"


def test_a_run_that_refused_is_named_beside_one_that_did_not() -> None:
    changes = (
        Change("adam", 5, "cpu", "cuda:0", note="loss 1 → 1"),
        Change("sgd", 5, "cpu", "cpu", failed="out of memory"),
    )
    told = outcome(receipt(changes=changes))
    assert told == "adam: applied at step 5: cpu → cuda:0 (loss 1 → 1); sgd: failed: out of memory"


def test_a_later_receipt_replaces_the_earlier_of_its_id() -> None:
    log = ReceiptLog()
    assert log.take([receipt(1, status="requested"), receipt(2, status="requested")])
    assert not log.answered(1)
    assert log.take([receipt(1)])
    assert log.answered(1)
    assert not log.answered(2)
    assert [(one.id, one.status) for one in log] == [(2, "requested"), (1, "applied")]
    assert log.heard == 3
    assert not log.take([])


def test_nothing_is_claimed_before_it_is_so() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("plus")
        await app.see("lr × 2 for adam: requested…")
        assert "applied" not in app.text()
        app.session.apply(1)
        await app.see("adam: applied at step 4,200: lr 0.01 → 0.02")

    drive(scenario, handmade.two_runs(), answer=False)


def test_what_was_answered_before_the_app_was_opened_is_shown() -> None:
    async def scenario(app: Driver) -> None:
        await app.see("adam: applied at step 4,200: lr 0.01 → 0.02")

    drive(scenario, handmade.two_runs(), asked=[SetLearningRate("adam", factor=2)])


def test_a_failure_is_shown_with_its_reason() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("o")
        app.session.refuse(1, "the run has failed")
        await app.see("✗ reset optimizer for adam failed: the run has failed")

    drive(scenario, handmade.two_runs(), answer=False)


def test_the_events_screen_lists_the_newest_first() -> None:
    async def scenario(app: Driver) -> None:
        await app.press("e")
        await app.see("Nothing has been asked for yet")
        await app.press("e", "plus", "space", "e")
        await app.see("2 asked for")
        lines = app.lines()
        pause = next(y for y, line in enumerate(lines) if "running → paused" in line)
        rate = next(y for y, line in enumerate(lines) if "lr 0.01 → 0.02" in line)
        assert pause < rate
        assert "4,200" in lines[rate]
        await app.press("minus")
        await app.see("3 asked for")

    drive(scenario, handmade.two_runs())
