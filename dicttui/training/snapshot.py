"""A picture of an experiment at a moment, in plain numbers: what every screen draws from.

Everything here is immutable and JSON-serialisable; there is no tensor in it.
"""

from dataclasses import dataclass, field
from typing import Literal

from dicttui.training.closeup import AtomsAsked, AtomsShown, SampleAsked, SampleShown
from dicttui.training.finding import Diagnosis, Verdict

SessionState = Literal["loading", "ready", "failed", "closed"]
RunState = Literal["loading", "running", "paused", "finished", "stopped", "diverged", "failed"]


@dataclass(frozen=True, slots=True)
class Series:
    """The bounded history of one quantity: buckets of neighbouring steps.

    All tuples have the same length; low, high and last are NaN or ±inf where the quantity was.
    """

    steps: tuple[int, ...] = ()
    """The last step index of each bucket."""
    seconds: tuple[float, ...] = ()
    """Training seconds of the run at the end of each bucket (pauses not counted)."""
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    last: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Norms:
    """The Euclidean norms of the rows of one matrix."""

    count: int
    minimum: float
    median: float
    maximum: float
    ratio: float
    """Largest ÷ smallest; inf if the smallest is zero."""
    values: tuple[float, ...] = ()
    """Every row's norm, where there are at most `ROWS_IN_FULL`."""
    histogram: tuple[int, ...] = ()
    """Rows per bin, equal bins from minimum to maximum; where there are more rows than that."""
    smallest: tuple[tuple[int, float], ...] = ()
    """(row, norm) of the smallest rows, in order."""
    largest: tuple[tuple[int, float], ...] = ()
    quantiles: tuple[float, ...] = ()
    """At 5, 25, 75 and 95 per cent of the rows."""


ROWS_IN_FULL = 256
ROWS_AT_ONCE = 2048
"""Rows of a dictionary up to which all of them are in a snapshot; of more, pages."""


@dataclass(frozen=True, slots=True)
class Row:
    """One atom in detail; None is "n/a"."""

    index: int
    norm: float
    """Of the dictionary's row."""
    atom_norm: float
    """Of the atom in input space."""
    change: float | None
    """‖row − row at step 0‖ ÷ ‖row at step 0‖"""
    update_ratio: float | None
    effective_step: float | None
    firing_frequency: float | None
    """Share of the samples of the fixed probe batch on which the atom fires; on a page of many
    rows, of the training samples on which that was counted (`Firing.samples`)."""
    nearest_true: int | None
    """The most similar true atom, where the data has them."""
    cosine: float | None
    """The cosine to it."""
    adam_ratio: float | None = None
    """Where the optimizer keeps Adam's two moments."""
    radial_share: float | None = None


@dataclass(frozen=True, slots=True)
class RowsRequest:
    """Some of a run's rows: so many from a place on, in the order of one of their figures."""

    run: str
    sort: str = "index"
    """A field of Row; what is n/a comes last."""
    descending: bool = False
    first: int = 0
    """The place of the first, from 0."""
    count: int = 64
    at: int | None = None
    """A row's index: the page is then about the place of that row, whatever `first` is."""


@dataclass(frozen=True, slots=True)
class RowsPage:
    """The rows that were asked for."""

    request: RowsRequest
    total: int
    """Rows that there are."""
    first: int
    """The place of the first row here."""
    rows: tuple[Row, ...]
    step: int
    """Updates that had been made when they were looked at."""
    place: int | None = None
    """Of the row at `request.at`."""


FREQUENCY_DECADES, BINS_PER_DECADE = 6, 4


@dataclass(frozen=True, slots=True)
class Firing:
    """How often a run's atoms fire, and which of them have stopped to.

    Frequencies are counted on training batches with the weights of the moment: in the steps that
    are measured, and on more samples while somebody looks.
    """

    atoms: int
    samples: int
    """On which it was counted: 1 ÷ samples is the smallest share that can be seen. None were, right
    after the run has gone elsewhere."""
    from_step: int
    """Updates that had been made when the first of them was looked at."""
    to_step: int
    never: int
    """Atoms that fired on none of them."""
    histogram: tuple[int, ...]
    """Atoms by log10 of the share of samples on which they fire: BINS_PER_DECADE equal bins a
    decade, from 10**-FREQUENCY_DECADES (the first bin holds what is less, too) to 1."""
    window: int
    """Steps without firing that make an atom dead."""
    known_at: int
    """Completed updates from which on it is known which atoms are."""
    dead: int | None = None
    """Atoms that are dead; None before that."""
    died: int = 0
    """How often an atom became dead, from the step on at which counting began."""
    woke: int = 0
    """How often a dead atom fired again. One that dies and wakes between two looks, which are at
    most a chunk of steps and an eighth of the window apart, is in neither number."""
    counted_from: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """An intervention on a run's curve."""

    step: int
    seconds: float
    label: str
    """Short: "lr 0.02"."""


