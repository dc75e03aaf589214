"""The root stands first, and what it leads to is its evidence."""

from typing import Any

from dicttui.diagnosis import ranking
from dicttui.diagnosis.registry import CAUSES
from dicttui.diagnosis.trials import Compared
from dicttui.training.finding import Effect, Status


def _tried(found: list[ranking.Suspected], **status: Status) -> list[ranking.Suspected]:
    made = []
    for one in found:
        if one.cause.id in status and one.suspicion.remedies:
            effect = Effect("fvu", (1.0, 1.0, 1.0), (0.1, 0.1, 0.1), 100, "fvu 1 → 0.1")
            tried = Compared(one.suspicion.remedies[0], status[one.cause.id], effect, 2.3)
            made.append(ranking.with_trial(one, tried))
        else:
            made.append(one)
    return made


def test_the_root_takes_in_its_states_and_lesser_causes(numbers: Any) -> None:
    q = numbers(
        {"penalty": "sum"}, penalty_growth=2, fvu=1.0, silent_fraction=1.0, penalty_share=0.5
    )
    found = _tried(ranking.suspects(q), penalty_depends_on_batch="confirmed")
    findings = ranking.ranked(found, q, tried=True)
    assert findings[0].cause == "penalty_depends_on_batch"
    assert {"code_collapse", "penalty_too_strong"} <= set(findings[0].states)
    assert "code_collapse" not in {finding.cause for finding in findings}


def test_what_was_tried_in_vain_comes_last_and_does_not_count(numbers: Any) -> None:
    q = numbers({"project": "none"}, radial_share=0.9, noise_over_signal=50)
    found = _tried(ranking.suspects(q), radial_leakage="refuted", noise_floor="confirmed")
    findings = ranking.ranked(found, q, tried=True)
    assert [finding.status for finding in findings] == ["confirmed", "refuted"]
    assert findings[0].confidence > 0.5 > findings[1].confidence


def test_healthy_stands_alone(numbers: Any) -> None:
    q = numbers({"project": "none"}, radial_share=0.9)
    (only,) = ranking.ranked(_tried(ranking.suspects(q), radial_leakage="refuted"), q, tried=True)
    assert only.cause == "healthy"
    assert only.answer == "none"


def test_a_ripple_that_no_smaller_rate_mends_is_healthy(numbers: Any) -> None:
    q = numbers(full_batch=1, sharpness_ratio=1.0, rising_share=0.4)
    found = _tried(ranking.suspects(q), edge_of_stability="refuted", step_too_large="refuted")
    (only,) = ranking.ranked(found, q, tried=True)
    assert only.cause == "healthy"
    assert "ripples" in only.line


def test_a_run_that_is_bad_is_never_called_healthy(numbers: Any) -> None:
    q = numbers(fvu=1.05, penalty_share=0.6)
    found = _tried(ranking.suspects(q), penalty_too_strong="refuted")
    first, *_ = ranking.ranked(found, q, tried=True)
    assert first.cause != "healthy"
    assert first.status == "suspected"


def test_what_can_be_read_off_needs_no_trial(numbers: Any) -> None:
    q = numbers({"not_trained": "W_dec", "frozen": "W_dec"}, frozen_fraction=0.5, loss_trend=-0.5)
    found = _tried(ranking.suspects(q), step_too_small="confirmed")
    first, *_ = ranking.ranked(found, q, tried=True)
    assert first.cause == "frozen_parameters"
    assert "step_too_small" in first.states
    assert first.untested
    assert CAUSES[first.cause].answer == "implementation"
