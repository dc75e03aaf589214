"""Every number of a snapshot, computed again by hand from the same weights."""

import math

import pytest
import torch

from dicttui.training.interventions import Pause, Resume, SetLearningRate
from dicttui.training.observation import EndObservation, Observer, StepObservation
from dicttui.training.snapshot import View

PLANTED = """
[data]
kind = "planted"
d_in = 8
n_atoms = 12
mean_l0 = 2
n = 400
held_out = 100
batch_size = 40
[network]
kind = "relu"
dict_size = 20
l1_coefficient = 0.1
[training]
steps = 4000
dead_feature_window = 50
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
"""


class Recorder(Observer):
    def __init__(self, every):
        self.every = every
        self.steps: list[StepObservation] = []
        self.receipts = []
        self.ends: list[EndObservation] = []

    def step(self, observation):
        self.steps.append(observation)

    def receipt(self, receipt):
        self.receipts.append(receipt)

    def end(self, observation):
        self.ends.append(observation)


def network_before(open_session, text, step):
    """The run's network as it is before the update of a step."""
    session = open_session(text)
    session.advance(step)
    run = session._trainer.experiment.runs[0]
    return run.trainable.network, run.trainable.samples


def test_metrics_belong_to_the_loss_beside_them(open_session):
    session = open_session(PLANTED)
    session.advance(60)
    run = session.latest().runs[0]
    assert run.metrics_step == 59
    assert sum(run.terms.values()) == pytest.approx(run.loss, rel=1e-6)

    network, samples = network_before(open_session, PLANTED, 59)
    x, held = samples.batch(59, torch.device("cpu")), samples.held_out
    with torch.no_grad():
        output, held_output = network(x), network(held)
    metrics = run.metrics
    assert metrics["mse"] == pytest.approx(((output.reconstruction - x) ** 2).mean().item())
    assert metrics["l1"] == pytest.approx(output.code.abs().sum().item() / 40)
    assert metrics["l0"] == pytest.approx((output.code != 0).sum().item() / 40)
    error = ((held_output.reconstruction - held) ** 2).sum()
    variance = ((held - held.mean(0)) ** 2).sum()
    assert metrics["fvu"] == pytest.approx((error / variance).item(), rel=1e-5)
    assert metrics["held_out_l0"] == pytest.approx(
        (held_output.code != 0).float().sum(1).mean().item(), rel=1e-5
    )
    norms = network.W_dec.norm(dim=1)
    assert run.norms.values == pytest.approx(norms.tolist(), rel=1e-6)
    assert run.norms.ratio == pytest.approx((norms.max() / norms.min()).item(), rel=1e-5)
    assert metrics["norm_ratio"] == run.norms.ratio
    assert run.atom_norms is None, "the decoder's rows are the atoms"
    cosines = (
        torch.nn.functional.normalize(samples.true_atoms)
        @ torch.nn.functional.normalize(network.W_dec).T
    )
    assert metrics["mmcs"] == pytest.approx(cosines.max(1).values.mean().item(), rel=1e-4)
    assert 0 < metrics["mmcs_random"] < 1


def test_held_out_curves_come_with_the_train_curves(open_session):
    session = open_session(PLANTED)
    session.view(View(series=("mse",)))
    session.advance(5)
    run = session.latest().runs[0]
    assert set(run.series) == {"mse", "held_out_mse", "held_out_loss"}
    assert run.series["held_out_mse"].last[-1] == run.metrics["held_out_mse"]
    assert run.metrics["held_out_loss"] == run.held_out_loss
    assert run.metrics["norm_max"] == run.norms.maximum


def test_held_out_loss_is_that_of_all_held_out_samples(open_session):
    session = open_session(PLANTED)
    session.advance(10)
    network, samples = network_before(open_session, PLANTED, 9)
    with torch.no_grad():
        terms = network.loss_terms(samples.held_out, network(samples.held_out))
    found = session.latest().runs[0].held_out_loss
    assert found == pytest.approx(sum(terms.values()).item(), rel=1e-6)


