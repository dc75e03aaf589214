"""A whole preset."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from dicttui.preset.data import AnyData, GaussianData
from dicttui.preset.networks import AnyNetwork
from dicttui.preset.runs import RunSpecification
from dicttui.preset.specification import Specification
from dicttui.preset.values import MOST_RUNS, WATCHED


class TrainingSpecification(Specification):
    """`[training]`: how long, how fast, where."""

    steps: Annotated[int, Field(ge=1, le=10**12)] = 1000
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    steps_per_second: Annotated[float, Field(gt=0)] | None = None
    """A pace to watch; absent: as fast as it goes."""
    device: Annotated[str, Field(pattern=r"^[a-z]+(:\d+)?$")] = "auto"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """OpenMP threads of the trainer; absent: one for small networks, all for large."""
    engine: Literal["auto", "eager"] = "auto"
    dead_feature_window: Annotated[int, Field(ge=1)] = 1000
    """Steps without firing after which an atom counts as dead."""
    dead_feature_window_samples: Annotated[int, Field(ge=1)] | None = None
    """The same in samples, for those who count samples; it replaces dead_feature_window."""


Chart = Literal[
    "loss",
    "mse",
    "fvu",
    "fvu/l0",
    "l1",
    "l0",
    "dead_fraction",
    "mmcs",
    "recovered",
    "precision",
    "norm_ratio",
    "norm_max",
    "norm_min",
]
"""What the app's chart can show."""


class DisplaySpecification(Specification):
    """`[display]`: how the chart stands at the start."""

    y: Literal["linear", "log"] = "log"
    x: Literal["linear", "log"] = "linear"
    chart: Chart = "loss"
    smoothing: Literal["off", "light", "strong"] = "off"


class Preset(Specification):
    """Everything one experiment is made of."""

    source: str
    """The name of a shipped preset, or the path of the file."""
    directory: Path
    """What relative paths in the preset start from."""
    trusted_code: bool = False
    """Whether the preset was given by path, so that it may import a person's own code."""
    title: str = ""
    about: str = ""
    data: AnyData = Field(default_factory=GaussianData)
    network: AnyNetwork
    training: TrainingSpecification = Field(default_factory=TrainingSpecification)
    display: DisplaySpecification = Field(default_factory=DisplaySpecification)
    runs: tuple[RunSpecification, ...] = Field(min_length=1, max_length=MOST_RUNS)

    @property
    def of_own_loop(self) -> bool:
        """Whether a person's own program trains it (`watch`): nothing can build it again."""
        return self.network.kind == WATCHED

    @property
    def charted(self) -> Chart:
        """What the chart shows at the start: losses of different objectives do not compare."""
        chosen = "chart" in self.display.model_fields_set
        differ = len({run.objective for run in self.runs}) > 1
        return "mse" if differ and not chosen else self.display.chart
