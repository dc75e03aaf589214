"""Each failure mode is suspected by the numbers that speak for it, and by no healthy ones."""

import math
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from dicttui.diagnosis.registry import CAUSES
from dicttui.preset.changing import changed
from dicttui.preset.reading import read
from dicttui.training.finding import Answer

ASKED_FOR = (
    "diverged",
    "step_too_large",
    "step_too_small",
    "edge_of_stability",
    "noise_floor",
    "second_moment_too_large",
    "second_moment_too_small",
    "epsilon_dominates",
    "radial_leakage",
    "scale_degeneracy",
    "code_collapse",
    "penalty_too_strong",
    "penalty_depends_on_batch",
    "penalty_saturated",
    "dead_atoms",
    "duplicate_atoms",
    "shrinkage",
    "bad_initialisation",
    "unscaled_data",
    "bad_samples",
    "frozen_parameters",
    "precision_lost",
    "overfit",
    "no_structure",
)
FREE = {"constraint": "none"}
SHOWN: dict[str, tuple[dict[str, float], dict[str, str]]] = {
    "diverged": ({"diverged": 1}, {"ended": "loss is nan at step 7"}),
    "step_too_large": ({"loss_peak_over_first": 40}, {}),
    "step_too_small": ({"loss_trend": -0.4, "most_change": 0.01}, {}),
    "edge_of_stability": ({"full_batch": 1, "sharpness_ratio": 1.0, "rising_share": 0.4}, {}),
    "noise_floor": ({"noise_over_signal": 50, "batch_size": 8}, {}),
    "second_moment_too_large": ({"staleness": 2.0, "beta2": 0.99999}, {}),
    "second_moment_too_small": ({"beta2": 0.1}, {}),
    "epsilon_dominates": ({"epsilon_share": 0.99, "eps": 1.0}, {}),
    "radial_leakage": ({"radial_share": 0.8}, {"project": "none"}),
    "scale_degeneracy": ({"norm_ratio": 20, "norm_growth": 4}, FREE),
    "code_collapse": ({"l0_share": 0.0, "silent_fraction": 1.0, "fvu": 1.0}, {}),
    "penalty_too_strong": ({"fvu": 0.7, "penalty_share": 0.5}, {}),
    "penalty_depends_on_batch": ({"penalty_growth": 2.0, "fvu": 1.0}, {"penalty": "sum"}),
    "penalty_saturated": ({"penalty_share_most": 0.999, "fvu": 0.8}, {}),
    "dead_atoms": ({"silent_fraction": 0.5, "recovered": 0.4}, {}),
    "duplicate_atoms": ({"duplicate_fraction": 0.4}, {"init": "data"}),
    "shrinkage": ({"shrinkage": 1.4, "fvu": 0.3, "fvu_rescaled": 0.2}, {}),
    "bad_initialisation": ({"fvu_start": 100}, {}),
    "unscaled_data": ({"offset": 8}, {}),
    "bad_samples": ({"outliers": 0.001, "outlier_worst": 300, "outlier_gap": 40}, {}),
    "frozen_parameters": ({"frozen_fraction": 0.4}, {"frozen": "W_dec"}),
    "precision_lost": ({"lost_updates": 0.8}, {"low_precision": "bfloat16"}),
    "overfit": ({"fvu_train": 0.01}, {}),
    "no_structure": ({"structure": 0.3, "fvu": 0.5}, {}),
}


def test_every_failure_mode_that_is_promised_is_there() -> None:
    assert set(ASKED_FOR) <= CAUSES.keys()


@pytest.mark.parametrize("cause", CAUSES.values(), ids=list(CAUSES))
def test_it_says_what_it_is(cause: Any) -> None:
    assert cause.answer in get_args(Answer)
    assert 2 <= len(re.findall(r"[^.]\.(?:\s|$)", cause.mechanism)) <= 3, cause.mechanism
    assert cause.source
    assert cause.against
    assert set(cause.leads_to) <= CAUSES.keys() - {cause.id}


def test_states_have_causes_behind_them() -> None:
    for state in (cause for cause in CAUSES.values() if cause.state):
        roots = [c for c in CAUSES.values() if state.id in c.leads_to and not c.state]
        assert len(roots) >= 2, state.id


@pytest.mark.parametrize("cause", CAUSES)
def test_its_numbers_make_it_suspected(cause: str, numbers: Any) -> None:
    different, facts = SHOWN[cause]
    found = CAUSES[cause].suspect(numbers(facts, **different))
    assert found is not None
    assert 0.3 <= found.strength <= 1
    assert found.remedies or found.untested or CAUSES[cause].state
    assert all(evidence.label for evidence in found.evidence)


@pytest.mark.parametrize("cause", CAUSES)
def test_healthy_numbers_and_missing_ones_do_not(cause: str, numbers: Any) -> None:
    assert CAUSES[cause].suspect(numbers()) is None
    nothing = numbers(**dict.fromkeys(numbers(), math.nan))
    nothing.facts.clear()
    nothing.known.clear()
    assert CAUSES[cause].suspect(nothing) is None


@pytest.mark.parametrize("cause", CAUSES)
def test_its_remedies_are_settings_that_a_preset_takes(cause: str, numbers: Any) -> None:
    different, facts = SHOWN[cause]
    found = CAUSES[cause].suspect(numbers(facts, **different))
    assert found is not None
    name = "article-sparse" if cause == "penalty_depends_on_batch" else "sae-relu"
    preset = read(name)
    preset = preset.model_copy(update={"runs": preset.runs[:1]})
    for remedy in found.remedies:
        changed(preset, [(s.key, s.value) for s in remedy.settings])


def test_the_readme_says_what_each_makes_of_the_question() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", readme, re.M))
    for cause in CAUSES.values():
        assert told[cause.id] == ("state" if cause.state else cause.answer)
