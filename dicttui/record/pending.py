"""What has been observed and is not in the database yet."""

import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from dicttui.record import cutting
from dicttui.record.clock import now
from dicttui.record.cutting import Cut
from dicttui.record.waiting import Waiting
from dicttui.training import plain
from dicttui.training.snapshot import RunSnapshot, Series, Snapshot

MOST_PICTURES = 64
MOST_METRICS = 100_000
"""Held while nothing can be written."""
MOST_FRAMES = 4096
"""In the database; whenever there are more, every second is dropped."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture, and what is to be taken from it."""

    snapshot: Snapshot
    segments: Mapping[str, int]
    at: float
    """Wall-clock time."""
    frame: bool
    """Whether it is to be watched again; otherwise its metrics alone count."""


@dataclass(slots=True)
class Batch:
    """Rows that go into the database together."""

    cut: Cut | None = None
    """What is deleted before anything is written."""
    losses: Waiting = field(default_factory=Waiting)
    segments: dict[tuple[str, int], int] = field(default_factory=dict)
    """The first step of those that began because a run went back."""
    metrics: dict[tuple[str, int, int, str], float | str | None] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    standing: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Steps and state of runs that are there already."""
    specifications: dict[str, str] = field(default_factory=dict)
    interventions: dict[int, tuple[str, str, str, str, float]] = field(default_factory=dict)
    receipts: dict[int, str] = field(default_factory=dict)
    ends: dict[str, tuple[float, str]] = field(default_factory=dict)
    events: list[tuple[float, str, str]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    frames: list[tuple[float, str, bytes]] = field(default_factory=list)
    present: list[str] | None = None
    """The runs that are there; None: as before."""
    durable: bool = False
    """Whether it is to be on the disk, and not only with the system, once it is written."""
    lost_metrics: int = 0
    """Those that had to be dropped."""
    lost_notes: int = 0
    """Of interventions, events and the like, those that could not be taken."""

    def __bool__(self) -> bool:
        counts = ("lost_metrics", "lost_notes")
        return any(getattr(self, part.name) for part in fields(self) if part.name not in counts)

    @property
    def lost(self) -> str:
        """What had to be dropped, in words; empty if nothing had to be."""
        counts = (
            (self.losses.lost, "losses"),
            (self.lost_metrics, "metrics"),
            (self.lost_notes, "notes of what happened"),
        )
        return " and ".join(f"{count:,} {what}" for count, what in counts if count)

    def tell_of_what_is_lost(self) -> None:
        """Make an event of it."""
        if self.lost:
            words = f"{self.lost} could not be kept and are missing"
            self.events.append((now(), "trouble", words))
            self.losses.lost = self.lost_metrics = self.lost_notes = 0

    # -- filling -------------------------------------------------------------------------------

    def add_picture(self, seen: Seen) -> None:
        """Take over a picture."""
        snapshot = seen.snapshot
        for position, run in enumerate(snapshot.runs):
            self._add_run(position, run, seen)
            self._add_metrics(run, seen.segments.get(run.name, 0))
        self.present = [run.name for run in snapshot.runs]
        if seen.frame:
            self.frames.append((seen.at, placed(seen), packed(seen.snapshot)))
            del self.frames[:-MOST_PICTURES]
        if len(self.metrics) > MOST_METRICS:
            for key in list(self.metrics)[: MOST_METRICS // 2]:
                del self.metrics[key]
                self.lost_metrics += 1

    def stand(self, standing: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over where runs stand, by name: steps and state."""
        for name, values in standing.items():
            if name in self.runs:
                self.runs[name] |= values
            else:
                self.standing[name] = (values["steps"], values["state"])

    def _add_run(self, position: int, run: RunSnapshot, seen: Seen) -> None:
        self.standing.pop(run.name, None)
        before = self.runs.get(run.name)
        segment = seen.segments.get(run.parent, 0) if run.parent else 0
        self.runs[run.name] = {
            "name": run.name,
            "position": position,
            "parent": run.parent,
            "forked_at": run.forked_at,
            "parent_segment": segment if before is None else before["parent_segment"],
            "state": run.state,
            "steps": run.step,
            "target": run.target,
            "best_loss": run.best_loss,
            "best_step": run.best_step,
        }

    def _add_metrics(self, run: RunSnapshot, segment: int) -> None:
        if run.lr is not None:
            # Of the step that is made next: the metrics may be those of an earlier one.
            self.metrics[run.name, segment, run.step, "lr"] = run.lr
        step = run.metrics_step
        if step is None:
            return
        terms = {f"terms.{name}": value for name, value in run.terms.items()}
        values: dict[str, float | None] = {**terms, **run.metrics}
        if run.held_out_loss is not None:
            values["held_out_loss"] = run.held_out_loss
        for name, value in values.items():
            # SQLite makes NULL of nan; NULL is "n/a" here.
            self.metrics[run.name, segment, step, name] = (
                None if value is None else "nan" if value != value else float(value)  # noqa: PLR0124
            )


