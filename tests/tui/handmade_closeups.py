"""Atoms and samples made by hand, as the trainer would show them."""

import base64
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from handmade import planted, snapshot
from handmade_runs import adam, norms_of, sgd, wavy

from dicttui.training.closeup import (
    Atom,
    AtomsAsked,
    AtomsShown,
    Numbers,
    SampleAsked,
    SampleShown,
    UsedAtom,
)
from dicttui.training.snapshot import RunSnapshot, Snapshot, View

SIDE = 8
TOTAL = 256


def numbers(values: Sequence[float]) -> Numbers:
    """A vector as it crosses the seam."""
    peak = max(abs(value) for value in values)
    steps = np.round(np.asarray(values) / (peak or 1.0) * 127).astype(np.int8)
    return Numbers(peak, base64.b64encode(steps.tobytes()).decode())


def edge(index: int, size: float = 1.0, count: int = SIDE * SIDE) -> list[float]:
    """An edge: its slope, its place and its sharpness follow from the index."""
    side = math.isqrt(count)
    angle, place = index * 2.39996, (index * 7 % 5) - 2
    values = []
    for y in range(side):
        for x in range(side):
            along = (x - 3.5) * math.cos(angle) + (y - 3.5) * math.sin(angle) - place
            values.append(size * along / 2 * math.exp(-(along**2) / 6))
    return values


def pictures(one: Snapshot | None = None) -> Snapshot:
    """Runs whose samples are pictures."""
    base = replace(adam(), network="relu 64 → 256 → 64", norms=norms_of(wavy(TOTAL)))
    runs = (base, replace(sgd(), network=base.network, norms=base.norms))
    return replace(one or snapshot(*runs), picture=(SIDE, SIDE), data="patches 8×8, 18,000 × 64")


def three_pictures() -> Snapshot:
    """Three such runs, in different states; one of the atoms is not finite."""
    two = pictures()
    third = replace(two.runs[1], name="reference", optimizer="mini-batch", state="finished")
    return replace(two, runs=(*two.runs, third))


def known_atoms() -> Snapshot:
    """Samples with a known dictionary, which are no pictures."""
    return replace(planted(), data="planted 4096 × 32")


def atoms(run: RunSnapshot, asked: AtomsAsked) -> AtomsShown:
    """The atoms asked for: in their order, each another edge; one in nine has noise still."""
    places = range(asked.first, min(TOTAL, asked.first + asked.count))
    made = []
    for place in places:
        index = place if asked.order == "index" else place * 37 % TOTAL
        size = 0.3 + 0.7 * math.cos(index) ** 2
        values = edge(index + len(run.name), size)
        if index % 9 == 8:
            values = [size * math.sin(index * 5 + 17 * i * i) for i in range(SIDE * SIDE)]
        picture = Numbers(math.nan) if index == 74 else numbers(values)
        age = max(0, place - 3) * 41
        made.append(Atom(index, 1.0 + size, max(0.0, 0.34 - place / 250), age, picture))
    return AtomsShown(asked, run.step, TOTAL, run.step - 60, 1.3, tuple(made))


def sample(run: RunSnapshot, asked: SampleAsked, image: bool, known: bool) -> SampleShown:
    """A sample and what a run makes of it."""
    count = SIDE * SIDE if image else 32
    x = edge(asked.index, 2.0, SIDE * SIDE)[:count]
    residual = [0.1 * len(run.name) * math.sin(3 * i * i) for i in range(count)]
    used = tuple(
        UsedAtom(
            index=(place * 53 + 7) % TOTAL,
            code=3.1 / (1 + place),
            norm=1.0 + place / 40,
            firing_frequency=0.02 + place / 200,
            nearest_true=place * 3 % 64 if known else None,
            cosine=0.99 - place / 50 if known else None,
            picture=numbers(edge(place + len(run.name))) if image else Numbers(0.0),
        )
        for place in range(20)
    )
    return SampleShown(
        asked=asked, step=run.step, count=180, held_out=True, fires=23, norm=8.12,
        reconstruction_norm=7.9, residual_share=0.043, cosine=0.981, sample=numbers(x),
        reconstruction=numbers([a - b for a, b in zip(x, residual, strict=True)]),
        residual=numbers(residual), atoms=used,
    )  # fmt: skip


def answered(session_snapshot: Snapshot, view: View) -> Snapshot:
    """What a session shows to whoever wants to see this."""
    image = bool(session_snapshot.picture)
    runs = tuple(
        replace(
            run,
            atoms=tuple(atoms(run, one) for one in view.atoms if one.run == run.name),
            samples=tuple(
                sample(run, one, image, "mmcs" in run.metrics)
                for one in view.samples
                if one.run == run.name
            ),
        )
        for run in session_snapshot.runs
    )
    return replace(session_snapshot, runs=runs)
