"""A diagnosis reaches every client as it is, and what a client asks of one is within bounds."""

import math

import pytest

from dicttui.serve import difference, messages, views
from dicttui.serve.error import WireError
from dicttui.training.finding import (
    Diagnosis,
    Effect,
    Evidence,
    Finding,
    Remedy,
    Setting,
    Verdict,
)
from dicttui.training.interventions import Fork
from dicttui.training.plain import parsed, plain, text
from dicttui.training.snapshot import RunSnapshot, Snapshot, View


def _finding(status) -> Finding:
    return Finding(
        "step_too_large", status, 0.5, "a line", "a mechanism", "a source", "step_size",
        (Evidence("a", "a label", None, 1.0, "against", "a note", (1, 2), (0.5, math.nan)),),
        "what would speak against it",
        Remedy("a smaller rate", (Setting("lr", "0.1"),), "step_0"),
        Effect("loss", (1.0, 2.0), (0.5, math.inf), 100, "better"),
        ("diverged",),
        "",
    )  # fmt: skip


def test_it_comes_is_changed_and_goes():
    runs = [
        RunSnapshot("adam", "Adam", "", "", "cpu", "eager", "running", diagnosis=diagnosis)
        for diagnosis in (
            None,
            Diagnosis(progress="trying 1 of 2"),
            Diagnosis(9, (_finding("suspected"), _finding("refuted")), "", ("sharpness: none",)),
            Diagnosis(10, (_finding("confirmed"),)),
            None,
        )
    ]
    sent, value = None, None
    for number, run in enumerate(runs):
        verdict = Verdict("undetermined", "why") if number % 2 else None
        snapshot = Snapshot(sequence=number, state="ready", runs=(run,), verdict=verdict)
        change = difference.difference(sent, snapshot)
        value = difference.patched(value, parsed(text(change)))
        # NaN is no number that is equal to itself.
        assert repr(difference.snapshot(value)) == repr(snapshot)
        assert repr(views.for_one(snapshot, View()).runs[0].diagnosis) == repr(run.diagnosis)
        sent = snapshot


def test_the_runs_that_several_clients_ask_about_are_asked_about():
    assert views.together([View(why=("adam",)), View(), View(why=("sgd", "adam"))]).why == (
        "adam", "sgd",
    )  # fmt: skip
    look = messages.Look(view=plain(View(why=("adam",))))
    assert messages.view(look).why == ("adam",)
    with pytest.raises(WireError):
        messages.view(messages.Look(view=plain(View(why=tuple(map(str, range(65)))))))


def test_a_fork_s_settings_are_within_bounds():
    fork = Fork("adam", settings=(Setting("lr", "0.1"),), begins="step_0")
    assert messages.intervention(messages.submission(1, fork)) == fork
    for settings in ((Setting("lr", "1" * 201),), (Setting("lr", "1"),) * 65):
        with pytest.raises(WireError, match="settings"):
            messages.intervention(messages.submission(1, Fork("adam", settings=settings)))