def placed(seen: Seen) -> str:
    """Where each run stands in a picture: its segment, completed updates, training seconds."""
    return json.dumps(
        {
            run.name: [
                seen.segments.get(run.name, 0),
                run.step,
                run.loss_series.seconds[-1] if run.loss_series.seconds else 0.0,
            ]
            for run in seen.snapshot.runs
        }
    )


def packed(snapshot: Snapshot) -> bytes:
    """A picture without what the losses and metrics tell anyway, and without pictures of atoms,
    which would be most of it.
    """
    runs = tuple(
        replace(
            run,
            loss_series=Series(),
            series={},
            atoms=(),
            samples=(),
            ghosts=tuple(replace(ghost, series={}) for ghost in run.ghosts),
        )
        for run in snapshot.runs
    )
    return zlib.compress(json.dumps(plain.plain(replace(snapshot, runs=runs))).encode(), 6)


# -- writing -----------------------------------------------------------------------------------


def write(batch: Batch, connection: sqlite3.Connection) -> None:
    """Write a batch, all of it or nothing. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _write(batch, connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write(batch: Batch, connection: sqlite3.Connection) -> None:
    many = connection.executemany
    if batch.cut is not None:
        cutting.apply(batch.cut, connection)
    many(
        "INSERT OR REPLACE INTO losses VALUES (?, ?, ?, ?, ?)",
        [
            (b.run, b.segment, b.first, len(b.losses), b.losses.tobytes())
            for b in batch.losses.blocks
        ],
    )
    many(
        "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)",
        [(*key, first) for key, first in batch.segments.items()],
    )
    many(
        "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)",
        [(*key, value) for key, value in batch.metrics.items()],
    )
    many(_RUN, batch.runs.values())
    many(
        "UPDATE runs SET steps = ?, state = ? WHERE name = ?",
        [(*row, name) for name, row in batch.standing.items()],
    )
    many(
        "UPDATE runs SET specification = ? WHERE name = ?",
        [(text, name) for name, text in batch.specifications.items()],
    )
    if batch.present is not None:
        connection.execute("UPDATE runs SET present = 0")
        many("UPDATE runs SET present = 1 WHERE name = ?", [(name,) for name in batch.present])
    many(
        "INSERT INTO interventions VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " kind = excluded.kind, intervention = excluded.intervention, before = excluded.before,"
        " receipt = excluded.receipt",
        [(number, *row) for number, row in batch.interventions.items()],
    )
    many(
        "UPDATE interventions SET receipt = ? WHERE id = ?",
        [(receipt, number) for number, receipt in batch.receipts.items()],
    )
    many(
        "INSERT OR REPLACE INTO ends VALUES (?, ?, ?)",
        [(run, *row) for run, row in batch.ends.items()],
    )
    many("INSERT INTO events (at, kind, text) VALUES (?, ?, ?)", batch.events)
    many("INSERT OR REPLACE INTO facts VALUES (?, ?)", batch.facts.items())
    many("INSERT INTO frames (at, places, data) VALUES (?, ?, ?)", batch.frames)


_RUN = """
INSERT INTO runs VALUES (
    :name, :position, NULL, :parent, :forked_at, :parent_segment, 1, :state, :steps, :target,
    :best_loss, :best_step
)
ON CONFLICT (name) DO UPDATE SET
    position = :position, state = :state, steps = :steps, target = :target,
    best_loss = :best_loss, best_step = :best_step,
    parent_segment = CASE WHEN parent = :parent AND forked_at IS :forked_at
        THEN parent_segment ELSE :parent_segment END,
    parent = :parent, forked_at = :forked_at
"""


def thin(connection: sqlite3.Connection) -> bool:
    """Drop every second frame if there are too many; whether that was so."""
    (count,) = connection.execute("SELECT COUNT(*) FROM frames").fetchone()
    if count <= MOST_FRAMES:
        return False
    connection.execute(
        "DELETE FROM frames WHERE number IN (SELECT number FROM"
        " (SELECT number, row_number() OVER (ORDER BY number) AS rank FROM frames)"
        " WHERE rank % 2 = 0)"
    )
    return True
