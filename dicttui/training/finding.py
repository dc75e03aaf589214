"""What a diagnosis says of a run, in plain numbers; part of a snapshot."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["suspected", "confirmed", "refuted"]
"""suspected: the numbers speak for it; confirmed: its remedy was tried, and worked; refuted: its
remedy was tried, and did not."""
Begins = Literal["now", "last_finite", "step_0"]
"""Where the fork that tries a remedy begins: at the run's present state, at its last finite one, or
anew, because no remedy undoes the state that it is in."""
Answer = Literal[
    "optimizer",
    "step_size",
    "objective",
    "data",
    "initialisation",
    "implementation",
    "none",
    "undetermined",
]
"""To the question whether it is the optimizer."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One number that speaks for a finding, or against it."""

    name: str
    """The quantity's id: "sharpness_ratio"."""
    label: str
    """In words, without the number: "sharpness, in units of the optimizer's limit"."""
    value: float | None
    """None: it could not be had, and `note` says why."""
    threshold: float | None = None
    """What it is judged against."""
    speaks: Literal["for", "against"] = "for"
    note: str = ""
    """What a person must know to read it: "unreliable under minibatches of 32"."""
    steps: tuple[int, ...] = ()
    """Of `history`."""
    history: tuple[float, ...] = ()
    """The same quantity earlier in the run, oldest first; empty where it was taken once."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a preset, and what it is to be."""

    key: str
    """As in a preset: "lr" or "betas" of a run, "network.init", "data.scaling"."""
    value: str
    """As TOML has it: `0.003`, `"data"`, `[0.9, 0.999]`."""

    def __str__(self) -> str:
        """As a line of a preset."""
        return f"{self.key} = {self.value}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would mend it."""

    text: str
    """For a person: "a learning rate a tenth as large"."""
    settings: tuple[Setting, ...] = ()
    """What it is in a preset; empty where no preset can say it, so that it cannot be tried."""
    begins: Begins = "now"
    resets_optimizer: bool = False
    """Whether it is to forget the optimizer's moments, which no setting says."""

    @property
    def of_all_runs(self) -> bool:
        """Whether it changes what all runs of an experiment share, so that no fork can have it."""
        return any(s.key.startswith(("data.", "training.")) for s in self.settings)


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of trying a remedy: one number for each order of batches (or start)."""

    measure: str
    """The measure the cause is about: "loss", "fvu", "dead_fraction", …; less is better."""
    without: tuple[float, ...]
    """Of the forks without the remedy."""
    remedied: tuple[float, ...]
    """Of those with it, trained on the same batches; a fork that diverged has inf."""
    steps: int
    """That each fork was trained for."""
    sentence: str
    """For a person: "loss 0.92 → 0.38 in 3 of 3 orders of batches after 500 steps"."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure mode that a run shows: what, why, what speaks for it, what mends it."""

    cause: str
    """Its id: "step_too_large", or "healthy"."""
    status: Status
    confidence: float
    """From 0 to 1."""
    line: str
    """For the run's card: one line, in plain words."""
    mechanism: str
    """Two sentences: how it comes about."""
    source: str
    """Where that is shown: a paper, or documentation."""
    answer: Answer
    """What it makes the answer to "is it the optimizer?"."""
    evidence: tuple[Evidence, ...] = ()
    against: str = ""
    """What would speak against it, in words."""
    remedy: Remedy | None = None
    effect: Effect | None = None
    """None: the remedy has not been tried."""
    states: tuple[str, ...] = ()
    """States that it has led to, which are its evidence: "code_collapse"."""
    untested: str = ""
    """Why the remedy has not been, or cannot be, tried; empty if it has been."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of one run."""

    step: int = -1
    """Completed updates when it was last examined; -1: not yet."""
    findings: tuple[Finding, ...] = ()
    """Best first; `healthy` alone where nothing is wrong; empty while too little is known."""
    progress: str = ""
    """What is being tried now, or why there is no finding yet, for a person; empty: nothing."""
    unknown: tuple[str, ...] = ()
    """Quantities that could not be had, each with its reason: "sharpness: …"."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "is it the optimizer?", for an experiment."""

    answer: Answer
    because: str
    """One sentence, with its numbers."""
