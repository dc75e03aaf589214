"""What a scatter of runs shows."""

from dataclasses import dataclass

from dicttui.tui.scaling import Scale


@dataclass(frozen=True, slots=True)
class Trail:
    """One run: where it has been, and last of all where it is; no value need be finite."""

    name: str
    colour: int
    """The place of its colour in the palette, from 0."""
    marker: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    """As many."""


@dataclass(frozen=True, slots=True)
class ScatterContent:
    """Runs as points, and how to draw them."""

    trails: tuple[Trail, ...] = ()
    x_label: str = ""
    y_label: str = ""
    samples: str = ""
    """What both are measured on, if that needs to be said: ", held-out"."""
    note: str = ""
    """How to read it."""
    x_scale: Scale = "log"
    y_scale: Scale = "log"
