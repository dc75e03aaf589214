"""A diagnosis as one JSON document."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dicttui.report.diagnosis.words import is_healthy
from dicttui.training.finding import Diagnosis, Effect, Evidence, Finding, Remedy, Verdict


def document(verdict: Verdict | None, runs: Mapping[str, Diagnosis]) -> dict[str, Any]:
    """The document of `dicttui diagnose --json`. A number that is not finite is null.

    A run of which nothing is known has no findings.
    """
    if verdict is None:
        why = "; ".join(f"{name}: {one.progress or 'no finding'}" for name, one in runs.items())
        verdict = Verdict("undetermined", why)
    return {
        "experiment": {"verdict": verdict.answer, "because": verdict.because},
        "runs": [
            {"run": name, "findings": [_finding(finding) for finding in one.findings]}
            for name, one in runs.items()
        ],
    }


def has_findings(runs: Iterable[Diagnosis]) -> bool:
    """Whether anything is wrong in any of the runs."""
    return any(not is_healthy(one.findings[0]) for one in runs if one.findings)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "cause": finding.cause,
        "status": finding.status,
        "confidence": finding.confidence,
        "evidence": {one.name: _evidence(one) for one in finding.evidence},
        "remedy": None if finding.remedy is None else _remedy(finding.remedy),
        "effect": None if finding.effect is None else _effect(finding.effect),
        "line": finding.line,
        "mechanism": finding.mechanism,
        "source": finding.source,
        "states": list(finding.states),
        "answer": finding.answer,
        "against": finding.against,
        "untested": finding.untested,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "value": finite(evidence.value),
        "label": evidence.label,
        "threshold": finite(evidence.threshold),
        "speaks": evidence.speaks,
        "note": evidence.note,
    }


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "text": remedy.text,
        "settings": {setting.key: setting.value for setting in remedy.settings},
        "begins": remedy.begins,
    }


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "measure": effect.measure,
        "without": [finite(value) for value in effect.without],
        "remedied": [finite(value) for value in effect.remedied],
        "steps": effect.steps,
        "sentence": effect.sentence,
    }


def finite(value: float | None) -> float | None:
    """A number that JSON has; null for one that is not finite."""
    return value if value is not None and math.isfinite(value) else None