@pytest.mark.parametrize(("held_out", "batch_size"), [(20, 0), (60, 0), (30, 50), (70, 30)])
def test_a_penalty_summed_over_the_batch_weighs_on_held_out_samples_as_on_a_batch(
    open_session, held_out, batch_size
):
    text = f"""
        [data]
        kind = "gaussian"
        held_out = {held_out}
        batch_size = {batch_size}
        [network]
        kind = "sparse"
        [[runs]]
        name = "adam"
        optimizer = "Adam"
        lr = 0.01
    """
    session = open_session(text)
    session.advance(4)
    network, samples = network_before(open_session, text, 3)
    with torch.no_grad():
        output = network(samples.held_out)
    error = (output.reconstruction - samples.held_out).square().mean().item()
    penalty = 0.01 * output.code.abs().sum(1).mean().item() * (batch_size or 100)
    found = session.latest().runs[0].held_out_loss
    assert found == pytest.approx(error + penalty, rel=1e-5)


def test_atoms_that_are_the_dictionary_by_another_view_are_not_shown_twice(open_session, tmp_path):
    (tmp_path / "columns_module.py").write_text(
        """
import torch
from torch import nn

class Columns(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.decoder = nn.Linear(4, d_in)
    @property
    def dictionary(self):
        return self.decoder.weight.T
    def forward(self, x):
        code = x @ self.dictionary.T
        return self.decoder(code), code
    def loss_terms(self, x, output):
        return {"error": (output.reconstruction - x).square().mean()}
"""
    )
    session = open_session(
        """
        [network]
        kind = "user"
        factory = "columns_module:Columns"
        [[runs]]
        name = "run"
        optimizer = "Adam"
        lr = 0.01
        """
    )
    session.advance(2)
    assert session.latest().runs[0].norms is not None
    assert session.latest().runs[0].atom_norms is None


def test_many_atoms_that_die_are_noticed_however_seldom_a_fast_run_is_measured(open_session):
    session = open_session(PLANTED)
    session.advance(100)
    assert session.latest().runs[0].metrics["dead_fraction"] < 0.2
    assert session.latest().runs[0].alerts == ()
    session.submit(SetLearningRate(lr=0.3))
    session.advance(800)
    run = session.latest().runs[0]
    assert run.metrics["dead_fraction"] > 0.5
    assert [alert.kind for alert in run.alerts] == ["dead_atoms"]


def test_an_atom_is_dead_after_the_window_and_not_before(open_session):
    text = PLANTED.replace("lr = 0.01", "lr = 0.5").replace("0.1\n[training]", "3.0\n[training]")
    session = open_session(text)
    session.advance(49)
    assert session.latest().runs[0].metrics["dead_fraction"] is None
    session.advance(251)
    fraction = session.latest().runs[0].metrics["dead_fraction"]
    _network, _samples = network_before(open_session, text, 300)
    fired = torch.zeros(20, dtype=torch.bool)
    again = open_session(text)
    again.advance(250)
    run = again._trainer.experiment.runs[0]
    for step in range(250, 300):
        with torch.no_grad():
            code = run.trainable.network(
                run.trainable.samples.batch(step, torch.device("cpu"))
            ).code
        fired |= (code != 0).any(0)
        again.advance(1)
    assert fraction == pytest.approx((~fired).float().mean().item())
    assert fraction > 0, "nothing died: the test shows nothing"


def test_a_window_in_samples_is_so_many_steps(open_session):
    session = open_session(
        PLANTED.replace("dead_feature_window = 50", "dead_feature_window_samples = 401")
    )
    session.advance(0)
    assert session._trainer.experiment.runs[0].dead_window == 11


def test_observers_see_every_so_many_steps_and_the_last(open_session):
    every_seven, every_step = Recorder(7), Recorder(1)
    session = open_session(
        PLANTED.replace("steps = 4000", "steps = 30"), observers=[every_seven, every_step]
    )
    session.advance(100)
    assert [o.step for o in every_seven.steps] == [0, 7, 14, 21, 28, 29]
    assert [o.step for o in every_step.steps] == list(range(30))
    bare = open_session(PLANTED)
    bare.advance(30)
    assert [o.loss for o in every_step.steps] == list(bare.latest().runs[0].loss_series.last)
    (end,) = every_seven.ends
    assert (end.run, end.state, end.steps) == ("adam", "finished", 30)
    assert end.loss == every_step.steps[-1].loss
    assert end.best_loss == min(o.loss for o in every_step.steps)
    assert len(end.row_norms) == 20


def test_watching_changes_no_number(open_session):
    watched, alone = open_session(PLANTED), open_session(PLANTED)
    watched.view(View(rows_of=("adam",)))
    for _ in range(20):
        watched.advance(3)
    alone.advance(60)
    assert watched.latest().runs[0].loss_series.last == alone.latest().runs[0].loss_series.last


