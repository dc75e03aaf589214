"""scikit-learn's dictionary learning as a run among others."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import MiniBatchDictionaryLearning

from dicttui.networks.reference import random_seed
from dicttui.training.interventions import (
    Fork,
    MoveToDevice,
    ResetOptimizer,
    Restart,
    SetLearningRate,
    Undo,
)

# Which pytest shows though the program does not.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
CPU = torch.device("cpu")
STEPS = 6
BESIDE_ADAM = """
[data]
kind = "planted"
n = 600
d_in = 6
n_atoms = 9
mean_l0 = 2
held_out = 550
batch_size = 12
[network]
kind = "relu"
dict_size = 20
init = "data"
[training]
steps = 40
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "reference"
optimizer = "MiniBatchDictionaryLearning"
alpha = 0.3
fit_algorithm = "cd"
transform_algorithm = "{transform}"
"""


@pytest.fixture
def session(open_session):
    return open_session(BESIDE_ADAM.format(transform="lasso_cd"))


def run_of(session, name="reference"):
    return session._trainer.experiment.run(name)


def shown(session, name="reference"):
    return next(run for run in session.latest().runs if run.name == name)


def state_of(session, name="reference"):
    return {k: v.clone() for k, v in run_of(session, name).trainable.network.state_dict().items()}


def ask(session, intervention):
    number = session.submit(intervention)
    session.advance()
    return [receipt for receipt in session.receipts(0) if receipt.id == number][-1]


def same(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


def theirs(session, **arguments):
    """scikit-learn's own learner that has seen the batches that the run has seen."""
    run, adam = run_of(session), run_of(session, "adam")
    learner = MiniBatchDictionaryLearning(
        n_components=20,
        dict_init=adam.initial.dictionary.numpy().copy(),
        random_state=random_seed(0),
        **arguments,
    )
    for step in range(run.step):
        learner.partial_fit(run.trainable.samples.batch(step, CPU).numpy())
    return learner


def test_it_learns_what_scikit_learn_learns_from_the_same_batches(session):
    session.advance(STEPS)
    learner = theirs(session, alpha=0.3, fit_algorithm="cd", transform_algorithm="lasso_cd")
    network = run_of(session).trainable.network
    # Few batches leave some of the atoms unused, so that they were drawn anew.
    assert learner._random_state.get_state()[2] != np.random.RandomState(0).get_state()[2]
    assert np.array_equal(learner.components_, network.atoms.numpy())
    x = run_of(session).trainable.samples.probe(CPU)
    assert np.array_equal(learner.transform(x.numpy()), network(x).code.numpy())


def test_it_is_scored_as_the_others_are(session):
    session.advance()
    run, samples = shown(session), session._trainer.experiment.samples
    assert run.metrics.keys() == shown(session, "adam").metrics.keys()
    network, x = run_of(session).trainable.network, samples.fvu_set(CPU)
    assert len(x) == 512
    assert "512 measured" in session.latest().data
    code = network(x).code
    rest = (x - code @ network.atoms).square().sum() / (x - x.mean(0)).square().sum()
    assert run.metrics["fvu"] == pytest.approx(rest.item(), rel=1e-5)
    assert run.metrics["held_out_l0"] == pytest.approx((code != 0).sum(1).float().mean().item())
    assert 0 <= run.metrics["recovered"] <= 1


@pytest.mark.parametrize("transform", ["lasso_cd", "omp"])
def test_the_loss_is_mairals_objective_whatever_it_is_measured_by(open_session, transform):
    session = open_session(BESIDE_ADAM.format(transform=transform))
    session.advance(1)
    run = shown(session)
    assert sum(run.terms.values()) == pytest.approx(run.loss, rel=1e-6)
    assert run.loss == pytest.approx(open_loss(session), rel=1e-4)
    # omp takes a tenth of the features, and at least one.
    assert (run.metrics["held_out_l0"] == 1) == (transform == "omp")


def open_loss(session):
    """Of step 0, by scikit-learn's lars, which is exact."""
    from sklearn.decomposition import sparse_encode

    run = run_of(session)
    x, rows = run.trainable.samples.batch(0, CPU).numpy(), run.initial.dictionary.numpy()
    code = sparse_encode(x, rows, algorithm="lasso_lars", alpha=0.3)
    return (0.5 * ((x - code @ rows) ** 2).sum() + 0.3 * np.abs(code).sum()) / len(x)


