"""Taking back and forking a real training by keys: what is trained then, and what is told."""

from pathlib import Path

import pytest
from live_driving import TWO, LiveDriver, drive_live, open_session

from dicttui.preset.reading import read
from dicttui.record.reading import Recorded
from dicttui.record.recorder import Recorder
from dicttui.training.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path)


def test_what_was_regretted_is_taken_back_and_trains_as_if_it_had_not_been(
    session: Session, tmp_path: Path
) -> None:
    untouched = open_session(tmp_path)
    untouched.advance(80)

    async def scenario(app: LiveDriver) -> None:
        await app.train(30)
        await app.ask("plus")
        await app.see("undo lr 0.02")
        await app.train(20)
        await app.ask("minus", "minus", "minus")
        for _ in range(4):
            await app.ask("u")
        assert (app.run("adam").step, app.run("adam").lr, app.run("sgd").step) == (30, 0.01, 50)
        assert "step 30" in app.receipt
        assert "taken back" in app.receipt
        assert "undo" not in app.lines()[-1]
        await app.ask("u")
        assert "nothing that could be taken back" in app.receipt
        await app.train(50)
        # The abandoned piece is still there to be seen, and no part of the run.
        assert [ghost.from_step for ghost in app.run("adam").ghosts][-1] == 30

    drive_live(scenario, session)
    for here, there in zip(session.latest().runs, untouched.latest().runs, strict=True):
        seen = dict(zip(here.loss_series.steps, here.loss_series.last, strict=True))
        known = dict(zip(there.loss_series.steps, there.loss_series.last, strict=True))
        assert {step: seen[step] for step in known if step < 80} == known


def test_what_if_i_had_halved_it_is_two_keys(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(40)
        await app.ask("f", "enter")
        fork = session.latest().runs[2]
        assert (fork.parent, fork.forked_at, fork.step, fork.lr) == ("adam", 40, 40, 0.005)
        await app.see(f"[3] ▲ {fork.name}")
        await app.see("fork of adam at 40")
        assert len(app.app.screen.query("RunCard")) == 3
        await app.train(20)
        assert app.run(fork.name).step == app.run("adam").step == 60
        assert app.run(fork.name).loss != app.run("adam").loss
        # What comes next is meant for the fork; taking back twice takes the fork away.
        await app.ask("plus")
        assert app.run(fork.name).lr == 0.01
        await app.ask("u", "u")
        assert [run.name for run in session.latest().runs] == ["adam", "sgd"]
        await app.see("[1] ● adam")
        assert len(app.app.screen.query("RunCard")) == 2

    drive_live(scenario, session)


def test_a_fork_with_another_optimizer_and_constraint(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.train(10)
        await app.press("2", "f")
        await app.see("as it is: SGD")
        await app.press("down", "right", "right", "down", "right")
        await app.ask("enter")
        fork = session.latest().runs[2]
        assert (fork.optimizer, fork.constraint, fork.lr) == ("AdamW", "unit_norm", 0.02)
        await app.train(10)
        assert app.run(fork.name).step == 20
        assert app.run(fork.name).norms is not None

    drive_live(scenario, session)


def test_forks_of_forks_until_there_may_be_no_more(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        for _ in range(14):
            await app.train(1)
            await app.ask("f", "enter")
        assert len(session.latest().runs) == 16
        assert len({run.name for run in session.latest().runs}) == 16
        await app.press("f")
        await app.see("there are 16 runs already")
        for _ in range(3):
            await app.ask("u")
        assert len(session.latest().runs) == 13
        await app.train(5)
        await app.see("[13]")

    drive_live(scenario, session)


def test_a_checkpoint_is_kept_with_its_note(tmp_path: Path) -> None:
    (tmp_path / "preset.toml").write_text(TWO)
    preset = read(str(tmp_path / "preset.toml"))
    recorder = Recorder.begin(preset, tmp_path / "experiments")
    session = Session(preset, observers=[recorder])

    async def scenario(app: LiveDriver) -> None:
        await app.train(20)
        await app.see(f"rec {recorder.id}")
        await app.press("k")
        await app.write("before it fell")
        await app.ask("enter")
        while "kept as" not in app.receipt:  # it is written by a thread of its own
            await app.train()
        assert "before it fell" in app.receipt

    drive_live(scenario, session)
    session.close()
    recorder.linger(60)
    (directory,) = (tmp_path / "experiments").iterdir()
    assert [file.kept for file in Recorded.open(directory).checkpoints()].count(True) == 1


def test_nothing_is_recorded_so_no_checkpoint_is_kept(session: Session) -> None:
    async def scenario(app: LiveDriver) -> None:
        await app.press("k")
        await app.see("nothing is recorded here")

    drive_live(scenario, session)
