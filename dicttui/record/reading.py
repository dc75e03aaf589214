"""Reading what was recorded, also while it is being written. Needs no torch.

Nothing that is read is trusted: what is not of the form in which it was written is a RecordError,
and nothing is ever executed.
"""

import json
import sqlite3
import threading
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from dicttui.preset.model import Preset
from dicttui.preset.problems import PresetError
from dicttui.preset.resolved import dumped_run, loaded
from dicttui.record import curves, database, files, lock, manifest, places
from dicttui.record.curves import Piece
from dicttui.record.error import RecordError, reason
from dicttui.record.facts import (
    Curve,
    Event,
    ExperimentState,
    RecordedIntervention,
    RecordedRun,
)
from dicttui.record.frames import Frames
from dicttui.training import plain
from dicttui.training.interventions import Receipt
from dicttui.training.observation import EndObservation

LONGEST = 10**9
"""Bytes up to which a value is read."""
UNFITTED = ("none", "unit_norm", "constant_norm_rescale", "layer_norm")
"""Scalings without numbers of their own, so that their names say all."""
_Row = tuple[Any, ...]
_BEFORE: TypeAdapter[dict[str, int]] = TypeAdapter(dict[str, int])


@dataclass(frozen=True, slots=True)
class CheckpointFile:
    """A checkpoint on disk."""

    number: int
    path: Path
    kept: bool
    """Whether a person asked for it."""


