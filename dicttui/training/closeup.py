"""What a person looks at closely, in plain numbers: atoms as pictures, one sample and its code.

Made only of what a view asks for, and never recorded.
"""

from dataclasses import dataclass
from typing import Literal

AtomOrder = Literal["use", "norm", "age", "index"]
ATOM_ORDERS: tuple[AtomOrder, ...] = ("use", "norm", "age", "index")


@dataclass(frozen=True, slots=True)
class Numbers:
    """A vector in so few bytes that it can be sent often."""

    peak: float
    """The largest magnitude in it; NaN or infinite where it is not finite."""
    shares: str = ""
    """Each number as a share of the peak, in steps of 1/127, an int8 each, in base64; empty where
    the peak is not finite, or the vector is too long to be shown."""


@dataclass(frozen=True, slots=True)
class AtomsAsked:
    """A part of a run's atoms, in some order."""

    run: str
    order: AtomOrder = "use"
    """use: the largest firing frequency first; norm: the largest first; age: the longest since it
    last fired first; index: as they are numbered."""
    first: int = 0
    """The place in that order at which the part begins."""
    count: int = 0
    shrink: int = 1
    """So many pixels across and down become one, their mean."""


@dataclass(frozen=True, slots=True)
class Atom:
    """One atom in input space; None is "n/a"."""

    index: int
    norm: float
    firing_frequency: float | None
    """Share of the samples of the fixed probe batch on which it fires."""
    age: int
    """Steps since it last fired on a train batch; 0: in the last step."""
    picture: Numbers


@dataclass(frozen=True, slots=True)
class AtomsShown:
    """A part of a run's atoms, as it was asked for."""

    asked: AtomsAsked
    step: int
    """Updates that had been made when the atoms were looked at."""
    total: int
    """Atoms of the run."""
    ordered_at: int
    """Updates that had been made when they were put in order: the order is kept for some seconds,
    for one that changes with every picture cannot be looked at."""
    peak: float
    """The largest magnitude in any atom of the run, at that time."""
    atoms: tuple[Atom, ...] = ()
    trouble: str = ""
    """Why there are none: what the network raised."""


@dataclass(frozen=True, slots=True)
class SampleAsked:
    """One sample of the fixed probe batch, as a run reconstructs it."""

    run: str
    index: int = 0
    shrink: int = 1
    """Of pictures, as in AtomsAsked."""


@dataclass(frozen=True, slots=True)
class UsedAtom:
    """An atom that fires on a sample; None is "n/a"."""

    index: int
    code: float
    norm: float
    """Of the atom in input space; |code| · norm is its contribution's length."""
    firing_frequency: float | None
    """Share of the samples of the fixed probe batch on which it fires."""
    nearest_true: int | None = None
    cosine: float | None = None
    """To that true atom, where the data have them."""
    picture: Numbers = Numbers(0.0)
    """code × atom, where samples are pictures."""


@dataclass(frozen=True, slots=True)
class SampleShown:
    """A sample x, its reconstruction x̂, and the atoms used for it."""

    asked: SampleAsked
    step: int
    """Updates that had been made."""
    count: int
    """Samples there are to look at."""
    held_out: bool
    """Whether they are held-out ones; train samples otherwise."""
    fires: int = 0
    """Atoms that fire on it."""
    norm: float = 0.0
    """‖x‖"""
    reconstruction_norm: float = 0.0
    """‖x̂‖"""
    residual_share: float | None = None
    """‖x − x̂‖² ÷ ‖x‖²; n/a of a sample that is zero."""
    cosine: float | None = None
    """Between x and x̂; n/a where either is zero."""
    sample: Numbers = Numbers(0.0)
    reconstruction: Numbers = Numbers(0.0)
    residual: Numbers = Numbers(0.0)
    """x − x̂"""
    atoms: tuple[UsedAtom, ...] = ()
    """The longest contribution first; the others that fire are left out."""
    trouble: str = ""
    """Why there is nothing of all this: what the network raised."""
