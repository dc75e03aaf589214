"""What a loss chart shows."""

from dataclasses import dataclass
from typing import Literal

from dicttui.training.snapshot import Mark, Series
from dicttui.tui.scaling import Quantity, Scale, Smoothing

Which = Literal["train", "held_out", "both"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One run."""

    name: str
    colour: int
    """The place of its colour in the palette, from 0."""
    marker: int
    """The place of its marker, from 0."""
    series: Series
    """On the train batches."""
    held_out: Series | None = None
    marks: tuple[Mark, ...] = ()
    ghosts: tuple[Series, ...] = ()
    """What it once was, and was taken back."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A value that is drawn as a level line."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class ChartContent:
    """Runs over each other, and how to draw them."""

    curves: tuple[Curve, ...] = ()
    title: str = ""
    """Before everything else in the heading; may be empty."""
    y_label: str = "loss"
    x_quantity: Quantity = "steps"
    x_scale: Scale = "linear"
    y_scale: Scale = "log"
    smoothing: Smoothing = "off"
    which: Which = "train"
    floors: tuple[Floor, ...] = ()