class Recorded:
    """One recorded experiment."""

    def __init__(self, directory: Path, facts: dict[str, str], preset: dict[str, Any]) -> None:
        place = places.place_of(directory)
        self.id = place.id
        self.directory = place.directory
        self._facts = facts
        self._preset = preset
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def open(cls, directory: Path) -> Self:
        """An experiment's recording. Raises RecordError with what is wrong, where, and what to
        do.
        """
        if not directory.is_dir():
            raise RecordError(f"{directory}: is no directory; allowed: that of an experiment")
        path = directory / places.DATABASE
        connection = database.open_to_read(path)
        try:
            facts: dict[str, str] = dict(
                _asked(connection, path, "SELECT key, value FROM facts", (str, str))
            )
        finally:
            connection.close()
        preset = files.read_json(directory / places.PRESET)
        recorded = cls(directory, facts, preset)
        recorded.preset()
        _ = recorded.began
        return recorded

    # -- what it is ----------------------------------------------------------------------------

    @property
    def state(self) -> ExperimentState:
        """Whether it is being trained, or how that ended."""
        if lock.held(self.directory):
            return "running"
        # Read after the lock has been let go of: it may have ended since it was opened.
        with suppress(RecordError):
            self._facts = dict(self._ask("SELECT key, value FROM facts", (str, str)))
        state = self._facts.get("state")
        if state == "finished":
            return "finished"
        return "stopped" if state == "stopped" else "crashed"

    @cached_property
    def began(self) -> datetime:
        """When it was begun."""
        return _time(self._number("began"), self.directory / places.DATABASE)

    @property
    def ended(self) -> datetime | None:
        """When it ended last, if it did."""
        path = self.directory / places.DATABASE
        return _time(self._number("ended"), path) if "ended" in self._facts else None

    @property
    def signal(self) -> str:
        """The signal that ended it; empty if none did."""
        return self._facts.get("signal", "")

    @property
    def preset_name(self) -> str:
        """The preset's name, or its file's."""
        return places.name_of(self._loaded)

    @property
    def title(self) -> str:
        """The preset's title."""
        return self._loaded.title or self._loaded.source

    def preset(self) -> Preset:
        """The preset as it was resolved."""
        return self._loaded

    def environment(self) -> dict[str, Any]:
        """Versions, machine, code: what it ran in at last; empty if that is not known."""
        text = self._facts.get("environment")
        if text is None:
            return {}
        found = _json(text, self.directory / places.DATABASE)
        return found if isinstance(found, dict) else {}

    def scaling(self) -> dict[str, Any] | None:
        """What was done to the samples before a network saw them, as `dicttui.data.affine` writes
        it; None if that is not known.
        """
        rows = self._ask("SELECT value FROM facts WHERE key = ?", (str,), "scaling")
        found = self._json(rows[0][0]) if rows else {"name": self._loaded.data.scaling}
        if not isinstance(found, dict) or not isinstance(found.get("name"), str):
            raise RecordError(f"{self._path}: is damaged: its scaling is none")
        return found if rows or found["name"] in UNFITTED else None

    @cached_property
    def _loaded(self) -> Preset:
        path = self.directory / places.PRESET
        try:
            return loaded(self._preset, str(path))
        except PresetError as error:
            raise RecordError("\n".join(error.errors)) from error
        except RecursionError as error:
            raise RecordError(f"{path}: is damaged") from error

    def _number(self, key: str) -> float:
        try:
            return float(self._facts[key])
        except (KeyError, ValueError) as error:
            path = self.directory / places.DATABASE
            raise RecordError(f"{path}: is damaged: it does not say when it {key}") from error

    # -- runs ----------------------------------------------------------------------------------

    def runs(self) -> list[RecordedRun]:
        """Every run that ever was, in the order in which they stand."""
        rows = self._ask(
            "SELECT name, specification, parent, forked_at, parent_segment, present, state, steps,"
            " target, best_loss, best_step FROM runs ORDER BY present DESC, position, name",
            (str, str | None, str, int | None, int, int, str, int, int, float | None, int | None),
        )
        segments: dict[str, list[int]] = {}
        for run, segment in self._ask(
            "SELECT DISTINCT run, segment FROM losses ORDER BY run, segment", (str, int)
        ):
            segments.setdefault(run, []).append(segment)
        own = {run.name: dumped_run(run) for run in self._loaded.runs}
        found = []
        trained = self.state == "running"
        for name, text, parent, forked_at, parent_segment, present, *rest in rows:
            state, steps, target, best_loss, best_step = rest
            if state == "running" and not trained:
                state = "interrupted"
            specification = own.get(name, {}) if text is None else self._json(text)
            if not isinstance(specification, dict):
                raise RecordError(f"{self._path}: is damaged: run {name!r} is none")
            found.append(
                RecordedRun(
                    name, specification, parent, forked_at, parent_segment, bool(present), state,
                    steps, target, best_loss, best_step, tuple(segments.get(name, ())),
                )
            )  # fmt: skip
        return found

    def losses(self, run: str) -> Curve:
        """Every loss of a run as it stands: what was taken back is left out."""
        return curves.effective(
            (first, self.segment_losses(run, segment))
            for segment, first in self.segments(run).items()
        )

    def segments(self, run: str) -> dict[int, int | None]:
        """The segments of a run, and the step with which each begins; None: with its first loss,
        because it did not begin with a step back.
        """
        begins: dict[int, int | None] = dict.fromkeys(
            segment
            for (segment,) in self._ask(
                "SELECT DISTINCT segment FROM losses WHERE run = ?", (int,), run
            )
        )
        begins |= self._ask(
            "SELECT segment, first_step FROM segments WHERE run = ?", (int, int), run
        )
        return dict(sorted(begins.items()))

    def segment_losses(self, run: str, segment: int) -> Curve:
        """Every loss of one segment of a run."""
        return curves.joined(self.pieces(run, segment))

    def pieces(self, run: str, segment: int) -> list[Piece]:
        """The losses of one segment as they were written, in the order of their steps."""
        rows = self._ask(
            "SELECT first_step, count, bytes FROM losses WHERE run = ? AND segment = ?"
            " ORDER BY first_step",
            (int, int, bytes), run, segment,
        )  # fmt: skip
        found, end = [], 0
        for first, count, data in rows:
            if first < end or count < 1 or len(data) != 4 * count:
                raise RecordError(f"{self._path}: is damaged: losses of {run!r} do not fit")
            losses: array[float] = array("f")
            losses.frombytes(data)
            found.append(Piece(first, losses))
            end = first + count
        return found

    def metrics(self, run: str) -> dict[str, list[tuple[int, float | None]]]:
        """The metrics of a run as it stands, by name, in the order of their steps; None is "n/a".

        Terms of the loss are named `terms.mse`; "lr" is the learning rate that was in force.
        """
        firsts = self.segments(run)
        found: dict[str, dict[int, float | None]] = {}
        begun = -1
        for segment, step, name, value in self._ask(
            "SELECT segment, step, name, value FROM metrics WHERE run = ?"
            " ORDER BY segment, step, name",
            (int, int, str, float | str | None), run,
        ):  # fmt: skip
            if segment != begun:
                begun = segment
                begins = firsts.get(segment)
                first = step if begins is None else begins
                found = {
                    known: {s: v for s, v in values.items() if s < first}
                    for known, values in found.items()
                }
            if isinstance(value, str) and value != "nan":
                raise RecordError(f"{self._path}: is damaged: {name} of {run!r} is no number")
            found.setdefault(name, {})[step] = None if value is None else float(value)
        return {name: sorted(values.items()) for name, values in found.items() if values}

    def ends(self) -> dict[str, EndObservation]:
        """How each run ended that did, by name."""
        rows = self._ask("SELECT run, observation FROM ends", (str, str))
        return {run: self._restored(EndObservation, text) for run, text in rows}

    # -- what happened -------------------------------------------------------------------------

    def interventions(self) -> list[RecordedIntervention]:
        """Every intervention, applied or failed, in the order in which they were asked for."""
        found = []
        for number, intervention, before, receipt, at in self._ask(
            "SELECT id, intervention, before, receipt, at FROM interventions ORDER BY id",
            (int, str, str, str, float),
        ):
            try:
                steps = _BEFORE.validate_python(self._json(before), strict=True)
                asked = plain.restored_intervention(self._json(intervention))
            except (ValidationError, plain.PlainError) as error:
                raise RecordError(
                    f"{self._path}: is damaged: intervention {number} is none"
                ) from error
            found.append(
                RecordedIntervention(
                    number, asked, steps, self._restored(Receipt, receipt), _time(at, self._path)
                )
            )
        return found

    def events(self) -> list[Event]:
        """What happened to the recording, oldest first."""
        rows = self._ask("SELECT at, kind, text FROM events ORDER BY id", (float, str, str))
        return [Event(_time(at, self._path), kind, text) for at, kind, text in rows]

    def checkpoints(self) -> list[CheckpointFile]:
        """The checkpoints on disk, oldest first, those that a person asked for last."""
        return [
            CheckpointFile(numbered.number, numbered.path, kind == "kept")
            for kind in ("checkpoint", "kept")
            for numbered in manifest.numbered(self.directory, kind)
        ]

    def frames(self) -> Frames:
        """The recorded pictures, oldest first."""
        return Frames(self)

    # -- the database --------------------------------------------------------------------------

    @property
    def _path(self) -> Path:
        return self.directory / places.DATABASE

    def query(self, query: str, types: Sequence[Any], *values: Any) -> list[_Row]:
        """Rows of the database whose values are of these types. Raises RecordError."""
        return self._ask(query, types, *values)

    def _ask(self, query: str, types: Sequence[Any], *values: Any) -> list[_Row]:
        with self._lock:
            if self._connection is None:
                self._connection = database.open_to_read(self._path)
            try:
                return list(_asked(self._connection, self._path, query, types, values))
            except RecordError:
                # What is damaged, or was replaced, may be whole the next time.
                self._connection.close()
                self._connection = None
                raise

    def close(self) -> None:
        """Let go of the database; it is opened again where it is needed."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def _json(self, text: str) -> Any:
        return _json(text, self._path)

    def _restored(self, cls: type[Any], text: str) -> Any:
        try:
            return plain.restored(cls, self._json(text))
        except plain.PlainError as error:
            raise RecordError(f"{self._path}: is damaged: {error}") from error


def _asked(
    connection: sqlite3.Connection,
    path: Path,
    query: str,
    types: Sequence[Any],
    values: Iterable[Any] = (),
) -> list[_Row]:
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        rows = connection.execute(query, tuple(values)).fetchall()
    except (sqlite3.Error, OverflowError, UnicodeError) as error:
        if isinstance(error, sqlite3.Error):
            raise RecordError(f"{path}: cannot be read: {reason(error, path)}") from error
        raise RecordError(f"{path}: is damaged: {error}") from error
    for row in rows:
        for value, kind in zip(row, types, strict=True):
            if not isinstance(value, kind) and not (kind is float and type(value) is int):
                raise RecordError(f"{path}: is damaged: {value!r:.60} is not expected there")
    return rows


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path}: is damaged: it holds what is no JSON") from error


def _time(seconds: float, path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise RecordError(f"{path}: is damaged: {seconds} is no time") from error
