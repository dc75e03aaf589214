"""A watched loop as another terminal sees and changes it."""

import threading

import pytest
import torch
from waiting import PATIENCE, answered, wait_for

from dicttui.cli.application import run as command
from dicttui.serve import address
from dicttui.serve.client import RemoteSession
from dicttui.training.interventions import (
    Advance,
    Fork,
    Keep,
    Pause,
    ResetOptimizer,
    Resume,
    SetLearningRate,
    Stop,
)
from dicttui.training.snapshot import View


@pytest.fixture
def attached(watching, state):
    """A loop that trains in a thread of its own, and a client of it."""
    opened = []

    def attach(**given):
        loop = watching(serve=True, **given)
        client = RemoteSession(address.path(state, loop.watched.id))
        over = threading.Event()

        def train():
            while not over.is_set():
                loop.step()
                if loop.watched.stop_requested:
                    return

        thread = threading.Thread(target=train)
        thread.start()
        opened.append((loop, client, over, thread))
        return loop, client

    yield attach
    for loop, client, over, thread in opened:
        over.set()
        client.submit(Resume())
        thread.join(PATIENCE)
        assert not thread.is_alive()
        loop.watched.close()
        client.close()


def run_of(client):
    (run,) = wait_for(lambda: client.latest().runs, "a picture")
    return run


def test_another_terminal_sees_it_train(attached, state):
    loop, client = attached()
    assert address.live(state) == [loop.watched.id]
    client.view(View(series=("fvu",), rows_of=("mine",)))
    run = wait_for(lambda: run_of(client).step > 3 and run_of(client), "steps")
    assert (run.name, run.engine, run.state) == ("mine", "own loop", "running")
    assert run.engine_detail == "from here: pause and pace, learning rate, optimizer reset"
    assert run.network == "ModuleDict 6 → 9 → 6"
    rows = wait_for(lambda: run_of(client).rows, "rows")
    assert len(rows) == 9
    wait_for(lambda: run_of(client).rows[0].update_ratio is not None, "updates of rows")


def test_the_learning_rate_is_set_where_the_optimizer_has_it(attached):
    loop, client = attached()
    receipt = answered(client, client.submit(SetLearningRate(factor=2.0)))
    assert receipt.status == "applied", receipt.reason
    assert receipt.changes[0].after == "lr 0.02"
    assert loop.optimizer.param_groups[0]["lr"] == 0.02
    loop.optimizer.param_groups[0]["lr"] = 0.004  # as a scheduler does
    told = wait_for(
        lambda: next((r for r in client.receipts(0) if r.changes and r.changes[0].note), None),
        "that it was set again",
    )
    assert "the loop has set it to 0.004 since" in told.changes[0].note
    wait_for(lambda: run_of(client).lr == 0.004, "the rate in force")
    assert answered(client, client.submit(ResetOptimizer())).status == "applied"


def test_a_paused_loop_stands_until_it_is_resumed(attached, capsys):
    loop, client = attached()
    receipt = answered(client, client.submit(Pause()))
    assert receipt.status == "applied"
    at = receipt.changes[0].step
    wait_for(lambda: run_of(client).state == "paused" and run_of(client).metrics_step == at)
    assert loop.steps == at
    assert answered(client, client.submit(Advance(steps=3))).status == "applied"
    wait_for(lambda: run_of(client).state == "paused" and run_of(client).step == at + 3)
    assert loop.steps == at + 3
    assert answered(client, client.submit(Resume())).status == "applied"
    wait_for(lambda: loop.steps > at + 3, "steps")
    assert "paused at step" in capsys.readouterr().err


def test_what_a_loop_of_ones_own_cannot_do_is_refused_with_the_reason(attached, capsys):
    loop, client = attached(controls=["pause"])
    for intervention, why in (
        (Fork("mine"), "dicttui cannot fork it"),
        (Keep(), "dicttui keeps no weights of it"),
        (Stop(), "ends itself"),
        (SetLearningRate(factor=2.0), "watch(…, controls=[…, 'learning_rate'])"),
    ):
        receipt = answered(client, client.submit(intervention))
        assert receipt.status == "failed"
        assert receipt.reason.startswith("this is a person's own loop")
        assert why in receipt.reason
    assert loop.optimizer.param_groups[0]["lr"] == 0.01
    assert command(["stop", loop.watched.id]) == 1
    assert "ends itself" in capsys.readouterr().err
    steps = loop.steps
    wait_for(lambda: loop.steps > steps, "that it trains on")


def test_a_loop_that_heeds_it_can_be_stopped(attached, capsys):
    loop, client = attached(controls=["stop"])
    assert answered(client, client.submit(Stop())).status == "applied"
    wait_for(lambda: loop.watched.stop_requested, "the wish")
    assert loop.watched.step(torch.tensor(0.0)) is False
    loop.watched.close()
    parting = client.wait(PATIENCE)
    assert parting.ended
    assert "its program has ended the watching" in parting.reason
    assert "resume" not in parting.reason
