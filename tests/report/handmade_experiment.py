"""A recording made by hand: two runs, an undo, a fork, a run that diverged, hostile words."""

import math
from array import array
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dicttui.preset.model import Preset
from dicttui.preset.reading import read
from dicttui.preset.resolved import dumped_run
from dicttui.record.facts import Curve, Event, RecordedIntervention, RecordedRun
from dicttui.training.interventions import (
    Change,
    Fork,
    Intervention,
    Keep,
    Receipt,
    SetLearningRate,
    Undo,
)
from dicttui.training.snapshot import Alert, Mark, Norms, RunSnapshot, Snapshot

BEGAN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
STEPS = 1_000


def norms_of(values: list[float]) -> Norms:
    """The norms of rows that have these."""
    ordered = sorted(values)
    ratio = ordered[-1] / ordered[0] if ordered[0] else math.inf
    return Norms(len(values), ordered[0], ordered[len(values) // 2], ordered[-1], ratio,
                 values=tuple(values))  # fmt: skip


def curve(loss, first: int, end: int) -> Curve:
    steps = list(range(first, end))
    return Curve(steps, array("f", [loss(step) for step in steps]))


def falling(start: float, floor: float, scale: float):
    return lambda step: (
        floor + (start - floor) * math.exp(-step / scale) * (1 + 0.05 * math.sin(step * 1.7))
    )


class Pictures(list):
    """What `Frames` has."""

    @property
    def times(self) -> list[float]:
        return [BEGAN.timestamp() + snapshot.seconds for snapshot in self]


@dataclass
class Handmade:
    """What `Recorded` has, from memory."""

    id: str = "3f9a1c"
    directory: Path = Path("/nowhere/2026-03-01_article-sparse_3f9a1c")
    state: str = "finished"
    began: datetime = BEGAN
    ended: datetime | None = BEGAN + timedelta(seconds=12)
    preset_: Preset = field(default_factory=lambda: read("article-sparse"))
    environment_: dict = field(
        default_factory=lambda: {
            "dicttui": "0.3.0", "python": "3.11.9", "torch": "2.13.0", "device": "cpu",
            "threads": 1, "packages": {"numpy": "2.4.6"}, "git": None,
            "command": ["dicttui", "train", "a b"],
            "code": [{"factory": "mynet:tied", "git": {"commit": "0af3", "dirty": True}}],
        }
    )  # fmt: skip
    runs_: list = field(default_factory=list)
    segments_: dict = field(default_factory=dict)
    metrics_: dict = field(default_factory=dict)
    interventions_: list = field(default_factory=list)
    events_: list = field(default_factory=list)
    frames_: list = field(default_factory=list)

    def preset(self):
        return self.preset_

    def environment(self):
        return self.environment_

    def runs(self):
        return self.runs_

    def losses(self, run):
        effective: dict[int, float] = {}
        for number in sorted(self.segments_[run]):
            segment = self.segments_[run][number]
            for step in [step for step in effective if segment.steps and step >= segment.steps[0]]:
                del effective[step]
            effective.update(zip(segment.steps, segment.losses, strict=True))
        return Curve(sorted(effective), array("f", [effective[step] for step in sorted(effective)]))

    def segments(self, run):
        return dict.fromkeys(self.segments_[run])

    def segment_losses(self, run, segment):
        return self.segments_[run][segment]

    def metrics(self, run):
        return self.metrics_.get(run, {})

    def interventions(self):
        return self.interventions_

    def events(self):
        return self.events_

    def frames(self):
        return Pictures(self.frames_)


def recorded_run(preset: Preset, place: int, **changes) -> RecordedRun:
    specification = dumped_run(preset.runs[place])
    run = RecordedRun(
        name=preset.runs[place].name, specification=specification, parent="", forked_at=None,
        parent_segment=0, present=True, state="finished", steps=STEPS, target=STEPS,
        best_loss=0.25, best_step=STEPS - 1, segments=(0,),
    )  # fmt: skip
    return replace(run, **changes)


def picture(run: RecordedRun, step: int, norms: list[float], **changes) -> RunSnapshot:
    specification = run.specification
    shown = RunSnapshot(
        name=run.name, optimizer=specification["optimizer"], settings="",
        network="sparse 10 → 8 → 5 → 10, sum penalty", device="cpu", engine="eager",
        state="running", objective="sparse, sum", step=step, target=STEPS,
        base_lr=specification["lr"], base_dictionary_lr=specification["lr"], loss_floor=0.9917,
        loss_floor_label="all codes zero: Var(x)", norms=norms_of(norms),
        atom_norms=norms_of([value * 0.8 for value in norms]),
    )  # fmt: skip
    return replace(shown, **changes)


def intervention(number: int, what: Intervention, kind: str, *changes: Change, **more):
    receipt = Receipt(
        id=number, kind=kind, target=more.pop("target", changes[0].run if changes else "all runs"),
        status="applied", request=more.pop("request"), changes=changes, seconds=2.0 * number,
    )  # fmt: skip
    return RecordedIntervention(
        number, what, {change.run: change.step for change in changes}, replace(receipt, **more),
        BEGAN + timedelta(seconds=2 * number),
    )  # fmt: skip


def handmade() -> Handmade:
    """Adam, whose rate was doubled at step 400 and put back, a fork of it, and SGD."""
    preset = read("article-sparse")
    adam = recorded_run(preset, 0, segments=(0, 1))
    sgd = recorded_run(preset, 1, best_loss=0.5)
    fork = replace(adam, name="adam-sgd", parent="adam", forked_at=700, segments=(0,))
    segments = {
        "adam": {0: curve(falling(5, 0.25, 90), 0, 600),
                 1: curve(falling(5, 0.24, 80), 400, STEPS)},
        "sgd": {0: curve(falling(5, 0.5, 200), 0, STEPS)},
        "adam-sgd": {0: curve(falling(5, 0.3, 85), 700, STEPS)},
    }  # fmt: skip
    metrics = {
        run: {
            "mse": [(step, 0.9 * loss) for step, loss in zip(c.steps[::50], c.losses[::50],
                                                             strict=True)],
            "fvu": [(step, min(1.0, 0.8 * loss)) for step, loss in
                    zip(c.steps[::50], c.losses[::50], strict=True)],
            "l0": [(step, 5.0 - step / 500) for step in c.steps[::50]],
            "dead_fraction": [(step, None if step < 500 else 0.2) for step in c.steps[::50]],
        }
        for run, c in (("adam", segments["adam"][0]), ("sgd", segments["sgd"][0]))
    }  # fmt: skip
    before = [0.9, 1.1, 1.0, 0.95, 1.2]
    first = Snapshot(1, "ready", runs=(picture(adam, 0, before), picture(sgd, 0, before)))
    last = Snapshot(
        2, "ready", data="gaussian 100 × 10, full batch", seconds=12.5,
        runs=(
            picture(adam, STEPS, [2.5, 0.2, 1.8, 0.9, 3.1], state="finished",
                    marks=(Mark(700, 1.0, "fork"),)),
            picture(sgd, STEPS, [1.0, 1.1, 1.05, 0.9, 1.25], state="finished"),
            picture(fork, STEPS, [1.5, 1.1, 1.05, 0.9, 1.25], state="finished"),
        ),
    )  # fmt: skip
    return Handmade(
        preset_=preset,
        runs_=[adam, sgd, fork],
        segments_=segments,
        metrics_=metrics,
        interventions_=[
            intervention(1, SetLearningRate("adam", factor=2.0), "learning_rate",
                         Change("adam", 400, "lr 0.01", "lr 0.02", "loss 0.31 → 0.33"),
                         request="lr × 2"),
            intervention(2, Undo("adam"), "undo",
                         Change("adam", 400, "step 600", "step 400"), request="undo lr × 2"),
            intervention(3, Fork("adam", "adam-sgd", optimizer="SGD"), "fork",
                         Change("adam-sgd", 700, "", "fork of adam, SGD"), request="fork"),
            intervention(4, Keep("before lunch"), "checkpoint", request="checkpoint",
                         status="failed", reason="nothing is recorded"),
        ],
        events_=[Event(BEGAN, "started", ""), Event(BEGAN + timedelta(seconds=5), "checkpoint",
                                                     "checkpoint-1.json")],
        frames_=[first, last],
    )  # fmt: skip


def diverged() -> Handmade:
    """SGD leaves the finite numbers at step 300."""
    made = handmade()
    sgd = made.runs_[1]

    def loss(step: int) -> float:
        return math.exp(step / 5) if step < 299 else math.inf if step == 299 else math.nan

    made.segments_["sgd"] = {0: curve(loss, 0, 301)}
    made.runs_[1] = replace(sgd, state="diverged", steps=300, best_loss=1.0, best_step=0)
    shown = made.frames_[-1]
    reason = "loss is nan at step 300; decoder.weight went first"
    wrong = replace(shown.runs[1], state="diverged", state_detail=reason,
                    alerts=(Alert("diverged", reason),))  # fmt: skip
    made.frames_[-1] = replace(shown, runs=(shown.runs[0], wrong, *shown.runs[2:]))
    return made


HOSTILE = "</title><script>document.title='owned'</script><img src=x onerror=alert(1)>\x1b[2J\u202e"


def hostile() -> Handmade:
    """Every text that a person or a file may choose tries to be markup."""
    made = handmade()
    made.preset_ = made.preset_.model_copy(
        update={"title": HOSTILE, "about": HOSTILE, "source": HOSTILE}
    )
    made.environment_ = {HOSTILE: HOSTILE}
    made.events_ = [Event(BEGAN, HOSTILE, HOSTILE)]
    made.interventions_.append(
        intervention(5, Keep(HOSTILE), "checkpoint", request=HOSTILE, reason=HOSTILE)
    )
    shown = made.frames_[-1]
    wrong = replace(shown.runs[0], settings=HOSTILE, network=HOSTILE, state_detail=HOSTILE,
                    loss_floor_label=HOSTILE, marks=(Mark(500, 1.0, HOSTILE),))  # fmt: skip
    made.frames_[-1] = replace(shown, data=HOSTILE, runs=(wrong, *shown.runs[1:]))
    return made