def test_rows_follow_each_atom(open_session):
    session = open_session(PLANTED)
    session.submit(Pause())
    session.view(View(rows_of=("adam",)))
    session.advance(0)
    first = session.latest().runs[0].rows
    assert session.latest().runs[0].rows_step == 0
    session.submit(Resume())
    assert [row.index for row in first] == list(range(20))
    assert all(row.change == 0 and row.update_ratio is None for row in first)
    session.advance(1)
    ratios = []
    for step in range(1, 31):
        before = session._trainer.experiment.runs[0].trainable.network.W_dec.detach().clone()
        session.advance(1)
        after = session._trainer.experiment.runs[0].trainable.network.W_dec.detach()
        ratios.append((after - before).norm(dim=1) / before.norm(dim=1))
        assert session._trainer.experiment.runs[0].step == step + 1
    session._trainer.experiment.runs[0].rows._cost = 0.0
    session.advance(0)
    rows = session.latest().runs[0].rows
    assert session.latest().runs[0].rows_step == 31
    expected = torch.stack(ratios[-20:]).quantile(0.5, dim=0)
    assert [row.update_ratio for row in rows] == pytest.approx(expected.tolist(), rel=1e-4)
    effective = (after - before).square().mean(dim=1).sqrt()
    assert [row.effective_step for row in rows] == pytest.approx(effective.tolist(), rel=1e-4)
    radial = ((after - before) * before).sum(1).abs() / before.norm(dim=1)
    radial /= (after - before).norm(dim=1)
    assert [row.radial_share for row in rows] == pytest.approx(radial.tolist(), rel=1e-3)
    # Adam's step is lr times this ratio.
    assert [row.adam_ratio for row in rows] == pytest.approx((effective / 0.01).tolist(), rel=1e-3)
    network, samples = network_before(open_session, PLANTED, 31)
    assert [row.norm for row in rows] == pytest.approx(network.W_dec.norm(dim=1).tolist(), rel=1e-6)
    with torch.no_grad():
        frequency = (network(samples.probe(torch.device("cpu"))).code != 0).float().mean(0)
    assert [row.firing_frequency for row in rows] == pytest.approx(frequency.tolist())
    assert all(0 <= row.nearest_true < 12 and abs(row.cosine) <= 1 for row in rows)
    session.view(View())
    session.advance(0)
    assert session.latest().runs[0].rows == ()


@pytest.mark.parametrize(
    ("kind", "penalty", "expected"),
    [
        ("sparse", "sum", 10.0),
        ("sparse", "mean", 0.1),
        ("relu", None, 0.01),
        ("simple", None, None),
    ],
)
def test_lambda_in_field_units(open_session, kind, penalty, expected):
    text = f'[network]\nkind = "{kind}"\n'
    if kind != "simple":
        text += "l1_coefficient = 0.01\n"
    if penalty:
        text += f'penalty = "{penalty}"\n'
    session = open_session(text + '[[runs]]\noptimizer = "SGD"\nlr = 0.01\n')
    session.advance(0)
    found = session.latest().runs[0].lambda_field
    assert found == (None if expected is None else pytest.approx(expected))


def test_ripple_of_the_article_at_its_optimum(open_session):
    """Adam rises on about 40 % of steps there, SGD at 0.01 on none."""
    session = open_session(
        """
        [network]
        kind = "simple"
        [training]
        steps = 3000
        [[runs]]
        optimizer = "Adam"
        lr = 0.01
        [[runs]]
        optimizer = "SGD"
        lr = 0.01
        """
    )
    session.advance(10)
    assert session.latest().runs[0].ripple is None, "ten steps tell no ripple"
    session.advance(2990)
    adam, sgd = session.latest().runs
    assert 0.2 < adam.rising_share < 0.6
    assert sgd.rising_share < 0.02
    assert adam.loss_floor == pytest.approx(0.351, abs=5e-4)
    assert adam.loss == pytest.approx(adam.loss_floor, rel=0.01)
    assert "rank-5" in adam.loss_floor_label


def test_a_paused_screen_shows_one_step(open_session):
    session = open_session(PLANTED)
    session.advance(7)
    for _ in range(5):
        session._trainer._chunk_of_steps(3)
    session.submit(Pause())
    session.advance(0)
    run = session.latest().runs[0]
    assert run.metrics_step == run.step - 1 == run.loss_series.steps[-1]
    assert sum(run.terms.values()) == pytest.approx(run.loss, rel=1e-6)
    assert math.isfinite(run.loss)