@dataclass(frozen=True, slots=True)
class Ghost:
    """What a run had trained when an intervention was taken back: no longer a part of it."""

    from_step: int
    """The step to which the run returned."""
    label: str
    """What was taken back, short: "lr 0.02"."""
    series: dict[str, Series]
    """By metric name, "loss" among them; from that step on."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should notice."""

    kind: Literal["diverged", "failed", "data", "dead_atoms", "no_new_best"]
    """data: the run is paused because its next batch cannot be read now."""
    text: str


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One run."""

    name: str
    optimizer: str
    settings: str
    """The optimizer's arguments that differ from torch's defaults, constraint and schedule."""
    network: str
    """The network's kind and size: "sparse 10 → 8 → 5"."""
    device: str
    engine: str
    state: RunState
    engine_exact: bool = True
    """Whether the engine makes the same losses and weights as the eager one, bit for bit."""
    engine_detail: str = ""
    """Why it is eager: "it draws random numbers in every step (bernoulli_)"; empty if it is not."""
    state_detail: str = ""
    """Why it diverged, failed, or waits for data."""
    objective: str = ""
    """What the loss is the sum of: losses compare only between runs that say the same here."""
    step: int = 0
    """Completed updates."""
    target: int = 0
    """Completed updates at which it finishes."""
    lr: float | None = None
    """In force for the rest at the next step, schedule applied."""
    dictionary_lr: float | None = None
    """In force for the dictionary at the next step."""
    base_lr: float | None = None
    """What the schedule scales; what `+` and `l` change."""
    base_dictionary_lr: float | None = None
    schedule: str = ""
    """The place in the schedule, in words: "warm-up 40/100"; empty if constant."""
    loss: float | None = None
    """Of the last step's batch."""
    best_loss: float | None = None
    best_step: int | None = None
    loss_series: Series = Series()
    held_out_loss: float | None = None
    series: dict[str, Series] = field(default_factory=dict)
    """By metric name: those the view asked for, and "held_out_loss" where there is one."""
    terms: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float | None] = field(default_factory=dict)
    """By name, as charts and exports have it; None is "n/a"."""
    metrics_step: int | None = None
    """The step index at which terms, metrics, norms and rows were taken."""
    ripple: float | None = None
    rising_share: float | None = None
    loss_floor: float | None = None
    loss_floor_label: str = ""
    """What the floor is, or why there is none."""
    l1_coefficient: float | None = None
    lambda_field: float | None = None
    steps_per_second: float | None = None
    batch_size: int | None = None
    """Samples of a step."""
    steps_per_epoch: int | None = None
    """After which every train sample has been seen; None where each step has new ones."""
    norms: Norms | None = None
    """Of the dictionary's rows."""
    atom_norms: Norms | None = None
    """Of the atoms in input space; None where they are the dictionary's rows."""
    rows: tuple[Row, ...] = ()
    """All rows, if the view asked for them."""
    rows_step: int | None = None
    """Updates that had been made when the rows were looked at."""
    pages: tuple[RowsPage, ...] = ()
    """The pages of rows the view asked for."""
    firing: Firing | None = None
    atoms: tuple[AtomsShown, ...] = ()
    """The parts of its dictionary that the view asked for, as pictures."""
    samples: tuple[SampleShown, ...] = ()
    """The samples that the view asked for."""
    marks: tuple[Mark, ...] = ()
    ghosts: tuple[Ghost, ...] = ()
    """The newest pieces that were taken back: their losses, and the metrics the view asked for."""
    alerts: tuple[Alert, ...] = ()
    constraint: str = "none"
    parent: str = ""
    """The run this one was forked from; empty if it was there from the start."""
    forked_at: int | None = None
    """The step index from which on it differs from its parent."""
    undoable: str = ""
    """What taking back would take back, in words: "lr 0.01 → 0.02 at step 1,200"; empty:
    nothing."""
    undo_label: str = ""
    """The same, short: "lr 0.02"."""
    fork_bytes: int = 0
    """Memory that a fork of this run takes: parameters, gradients, optimizer state."""
    catching_up: int | None = None
    """The step until which a resumed run repeats what it had made before it was interrupted."""
    diagnosis: Diagnosis | None = None
    """None: nobody examines this run."""

    @property
    def samples_per_second(self) -> float | None:
        """Of wall-clock time lately; None while it does not train."""
        if self.steps_per_second is None or self.batch_size is None:
            return None
        return self.steps_per_second * self.batch_size

    @property
    def epoch(self) -> float | None:
        """How often all train samples have been seen; None where each step has new ones."""
        return None if not self.steps_per_epoch else self.step / self.steps_per_epoch

    @property
    def seconds_left(self) -> float | None:
        """Until the last step, at the speed of the last seconds; None while it does not train."""
        if self.state != "running" or not self.steps_per_second or self.catching_up is not None:
            return None
        if not self.target:  # nobody knows when it ends
            return None
        return max(0, self.target - self.step) / self.steps_per_second


