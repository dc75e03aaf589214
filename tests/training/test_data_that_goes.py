"""Runs whose samples lie on disk, and whose disk lets them down: paused, and nothing is lost."""

import numpy as np
import pytest

from dicttui.training.interventions import Fork, Restart, Resume, Undo

PRESET = """
[data]
kind = "activations"
path = "shards"
batch_size = 16
buffer_size = 256
n = 200
held_out = 50
scaling = "expected_average_only_in"
[network]
kind = "relu"
d_sae = 12
[training]
steps = 120
engine = "{engine}"
dead_feature_window = 10
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.003
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def shard(tmp_path, monkeypatch):
    """One of the shards that the presets train on."""
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "shards").mkdir()
    for number in range(4):
        x = np.random.default_rng(number).normal(size=(300, 8)).astype("float32")
        np.save(tmp_path / "shards" / f"shard-{number}.npy", x)
    return tmp_path / "shards" / "shard-2.npy"


def away(shard):
    return shard.rename(shard.parent.parent / shard.name)


def back(shard):
    (shard.parent.parent / shard.name).rename(shard)


def told(session):
    runs = session.latest().runs
    return [(r.state, r.loss, r.metrics, r.held_out_loss, r.loss_series.last) for r in runs]


@pytest.mark.parametrize("engine", ["eager", "auto"])
def test_a_run_whose_shard_goes_is_paused_and_goes_on_as_if_nothing_had_been(
    open_session, shard, engine
):
    undisturbed = open_session(PRESET.format(engine=engine))
    undisturbed.advance(120)
    session = open_session(PRESET.format(engine=engine))
    session.advance(17)
    away(shard)
    session.advance(120)
    for _ in range(2):
        runs = session.latest().runs
        assert {run.state for run in runs} == {"paused"}
        (alert,) = runs[0].alerts
        assert alert.kind == "data"
        assert alert.text == runs[0].state_detail
        assert alert.text.startswith(f"at step {runs[0].step}: {shard}: is no longer there")
        session.submit(Resume())
        session.advance(120)
    back(shard)
    session.submit(Resume())
    session.advance(120)
    assert told(session) == told(undisturbed)
    assert session.latest().runs[0].state_detail == ""
    assert [run.alerts for run in session.latest().runs] == [(), ()]


def test_every_step_is_told_once_whatever_comes_between(open_session, shard):
    from dicttui.training.observation import Observer

    class Heard(Observer):
        every = 1

        def __init__(self):
            self.steps, self.losses = [], []

        def step(self, observation):
            self.steps.append((observation.run, observation.step))

        def made(self, run, segment, first, losses):
            self.losses += [(run, first + place) for place in range(len(losses))]

    heard = Heard()
    session = open_session(PRESET.format(engine="auto"), observers=[heard])
    session.advance(9)
    away(shard)
    session.advance(40)
    back(shard)
    session.submit(Resume())
    session.advance(120)
    expected = sorted((run, step) for run in ("adam", "sgd") for step in range(120))
    assert sorted(heard.steps) == sorted(heard.losses) == expected


def test_what_is_asked_for_meanwhile_loses_nothing_either(open_session, shard):
    session = open_session(PRESET.format(engine="eager"))
    session.advance(60)
    away(shard)
    session.advance(60)
    for asked in (Restart("sgd"), Undo("sgd"), Fork("adam", lr=0.01)):
        session.submit(asked)
        session.advance(0)
    assert {run.state for run in session.latest().runs} == {"paused"}
    back(shard)
    session.submit(Resume())
    session.advance(200)
    assert {run.state for run in session.latest().runs} == {"finished"}


def test_the_state_of_what_was_read_is_told_with_the_samples(open_session, shard):
    x = np.load(shard)
    x[3] = np.nan
    np.save(shard, x)
    bad = PRESET.format(engine="eager").replace("n = 200", 'n = 20\non_bad_rows = "skip"')
    session = open_session(bad)
    session.advance(120)
    assert session.latest().data.endswith("1 row skipped, not finite (shard-2.npy 1)")
