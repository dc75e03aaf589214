"""What a process that trains in the background is told to do, and what it says of it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict


class Order(BaseModel):
    """What is to be trained. One of `preset` and `resume` is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Path
    """The program's state directory: sockets are there."""
    log: Path
    """Takes what the process says while its experiment has no directory of its own."""
    preset: dict[str, Any] | None = None
    """A resolved preset, as `dicttui.preset.resolved` has it: a new experiment."""
    record: Path | None = None
    """Where a new experiment is recorded, in a directory of its own; None: it is not."""
    resume: Path | None = None
    """The directory of an experiment to go on with."""
    loggers: tuple[str, ...] = ()
    """What is logged to live, by name."""
    checkpoint_every: str = ""
    """How often a checkpoint is written, as `Schedule.of` has it; empty: as usual."""


class Outcome(BaseModel):
    """What became of it: an id, or why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = ""
    directory: str = ""
    """Where it is recorded; empty if it is not."""
    trouble: str = ""
    """Why it is not being recorded at the moment."""
    notes: tuple[str, ...] = ()
    """What a person should know beside."""
    process: int = 0
    failed: str = ""