@dataclass(frozen=True, slots=True)
class System:
    """Facts about the machine."""

    device: str
    device_memory_used: int | None = None
    """Bytes."""
    device_memory_total: int | None = None
    device_load: float | None = None
    """Share, 0 to 1."""
    process_memory: int = 0
    """Resident bytes of this process."""
    processor_load: float | None = None
    """Cores that this process keeps busy."""
    threads: int = 1
    torch: str = ""


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """A device on which a run could train."""

    name: str
    label: str
    free: int | None = None
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Where and how well the experiment is being recorded."""

    id: str
    directory: str
    trouble: str = ""
    """Why nothing can be written at the moment; empty while all is well."""
    checkpoint_seconds: float | None = None
    """Of `Snapshot.seconds`: when the newest checkpoint was whole on disk."""
    resumable: bool = True
    """Whether dicttui could go on with it; not with the loop of a person's own program."""


@dataclass(frozen=True, slots=True)
class Playback:
    """Where in a recorded experiment this picture stands, where nothing trains."""

    frame: int
    """From 0."""
    frames: int
    speed: float
    """Recorded seconds that pass in a second."""
    playing: bool
    duration: float = 0.0
    """Recorded seconds from the first picture to the last; `Snapshot.seconds` is where this is."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole experiment."""

    sequence: int
    """Grows with every snapshot."""
    state: SessionState
    detail: str = ""
    """What is being loaded, or why it failed."""
    title: str = ""
    about: str = ""
    source: str = ""
    data: str = ""
    """The samples, in words: "gaussian 100 × 10, full batch"; and what is to be known of those that
    have been read so far."""
    picture: tuple[int, ...] = ()
    """Height and width of samples that are pictures, and 3 where they are coloured; else empty."""
    seed: int = 0
    pace: float | None = None
    """Steps per second; None is as fast as it goes."""
    runs: tuple[RunSnapshot, ...] = ()
    system: System | None = None
    devices: tuple[DeviceChoice, ...] = ()
    seconds: float = 0.0
    """Since the session's start."""
    recording: Recording | None = None
    """None: nothing is recorded."""
    playback: Playback | None = None
    """None: this is a training and not a recording of one."""
    verdict: Verdict | None = None
    """None: too little is known."""


@dataclass(frozen=True, slots=True)
class View:
    """What the screen wants to see; changes nothing in the training."""

    refresh: float = 4.0
    """Snapshots per second."""
    series: tuple[str, ...] = ()
    """Metrics whose history is drawn."""
    rows_of: tuple[str, ...] = ()
    """The runs of which a screen shows all rows, ROWS_AT_ONCE of them at most."""
    pages: tuple[RowsRequest, ...] = ()
    """The pages of rows that a screen shows."""
    firing: bool = False
    """Whether a screen shows how often atoms fire, so that it is to be counted on more samples."""
    atoms: tuple[AtomsAsked, ...] = ()
    """The parts of runs' dictionaries that an atoms screen shows."""
    samples: tuple[SampleAsked, ...] = ()
    """What a screen of one sample shows."""
    why: tuple[str, ...] = ()
    """The runs whose diagnosis a screen shows, so that remedies are to be tried."""
