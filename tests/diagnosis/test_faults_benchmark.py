"""The benchmark by which the diagnosis is judged: what it declares is sound."""

import sys
from pathlib import Path

import pytest

from dicttui.networks.registry import build

# Benchmarks are not collected, and with --import-mode=importlib not importable by name.
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from faults.injections import ALL
from faults.settings import SETTINGS
from faults.split import DEV_SEEDS, DEV_SETTINGS, HELD_OUT_SEEDS, HELD_OUT_SETTINGS
from faults.tables import preset_of


def test_settings_and_seeds_are_held_out_whole() -> None:
    assert not set(DEV_SETTINGS) & set(HELD_OUT_SETTINGS)
    assert {*DEV_SETTINGS, *HELD_OUT_SETTINGS} == set(SETTINGS)
    assert not set(DEV_SEEDS) & set(HELD_OUT_SEEDS)
    assert min(len(DEV_SEEDS), len(HELD_OUT_SEEDS)) >= 5


def test_every_cause_has_three_settings_of_which_one_is_held_out() -> None:
    of_cause: dict[str, set[str]] = {}
    for cause, setting in ALL:
        of_cause.setdefault(cause, set()).add(setting)
    for cause, settings in of_cause.items():
        assert len(settings) >= 3, cause
        assert settings & set(HELD_OUT_SETTINGS), cause
        assert settings & set(DEV_SETTINGS), cause


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_a_preset(name: str) -> None:
    preset = preset_of(SETTINGS[name].table(), 0, name)
    assert len(preset.runs) == 1


@pytest.mark.parametrize("cause", dict.fromkeys(cause for cause, _ in ALL))
def test_an_injection_is_a_preset(cause: str) -> None:
    for (of, _), injection in ALL.items():
        if of != cause:
            continue
        preset = injection.make(0)
        assert injection.accepted >= {cause}
        if preset.network.kind == "user":
            build(preset.runs[0].network, 10, preset.directory)