def test_it_has_no_learning_rate_and_says_so(session):
    session.advance(1)
    run = shown(session)
    assert (run.lr, run.base_lr, run.schedule) == (None, None, "")
    assert (run.engine, run.lambda_field, run.l1_coefficient) == ("scikit-learn", 0.6, 0.3)
    receipt = ask(session, SetLearningRate("reference", factor=2.0))
    assert receipt.status == "failed"
    assert "reference has no learning rate" in receipt.reason
    both = ask(session, SetLearningRate(lr=0.5))
    assert [(c.run, bool(c.failed)) for c in both.changes] == [("adam", False), ("reference", True)]


def test_it_stays_on_the_cpu_while_the_others_move(session, monkeypatch):
    session.advance(1)
    monkeypatch.setattr("dicttui.training.devices.resolve", lambda name, *_: torch.device(name))
    receipt = ask(session, MoveToDevice("meta", "reference"))
    assert receipt.reason == "MiniBatchDictionaryLearning works on the cpu alone"
    assert shown(session).device == "cpu"


def test_what_was_changed_is_taken_back_bit_for_bit(session, open_session):
    session.advance(STEPS)
    before = state_of(session)
    receipt = ask(session, ResetOptimizer("reference"))
    assert receipt.changes[0].after == "statistics of past batches empty"
    assert not run_of(session).trainable.network.A.any()
    session.advance(2)
    ask(session, Undo("reference"))
    assert same(before, state_of(session))
    ask(session, Restart("reference"))
    session.advance(STEPS)
    assert same(before, state_of(session))


def test_a_fork_goes_on_alike_but_for_what_is_asked_for(session):
    session.advance(STEPS)
    ask(session, Fork("reference", "twin"))
    assert ask(session, Fork("reference", l1_coefficient=0.6)).status == "applied"
    session.advance(STEPS)
    assert same(state_of(session), state_of(session, "twin"))
    other = shown(session, "reference-alpha0.6")
    assert other.lambda_field == 1.2
    assert other.loss != shown(session).loss


@pytest.mark.parametrize(
    ("fork", "why"),
    [
        (Fork("reference", optimizer="Adam"), "has no network that Adam could train"),
        (Fork("reference", constraint="max_norm"), "keeps its atoms within norm 1 itself"),
        (Fork("reference", lr=0.1), "reference has no learning rate"),
        (Fork("adam", optimizer="MiniBatchDictionaryLearning"), "goes on from no network"),
    ],
)
def test_forks_that_mean_nothing_are_refused(session, fork, why):
    session.advance(1)
    receipt = ask(session, fork)
    assert receipt.status == "failed"
    assert why in receipt.reason


def test_its_rows_are_followed_and_have_no_step_of_an_optimizer(session):
    from dicttui.training.snapshot import View

    session.view(View(rows_of=("reference",)))
    session.advance(STEPS)
    row = shown(session).rows[0]
    assert row.update_ratio is not None
    assert (row.effective_step, row.adam_ratio) == (None, None)


def test_a_checkpoint_goes_on_as_if_nothing_had_happened(session, open_session, tmp_path):
    from dataclasses import replace

    from dicttui.record import moment_files
    from dicttui.training import checkpoints

    session.advance(STEPS)
    other = open_session(BESIDE_ADAM.format(transform="lasso_cd"))
    other.advance(1)
    taken = checkpoints.taken(session._trainer.experiment, 0, None)
    runs = []
    for place, run in enumerate(taken.runs):
        file = tmp_path / f"{place}.safetensors"
        moment_files.write(run.moment, moment_files.digest_of(run.moment), file)
        runs.append(replace(run, moment=moment_files.read(file)))
    checkpoints.put(other._trainer.experiment, replace(taken, runs=tuple(runs)), "cpu")
    for one in (session, other):
        one.advance(STEPS)
    assert shown(other).step == 2 * STEPS
    assert same(state_of(session), state_of(other))
