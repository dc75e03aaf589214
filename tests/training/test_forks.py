"""Forks: the same weights, the same batches, and one thing different."""

import pytest
from reading_state import weights

from dicttui.training.finding import Setting
from dicttui.training.interventions import (
    Fork,
    Pause,
    Restart,
    SetLearningRate,
    Undo,
)

RELU = """
[data]
kind = "planted"
n = 300
d_in = 6
n_atoms = 9
mean_l0 = 2
batch_size = 32
[network]
kind = "relu"
dict_size = 12
l1_coefficient = 0.1
[training]
steps = 200
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
dictionary_lr_scale = 0.5
"""


@pytest.fixture
def session(open_session):
    opened = open_session(RELU)
    opened.advance(40)
    return opened


def ask(session, intervention):
    number = session.submit(intervention)
    session.advance(0)
    return next(r for r in reversed(session.receipts(0)) if r.id == number)


def run_of(session, name):
    return session._trainer.experiment.run(name)


def shown(session, name):
    return next(run for run in session.latest().runs if run.name == name)


def test_a_fork_in_which_nothing_differs_makes_the_same_steps(session):
    receipt = ask(session, Fork("adam"))
    assert receipt.status == "applied"
    (change,) = receipt.changes
    assert (change.run, change.step) == ("adam-2", 40)
    assert change.after == "fork of adam: lr 0.01, dictionary 0.005"
    session.advance(50)
    one, other = run_of(session, "adam"), run_of(session, "adam-2")
    assert one.step == other.step == 90
    assert weights(one) == weights(other)
    fork = shown(session, "adam-2")
    assert (fork.parent, fork.forked_at) == ("adam", 40)
    assert fork.loss_series.steps == tuple(range(40, 90)), "its curve begins where it differs"
    assert fork.loss_series.last == shown(session, "adam").loss_series.last[40:]


def test_what_if_i_had_halved_it(session, open_session):
    ask(session, Fork("adam", lr=0.005))
    session.advance(50)
    halved = open_session(RELU)
    halved.advance(40)
    ask(halved, SetLearningRate("adam", factor=0.5))
    halved.advance(50)
    assert weights(run_of(session, "adam-lr0.005")) == weights(run_of(halved, "adam"))
    straight = open_session(RELU)
    straight.advance(90)
    assert weights(run_of(session, "adam")) == weights(run_of(straight, "adam")), "undisturbed"


def test_another_optimizer_begins_with_an_empty_state(session):
    before = weights(run_of(session, "adam"))
    receipt = ask(session, Fork("adam", optimizer="SGD", lr=0.1))
    assert receipt.changes[0].note == "SGD"
    fork = run_of(session, "adam-sgd-lr0.1")
    assert type(fork.trainable.optimizers[0]).__name__ == "SGD"
    same = {name for name in before if not name[0].isdigit()}
    assert {name: weights(fork)[name] for name in same} == {name: before[name] for name in same}
    session.advance(20)
    assert shown(session, "adam-sgd-lr0.1").optimizer == "SGD"


def test_constraint_and_penalty(session):
    ask(session, Fork("adam", constraint="unit_norm"))
    receipt = ask(session, Fork("adam", l1_coefficient=2.0))
    assert receipt.changes[0].note == "l1_coefficient 2"
    session.advance(30)
    assert shown(session, "adam-unit_norm").norms.maximum == pytest.approx(1, abs=1e-5)
    assert shown(session, "adam").norms.maximum != pytest.approx(1, abs=1e-3)
    heavy, light = (shown(session, name) for name in ("adam-l1_2", "adam"))
    assert heavy.l1_coefficient == 2.0
    assert heavy.metrics["l1"] < light.metrics["l1"]
    assert heavy.objective != light.objective


def test_a_fork_from_step_0_is_the_run_that_the_preset_would_have_had(session, open_session):
    settings = (Setting("network.dict_size", "7"), Setting("betas", "[0.9, 0.99]"))
    receipt = ask(session, Fork("adam", settings=settings, begins="step_0"))
    (change,) = receipt.changes
    assert change.step == 0
    assert "network.dict_size = 7, betas = [0.9, 0.99]" in change.note
    forked = run_of(session, change.run)
    session.advance(20)
    as_preset = RELU.replace("dict_size = 12", "dict_size = 7").replace(
        "lr = 0.01\n", "lr = 0.01\nbetas = [0.9, 0.99]\n"
    )
    fresh = open_session(as_preset)
    fresh.advance(20)
    begun, made = weights(forked), weights(run_of(fresh, "adam"))
    # Neither draws: where the random stream stands is of the first network that was built.
    del begun["random"], made["random"]
    assert begun == made
    assert shown(session, "adam").step == 60


