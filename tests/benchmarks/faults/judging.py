"""One diagnosis of one training, judged: what was said, and whether confirmed remedies hold."""

import math
import time
import tomllib
import traceback
from typing import Any

import torch

from dicttui.preset.problems import PresetError
from dicttui.preset.reading import NETWORK_KINDS
from dicttui.preset.runs import RunKeys
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Finding, Remedy

from .injections import ALL, HEALTHY, healthy
from .outcome import outcome, trained
from .samples import forget_files
from .settings import SETTINGS
from .tables import Table, changed, preset_of

CPU = torch.device("cpu")
FRESH = 1000
"""Added to a training's seed for the fresh runs on which a confirmed remedy is tried again."""
_OBJECTIVE = ("network.l1", "network.l0", "network.penalty", "network.arguments", "network.k",
              "network.scale_sparsity", "data.")  # fmt: skip
"""Keys that make another objective or other samples: losses before and after do not compare."""

Row = dict[str, Any]


def judge(cause: str, setting: str, seed: int, tests: bool) -> Row:
    """Diagnose one training. What goes wrong in it is told in the row as well."""
    torch.set_num_threads(1)
    row: Row = {"cause": cause, "setting": setting, "seed": seed, "tests": tests}
    began = time.perf_counter()
    try:
        from dicttui.diagnosis.diagnosing import diagnose

        preset = healthy(setting, seed) if cause == HEALTHY else ALL[cause, setting].make(seed)
        found = diagnose(preset, tests=tests)
        (run,) = found.runs.values()
        row["said"] = [_plain(finding) for finding in run.findings]
        row["verdict"] = found.verdict.answer
        row["diagnosed_in"] = round(time.perf_counter() - began, 2)
        row["remedies"] = [
            _again(cause, setting, seed, finding)
            for finding in run.findings
            if finding.status == "confirmed" and finding.remedy and finding.remedy.settings
        ]
    except Exception:  # any: a benchmark of many hours goes on with the next
        row["error"] = traceback.format_exc()
    forget_files()
    row["seconds"] = round(time.perf_counter() - began, 2)
    return row


def _plain(finding: Finding) -> Row:
    remedy = finding.remedy
    return {
        "cause": finding.cause,
        "status": finding.status,
        "confidence": round(finding.confidence, 3),
        "states": list(finding.states),
        "remedy": [str(setting) for setting in remedy.settings] if remedy else [],
        "effect": finding.effect.sentence if finding.effect else finding.untested,
    }


def _again(cause: str, setting: str, seed: int, finding: Finding) -> Row:
    """Try a confirmed remedy on a fresh run from step 0 under another seed."""
    assert finding.remedy is not None
    remedy = finding.remedy
    fresh = seed + FRESH
    base = SETTINGS[setting].table()
    table = base if cause == HEALTHY else ALL[cause, setting].change(base, fresh)
    measure = SETTINGS[setting].measure if cause == HEALTHY else ALL[cause, setting].measure
    if measure != "clean_fvu" and any(s.key.startswith(_OBJECTIVE) for s in remedy.settings):
        measure = "fvu"
    row: Row = {
        "cause": finding.cause, "remedy": [str(s) for s in remedy.settings], "measure": measure,
    }  # fmt: skip
    samples = Experiment(preset_of(base, fresh, "clean")).samples
    clean, atoms = samples.fvu_set(CPU), samples.true_atoms
    try:
        made = [trained(preset_of(of, fresh, "fresh")) for of in (table, remedied(table, remedy))]
    except (PresetError, KeyError, ValueError) as error:
        return {**row, "improved": False, "problem": str(error)}
    before, after = (
        outcome(experiment, run, as_trained(clean, table, experiment), atoms)[measure]
        for experiment, run in made
    )
    return {**row, "before": _finite(before), "after": _finite(after), "improved": after < before}


def as_trained(clean: torch.Tensor, table: Table, experiment: Experiment) -> torch.Tensor:
    """Samples [n, d_in] that a file was made of, scaled as an experiment has scaled the file's;
    samples that are the setting's own are scaled already.
    """
    if table["data"]["kind"] != "file":
        return clean
    return experiment.samples.scaling.apply(clean)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def remedied(table: Table, remedy: Remedy) -> Table:
    """The preset's table with the settings of a remedy."""
    made = changed(table)
    for setting in remedy.settings:
        value = tomllib.loads(f"value = {setting.value}")["value"]
        section, _, key = setting.key.rpartition(".")
        place = made["runs"][0]
        for name in section.split(".") if section else ():
            place = (made if name in ("data", "network", "training") else place).setdefault(
                name, {}
            )
        if setting.key == "optimizer" and value != place["optimizer"]:
            for argument in set(place) - set(RunKeys.model_fields):
                del place[argument]
        place[key] = value
        if setting.key == "network.kind":
            # Another kind has keys of its own; what it does not know is left out, as in a fork.
            made["network"] = {k: v for k, v in place.items() if k in _keys_of(value)}
    return made


def _keys_of(kind: str) -> set[str]:
    return set(NETWORK_KINDS[kind].model_fields)
