"""Forks on which a remedy is tried: equal where nothing differs, apart from their run."""

import math
from typing import Any

import pytest
import torch

from dicttui.diagnosis import diagnosing, examining, forks, outcomes, standing, trials
from dicttui.diagnosis.forks import TrialError
from dicttui.diagnosis.quantities import Quantities
from dicttui.diagnosis.settings import keys
from dicttui.training import moments
from dicttui.training.finding import Setting


def _weights(run: Any) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in run.trainable.network.parameters()])


def test_looking_leaves_the_run_as_it_was(origin: Any) -> None:
    made = origin()
    before, drawn = moments.taken(made.run), torch.get_rng_state()
    parameters = list(made.run.trainable.network.parameters())
    gradients = [p.grad.clone() for p in parameters]
    q = examining.examine(made.run, "full")
    outcomes.outcome(made.run)
    after = moments.taken(made.run)
    assert before.tensors.keys() == after.tensors.keys()
    for name, tensor in before.tensors.items():
        assert torch.equal(tensor, after.tensors[name]), name
    assert torch.equal(drawn, torch.get_rng_state())
    assert all(torch.equal(p.grad, g) for p, g in zip(parameters, gradients, strict=True))
    assert {"fvu", "sharpness_ratio", "noise_over_signal", "staleness"} <= set(q)


def test_no_training_waits_until_very_many_atoms_are_compared(
    origin: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(standing, "MOST_COMPARED", 12 * 12 * 8 - 1)
    compared = {"coherence", "duplicate_fraction", "duplicate_start"}
    for hurried, unknown in ((True, compared), (False, set())):
        q = Quantities(hurried=hurried)
        for part in examining.PARTS["economy"]:
            examining.measure(part, origin(12).run, q)
        assert {name for name, why in q.why.items() if "atoms are compared" in why} == unknown


def test_a_fork_without_a_remedy_goes_on_as_the_run_does(origin: Any) -> None:
    made = origin()
    before = _weights(made.run)
    fork = forks.from_here(made, (), 0)
    fork.advance(7, observe=False)
    assert torch.equal(before, _weights(made.run))
    made.run.target, made.run.state = 47, "running"
    made.run.advance(7, observe=False)
    assert torch.equal(_weights(fork), _weights(made.run))


def test_another_order_has_other_batches(origin: Any) -> None:
    made = origin()
    one, other = (forks.from_here(made, (), order) for order in (0, 1))
    assert not torch.equal(
        one.trainable.samples.batch(40, torch.device("cpu")),
        other.trainable.samples.batch(40, torch.device("cpu")),
    )


def test_where_the_batch_is_full_forks_differ_by_a_nudge(origin: Any) -> None:
    made = origin(batch_size=0)
    one, other = (forks.from_here(made, (), order) for order in (0, 1))
    difference = (_weights(one) - _weights(other)).abs().max()
    assert 0 < difference < 0.01


def test_a_larger_batch_is_several_of_the_run(origin: Any) -> None:
    made = origin()
    fork = forks.from_here(made, (Setting("data.batch_size", "128"),), 0)
    x = fork.trainable.samples.batch(3, torch.device("cpu"))
    parts = [made.run.trainable.samples.batch(step, torch.device("cpu")) for step in (6, 7)]
    assert torch.equal(x, torch.cat(parts))


def test_a_fork_from_step_0_begins_as_the_run_began(origin: Any) -> None:
    made = origin()
    same, other = (forks.anew(made, (), order) for order in (0, 1))
    first = made.run.initial.tensors[0]
    assert torch.equal(next(iter(same.trainable.network.parameters())), first)
    assert not torch.equal(next(iter(other.trainable.network.parameters())), first)
    fewer = forks.anew(made, (Setting("network.dict_size", "6"),), 0)
    assert fewer.trainable.network.atoms.shape[0] == 6


def test_a_remedy_that_cannot_be_is_told(origin: Any) -> None:
    made = origin()
    with pytest.raises(TrialError, match="amid a training"):
        forks.from_here(made, (Setting("data.scaling", '"center"'),), 0)
    with pytest.raises(TrialError, match="dict_size"):
        forks.anew(made, (Setting("network.dict_size", "0"),), 0)


def test_a_rate_that_is_too_small_is_confirmed_and_a_vain_remedy_refuted(origin: Any) -> None:
    made = origin(60, lr=1e-5)
    tried = trials.Trials(made, steps=60)
    remedies = [keys("a larger rate", "now", lr="0.01")]
    found = tried.compare(remedies, "loss", 0.1)
    assert found.status == "confirmed"
    assert len(found.effect.without) == trials.ORDERS
    assert all(r < w for r, w in zip(found.effect.remedied, found.effect.without, strict=True))
    vain = tried.compare([keys("another ε", "now", eps="1.1e-8")], "loss", 0.1)
    assert vain.status == "refuted"


def test_whoever_no_longer_wants_a_trial_ends_it(origin: Any) -> None:
    tried = trials.Trials(origin(), steps=10**9, go_on=lambda: False)
    with pytest.raises(trials.GivenUpError):
        tried.compare([keys("another rate", "now", lr="0.02")], "loss", 0.1)


def test_judging() -> None:
    def judge(without: list[float], remedied: list[float]) -> str:
        return trials._judge(without, remedied, 0.1, 1e-30)

    assert judge([1, 1.1, 0.9], [0.5, 0.5, 0.5]) == "confirmed"
    assert judge([1, 1.1, 0.9], [0.98, 1.1, 0.9]) == "refuted"
    assert judge([1, 10, 0.1], [0.5, 5, 0.05]) == "suspected"  # less than they differ themselves
    assert judge([1, 100, 2], [0.5, 0.6, 0.4]) == "confirmed"  # the worst with it beats the best
    assert judge([math.inf] * 3, [1, 1, 1]) == "confirmed"
    assert judge([1, 1, 1], [0.1, math.inf, 0.1]) == "refuted"
    assert judge([math.inf, 1, 1], [0.1, 0.1, 0.1]) == "confirmed"
    assert trials._mean([math.inf, -math.inf, 0.3]) == -math.inf


def test_a_whole_diagnosis_names_the_penalty_that_is_too_strong(origin: Any) -> None:
    made = origin(300, l1=5.0)
    found = diagnosing.of_run(made, "full", tests=True)
    assert found.findings[0].cause == "penalty_too_strong"
    assert found.findings[0].status == "confirmed"
    assert found.findings[0].answer == "objective"
