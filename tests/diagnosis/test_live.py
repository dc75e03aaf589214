"""A diagnosis beside a training: of the run as it is now, and saying why where there is none."""

from pathlib import Path
from typing import Any

import pytest

from dicttui.diagnosis import joining, live
from dicttui.diagnosis.observer import Examiner
from dicttui.diagnosis.process import Tried
from dicttui.preset.reading import read
from dicttui.training.finding import Diagnosis, Finding, Status
from dicttui.training.interventions import Fork, Restart, SetLearningRate, Undo
from dicttui.training.session import Session
from dicttui.training.snapshot import Snapshot, View

PRESET = """
[data]
kind = "planted"
d_in = 4
n_atoms = 6
mean_l0 = 1.5
n = 64
batch_size = 32
[network]
kind = "relu"
dict_size = 6
[training]
steps = 1000
engine = "eager"
[[runs]]
name = "one"
optimizer = "Adam"
lr = 1e-6
[[runs]]
name = "two"
optimizer = "Adam"
lr = 0.01
"""


class Tries:
    """In place of the process that tries remedies."""

    made: list["Tries"]

    def __init__(self, _preset: Any, moment: Any, _news: Any) -> None:
        self.run, self.newest, self.failure, self.over = moment.run, None, "", False
        self.gone = False
        self.made.append(self)

    def end(self) -> None:
        self.gone = self.over = True

    def join(self, _timeout: float) -> None:
        pass


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Of two runs that have made 60 steps, watched by an Examiner."""
    monkeypatch.setattr(Tries, "made", [], raising=False)
    monkeypatch.setattr(live, "Trying", Tries)
    monkeypatch.setitem(live.SHARE_OF_TIME, "economy", 1e9)
    path = tmp_path / "p.toml"
    path.write_text(PRESET)
    preset = read(str(path))
    made = Session(preset, observers=(Examiner(preset),))
    made.advance(60)
    yield made
    made.close()


def _run(snapshot: Snapshot, name: str) -> Diagnosis:
    (run,) = (run for run in snapshot.runs if run.name == name)
    assert run.diagnosis is not None
    return run.diagnosis


def _looked(session: Session, *runs: str) -> Snapshot:
    session.view(View(why=runs))
    for _ in range(12):  # an examination is made in parts
        session.advance()
    return session.latest()


def _found(cause: str, status: Status = "suspected", **other: Any) -> Finding:
    return Finding(cause, status, 0.5, cause, "", "", "step_size", **other)


def test_remedies_of_one_run_are_tried_at_a_time(session: Session) -> None:
    snapshot = _looked(session, "one", "two")
    assert [one.run for one in Tries.made] == ["one"]
    assert _run(snapshot, "one").progress == "trying remedies: starting"
    assert "after those of one" in _run(snapshot, "two").progress
    Tries.made[0].over = True
    _looked(session, "one", "two")
    assert [one.run for one in Tries.made] == ["one", "two"]


@pytest.mark.parametrize("change", [SetLearningRate("one", factor=10), Restart("one")])
def test_what_was_found_at_other_settings_goes(session: Session, change: Any) -> None:
    _looked(session, "one")
    (tries,) = Tries.made
    tries.newest = Tried(Diagnosis(60, (_found("step_too_small", "confirmed"),)))
    tries.over = True
    assert _run(_looked(session, "one"), "one").findings[0].status == "confirmed"
    session.submit(change)
    told = _run(_looked(session, "one"), "one")
    assert told.findings == ()
    assert "it is examined at step" in told.progress
    session.advance(60)
    assert _run(_looked(session, "one"), "one").findings[0].status == "suspected"
    assert len(Tries.made) == 2
    session.submit(Undo("one"))
    _looked(session, "one")
    assert Tries.made[1].gone, "nobody is left to try what is not so any more"


def test_a_finished_run_at_another_rate_is_not_judged_by_its_past(session: Session) -> None:
    session.advance(940)
    assert _run(_looked(session), "two").findings
    session.submit(SetLearningRate("two", factor=2))
    told = _run(_looked(session), "two")
    assert told.findings == ()
    assert told.progress == "its settings are new: it is examined at step 1,050"
    session.submit(Undo("two"))
    assert _run(_looked(session), "two").findings


def test_a_fork_that_is_taken_back_leaves_nothing(session: Session) -> None:
    session.submit(Fork("two", name="three"))
    _looked(session, "three")
    session.advance(60)
    assert "three" in str(_looked(session, "three").verdict) + Tries.made[0].run
    session.submit(Undo("three"))
    assert "three" not in str(_looked(session).verdict)
    assert Tries.made[0].gone


def test_where_nothing_is_known_it_says_why(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(PRESET)
    preset = read(str(path))
    session = Session(preset, observers=(Examiner(preset),))
    told = _run(_looked(session, "one"), "one")
    assert told.findings == ()
    assert "examined at step 50" in told.progress
    session.close()


def test_what_was_tried_is_joined_with_what_is_seen_now() -> None:
    nothing = _found("healthy")
    then = Diagnosis(100, (_found("a", "confirmed", states=("s",)), _found("r", "refuted")))
    tried = Tried(then, frozenset("arsv"))  # v was tried in vain

    def now(*causes: str, whole: bool = True) -> list[tuple[str, Status]]:
        fresh = Diagnosis(200, tuple(map(_found, causes)))
        told = joining.joined(fresh, nothing, tried, whole=whole)
        return [(f.cause, f.status) for f in told.findings]

    assert now("a", "s", "v", "r") == [("a", "confirmed"), ("r", "refuted")]
    assert now("a", "new") == [("a", "confirmed"), ("new", "suspected")]
    assert now("s") == [("s", "suspected")], "its root is gone"
    assert now("healthy") == [("healthy", "suspected")]
    assert now("healthy", whole=False) == [("a", "confirmed"), ("r", "refuted")]
