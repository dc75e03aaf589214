"""What each control does to a real training, and what the person at the screen is told of it."""

from pathlib import Path

import pytest
import torch
from live_driving import TWO, LiveDriver, drive_live, open_session

from dicttui.training.interventions import MoveToDevice
from dicttui.training.session import Session

PLUS, MINUS, DOT, LESS, GREATER = (
    "plus", "minus", "full_stop", "less_than_sign", "greater_than_sign",
)  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path)


def test_space_pauses_and_resumes_all(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(30)
        await app.ask("space")
        stood = app.run("adam").step
        assert app.receipt == f"✓ 2 runs: applied at step {stood}: running → paused"
        await app.see("paused")
        await app.train(50)
        assert {run.step for run in session.latest().runs} == {stood}
        await app.ask("space")
        assert app.receipt == f"✓ 2 runs: applied at step {stood}: paused → running"
        await app.train(50)
        assert {run.step for run in session.latest().runs} == {stood + 50}

    drive_live(scenario, session)


def test_p_pauses_the_selected_run_and_the_other_goes_on(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.ask("2", "p")
        await app.train(40)
        assert (app.run("adam").step, app.run("sgd").step) == (40, 0)
        assert app.receipt == "✓ sgd: applied at step 0: running → paused"
        await app.ask("p")
        await app.train(10)
        assert (app.run("adam").step, app.run("sgd").step) == (50, 10)

    drive_live(scenario, session)


def test_single_steps_and_n_steps_then_pause(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.ask("space", DOT)
        await app.train(100)
        assert [(run.step, run.state) for run in session.latest().runs] == [(1, "paused")] * 2
        await app.ask("n")
        assert app.kind == "StepsDialog"
        await app.write("25")
        await app.ask("enter")
        assert app.receipt == "✓ 2 runs: applied at step 1: paused → running until step 26"
        await app.train(100)
        assert [(run.step, run.state) for run in session.latest().runs] == [(26, "paused")] * 2
        await app.press("n", "0")
        await app.press("enter")
        await app.see("a number of steps is from 1 to 1,000,000,000")
        await app.press("escape")
        assert app.kind == "main"

    drive_live(scenario, session)


def test_continue_past_the_end(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(1000)
        assert {(run.step, run.state) for run in session.latest().runs} == {(400, "finished")}
        await app.see("finished")
        await app.ask("space")
        assert "failed" in app.receipt
        await app.ask("c")
        assert app.receipt == "✓ 2 runs: applied at step 400: end at 400 → 800"
        await app.train(1000)
        assert {(run.step, run.state) for run in session.latest().runs} == {(800, "finished")}

    drive_live(scenario, session)


def test_the_pace_goes_up_and_down_and_is_said(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.ask(GREATER)
        assert app.receipt.endswith("pace 50 steps/s → 100 steps/s")
        assert session._trainer.pace.rate == 100
        await app.ask(LESS)
        await app.ask(LESS)
        assert session._trainer.pace.rate == 20
        for _ in range(12):
            await app.ask(GREATER)
        assert session.latest().pace is None
        assert "as fast as it" in app.receipt

    drive_live(scenario, session)


def test_plus_and_minus_change_the_rate_that_is_in_force(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(10)
        await app.ask(PLUS)
        assert app.receipt == "✓ adam: applied at step 10: lr 0.01 → 0.02"
        await app.train(1)
        assert {g["lr"] for o in app.trained("adam").trainable.optimizers
                for g in o.param_groups} == {0.02}  # fmt: skip
        await app.see("lr 0.02")
        await app.ask("2", MINUS, MINUS)
        assert app.receipt == "✓ sgd: applied at step 11: lr 0.01 → 0.005"
        assert app.run("adam").lr == 0.02
        await app.train(1)
        assert {g["lr"] for o in app.trained("sgd").trainable.optimizers
                for g in o.param_groups} == {0.005}  # fmt: skip

    drive_live(scenario, session)


@pytest.mark.parametrize(
    ("keys", "rest", "dictionary"),
    [
        ((), {"adam": 0.5, "sgd": 0.02}, {"adam": 0.5, "sgd": 0.02}),
        (("tab", "right"), {"adam": 0.5, "sgd": 0.5}, {"adam": 0.5, "sgd": 0.5}),
        (("tab", "tab", "right"), {"adam": 0.01, "sgd": 0.02}, {"adam": 0.5, "sgd": 0.02}),
        (("tab", "tab", "right", "right"), {"adam": 0.5, "sgd": 0.02}, {"adam": 0.01, "sgd": 0.02}),
        (("tab", "right", "tab", "right"), {"adam": 0.01, "sgd": 0.02}, {"adam": 0.5, "sgd": 0.5}),
    ],
    ids=["this, both", "all, both", "this, dictionary", "this, rest", "all, dictionary"],
)
def test_a_typed_rate_goes_where_it_was_meant(
    session: Session, keys: tuple[str, ...], rest: dict[str, float], dictionary: dict[str, float]
) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.press("l")
        await app.write("0.5")
        await app.ask(*keys, "enter")
        assert app.kind == "main"
        for name in ("adam", "sgd"):
            assert (app.run(name).lr, app.run(name).dictionary_lr) == (rest[name], dictionary[name])
        await app.train(1)
        for name in ("adam", "sgd"):
            trainable = app.trained(name).trainable
            in_force = {
                id(parameter): group["lr"]
                for optimizer in trainable.optimizers
                for group in optimizer.param_groups
                for parameter in group["params"]
            }
            atoms = in_force.pop(id(trainable.network.dictionary))
            assert (set(in_force.values()), atoms) == ({rest[name]}, dictionary[name])
        assert "applied at step 0" in app.receipt

    drive_live(scenario, session)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("fast", "'fast' is no number"),
        ("1e4", "a learning rate is a number from 1e-12 to 1000"),
        ("nan", "a learning rate is a number from 1e-12 to 1000"),
    ],
)
def test_a_typed_rate_that_cannot_be_is_refused_at_once(
    session: Session, typed: str, why: str
) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.press("l")
        await app.write(typed)
        await app.press("enter")
        await app.see(why)
        await app.ask("escape")
        assert (app.kind, app.run("adam").lr, session.receipts(0)) == ("main", 0.01, [])

    drive_live(scenario, session)


def test_doubling_beyond_the_largest_rate_fails_and_says_why(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.press("l")
        await app.write("900")
        await app.ask("enter")
        await app.ask(PLUS)
        assert app.receipt == (
            "✗ lr × 2 for adam failed: learning rate 1800 is outside 1e-12 … 1000"
        )
        assert app.run("adam").lr == 900

    drive_live(scenario, session)


def test_to_the_simulated_device_and_back_with_the_values_it_would_have_had(
    session: Session, tmp_path: Path
) -> None:
    stayed = open_session(tmp_path)
    stayed.advance(60)

    async def scenario(app: LiveDriver) -> None:
        await app.train(20)
        await app.press("d")
        await app.see("simulated device (tests)")
        await app.ask("down", "enter")
        assert app.run("adam").device == "sim:0"
        assert app.run("sgd").device == "cpu"
        assert "adam: applied at step 20: device cpu → sim:0 (loss on the fixed batch" in (
            app.receipt
        )
        await app.see("sim:0")
        network = app.trained("adam").trainable.network
        assert {p.device.type for p in network.parameters()} == {"sim"}
        await app.train(20)
        await app.ask("d", "up", "enter")
        assert app.run("adam").device == "cpu"
        await app.train(20)

    drive_live(scenario, session)
    for there, here in zip(session.latest().runs, stayed.latest().runs, strict=True):
        assert there.step == here.step == 60
        assert there.loss_series.last == here.loss_series.last


def test_a_device_that_is_not_there_is_said_and_the_run_goes_on(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(5)
        app.app.submit(MoveToDevice("cuda:7", "adam"))
        await app.train()
        assert app.receipt.startswith(
            "✗ move to cuda:7 for adam failed: device 'cuda:7' is not here; there is cpu"
        )
        await app.train(5)
        assert (app.run("adam").step, app.run("adam").device) == (10, "cpu")

    drive_live(scenario, session)


def test_a_move_that_fails_leaves_the_run_where_it_was(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dicttui.training import devices

    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory: tried to allocate 2 GiB")

    async def scenario(app: LiveDriver) -> None:
        await app.train(5)
        monkeypatch.setattr(devices, "_try_one_step", refuse)
        await app.ask("d", "down", "enter")
        assert "sim:0 has too little free memory for this run" in app.receipt
        assert app.receipt.startswith("✗")
        await app.train(5)
        assert (app.run("adam").step, app.run("adam").device) == (10, "cpu")
        await app.ask("e")
        await app.see("too little free memory")

    drive_live(scenario, session)


def test_o_forgets_the_moments(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(10)
        (optimizer,) = app.trained("adam").trainable.optimizers
        assert optimizer.state
        await app.ask("o")
        assert not optimizer.state
        assert app.receipt == "✓ adam: applied at step 10: optimizer state empty"
        await app.train(1)
        assert {float(state["step"]) for state in optimizer.state.values()} == {1.0}

    drive_live(scenario, session)


def test_b_goes_back_to_the_start_and_trains_the_same_again(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(50)
        first = app.run("adam").loss_series.last
        await app.ask(PLUS, "b")
        assert (app.run("adam").step, app.run("adam").lr, app.run("sgd").step) == (0, 0.01, 50)
        assert app.receipt == "✓ adam: applied at step 0: step 50 → 0; u takes it back"
        await app.train(50)
        assert app.run("adam").loss_series.last == first

    drive_live(scenario, session)


def test_x_stops_the_selected_run_and_u_lets_it_go_on(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(5)
        await app.ask("x")
        assert app.receipt == "✓ adam: applied at step 5: running → stopped; u takes it back"
        await app.train(5)
        assert (app.run("adam").step, app.run("sgd").step) == (5, 10)
        await app.ask("u")
        assert app.run("adam").state == "running"
        await app.train(5)
        assert (app.run("adam").step, app.run("sgd").step) == (10, 15)
        await app.ask("x", "2", "x")
        assert {run.state for run in session.latest().runs} == {"stopped"}
        await app.ask("c")
        assert "has been stopped; b takes it back to the start" in app.receipt or (
            "failed" in app.receipt
        )

    drive_live(scenario, session)


def test_q_asks_while_something_would_be_lost_and_not_after(session: Session) -> None:
    async def unfinished(app: LiveDriver) -> None:
        await app.press("q")
        await app.see("adam, sgd not finished; what was trained is lost.")
        await app.press("down", "enter")
        assert app.kind == "main"
        await app.train(1000)
        await app.press("q")

    app = drive_live(unfinished, session)
    assert app.return_value == 0


def test_ctrl_c_asks_once_and_leaves_the_second_time(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.press("ctrl+c")
        assert app.kind == "ConfirmDialog"
        await app.press("ctrl+c")

    assert drive_live(scenario, session).return_value == 130


DIVERGING = TWO.replace('optimizer = "SGD"\nlr = 0.02', 'optimizer = "SGD"\nlr = 900.0')


def test_a_diverging_run_is_marked_rings_once_and_the_other_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(tmp_path, DIVERGING)
    rung = []

    async def scenario(app: LiveDriver) -> None:
        monkeypatch.setattr(type(app.app), "bell", lambda _self: rung.append(1))
        await app.train(100)
        assert (app.run("sgd").state, app.run("adam").step) == ("diverged", 100)
        await app.see("diverged")
        await app.see("loss is")
        await app.train(20)
        await app.train(20)
        assert rung == [1]
        assert app.run("adam").step == 140
        await app.ask("2", "p")
        await app.see("sgd has diverged; b takes it back to the start")
        await app.ask("b")
        assert app.run("sgd").state == "running"

    drive_live(scenario, session)