def test_settings_of_a_fork_go_on_from_the_present_weights(session):
    receipt = ask(session, Fork("adam", settings=(Setting("eps", "1e-4"),)))
    fork = run_of(session, receipt.changes[0].run)
    assert fork.step == 40
    assert fork.specification.arguments.eps == 1e-4
    kept = weights(run_of(session, "adam"))
    # Other arguments of an optimizer begin with an empty state, as another optimizer does.
    assert all(kept[name] == value for name, value in weights(fork).items())


@pytest.mark.parametrize(
    ("fork", "why"),
    [
        (Fork("nobody"), "no run 'nobody'"),
        (Fork("adam", optimizer="Adamantium"), "there is no optimizer 'Adamantium'"),
        (Fork("adam", optimizer="Rprop"), "not with minibatches"),
        (Fork("adam", lr=-1.0), "lr"),
        (Fork("adam", name="adam"), "there is, or was, a run called 'adam'"),
        (Fork("adam", name="no such name!"), "name"),
        (Fork("adam", settings=(Setting("lrr", "1"),)), "lrr"),
        (Fork("adam", settings=(Setting("data.scaling", '"center"'),)), "all runs share it"),
        (
            Fork("adam", settings=(Setting("network.kind", '"user"'),), begins="step_0"),
            "factory",
        ),
    ],
)
def test_a_fork_that_cannot_be_changes_nothing(session, fork, why):
    receipt = ask(session, fork)
    assert receipt.status == "failed"
    assert why in receipt.reason
    assert [run.name for run in session.latest().runs] == ["adam"]
    session.advance(5)
    assert shown(session, "adam").step == 45


def test_a_network_without_a_penalty_has_none_to_set(open_session):
    session = open_session()
    session.advance(3)
    receipt = ask(session, Fork("adam", l1_coefficient=1.0))
    assert receipt.reason == "the network of adam has no penalty that could be set"


def test_there_are_sixteen_runs_at_most(session):
    for _ in range(15):
        assert ask(session, Fork("adam")).status == "applied"
    receipt = ask(session, Fork("adam"))
    assert receipt.reason == "there are 16 runs already, the most there can be"
    session.advance(3)
    assert {run.step for run in session.latest().runs} == {43}


def test_a_fork_is_taken_back_and_its_name_not_given_again(session):
    ask(session, Fork("adam"))
    session.advance(10)
    receipt = ask(session, Undo("adam-2"))
    assert receipt.changes[0].after == "gone"
    assert [run.name for run in session.latest().runs] == ["adam"]
    assert shown(session, "adam").step == 50
    ask(session, Fork("adam"))
    assert [run.name for run in session.latest().runs] == ["adam", "adam-3"]


def test_a_forks_changes_are_its_own(session):
    ask(session, Fork("adam"))
    session.advance(10)
    ask(session, SetLearningRate("adam-2", factor=2.0))
    session.advance(10)
    ask(session, Undo("adam-2"))
    assert (shown(session, "adam-2").step, shown(session, "adam").step) == (50, 60)


def test_a_paused_run_has_a_paused_fork_and_a_finished_one_goes_on(session):
    ask(session, Pause())
    ask(session, Fork("adam"))
    assert shown(session, "adam-2").state == "paused"
    ask(session, Undo("adam-2"))
    from dicttui.training.interventions import Resume

    ask(session, Resume())
    session.advance(500)
    receipt = ask(session, Fork("adam"))
    assert "end at 400" in receipt.changes[0].note
    session.advance(10)
    assert (shown(session, "adam-3").state, shown(session, "adam-3").step) == ("running", 210)


def test_back_to_the_start_a_fork_is_at_its_forebears(session):
    ask(session, Fork("adam", lr=0.004))
    session.advance(10)
    ask(session, Restart())
    assert weights(run_of(session, "adam")) == weights(run_of(session, "adam-lr0.004"))
    assert shown(session, "adam-lr0.004").lr == 0.004


def test_what_it_takes_is_said_before(session):
    parameters = 2 * 12 * 6 + 12 + 6
    bytes_ = shown(session, "adam").fork_bytes
    # Weights, gradients, two moments, and the counters of firing and of steps.
    assert 4 * 4 * parameters <= bytes_ <= 4 * 4 * parameters + 500
