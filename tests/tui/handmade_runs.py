"""Runs made by hand, and what they are made of."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from dicttui.training.snapshot import (
    DeviceChoice,
    Firing,
    Norms,
    Row,
    RunSnapshot,
    RunState,
    Series,
    System,
)

GIB = 1024**3
BUCKETS = 240
SYSTEM = System(
    device="cpu",
    process_memory=412 * 1024**2,
    processor_load=1.02,
    threads=1,
    torch="2.13.0",
)
GPU_SYSTEM = System(
    device="cuda:0",
    device_memory_used=3 * GIB,
    device_memory_total=80 * GIB,
    device_load=0.62,
    process_memory=2_400 * 1024**2,
    processor_load=1.4,
    threads=1,
    torch="2.13.0",
)
DEVICES = (
    DeviceChoice("cpu", "cpu: 16 cores"),
    DeviceChoice("cuda:0", "cuda:0: NVIDIA H100", 74 * GIB),
)


def series(loss: Callable[[int], float], steps: int, width: float = 0.0) -> Series:
    """A history of `steps` steps in at most `BUCKETS` buckets; `width` is the envelope's share."""
    count = min(BUCKETS, steps)
    ends = [(index + 1) * steps // count - 1 for index in range(count)] if count else []
    last = [loss(step) for step in ends]
    return Series(
        steps=tuple(ends),
        seconds=tuple(step / 4000 for step in ends),
        low=tuple(value * (1 - width) for value in last),
        high=tuple(value * (1 + width) for value in last),
        last=tuple(last),
    )


def decay(start: float, floor: float, scale: float) -> Callable[[int], float]:
    """A loss that falls from start to floor within a few times `scale` steps, with a ripple."""

    def loss(step: int) -> float:
        ripple = 1 + 0.01 * math.sin(step * 0.37)
        return floor * ripple + (start - floor) * math.exp(-step / scale)

    return loss


def norms_of(values: Sequence[float]) -> Norms:
    """Norms of a dictionary whose rows have these norms."""
    ordered = sorted(values)
    few = len(values) <= 256
    low, high = ordered[0], ordered[-1]
    histogram = [0] * 32
    if not few:
        for value in values:
            place = (value - low) / (high - low) if high > low else 0.0
            histogram[min(31, int(place * 32))] += 1
    by_norm = sorted(range(len(values)), key=values.__getitem__)
    return Norms(
        count=len(values),
        minimum=low,
        median=ordered[len(ordered) // 2],
        maximum=high,
        ratio=high / low if low else math.inf,
        quantiles=tuple(ordered[int(share * len(values))] for share in (0.05, 0.25, 0.75, 0.95)),
        values=tuple(values) if few else (),
        histogram=() if few else tuple(histogram),
        smallest=tuple((row, values[row]) for row in by_norm[:8]),
        largest=tuple((row, values[row]) for row in reversed(by_norm[-8:])),
    )


def wavy(count: int, middle: float = 1.6, swing: float = 1.1) -> list[float]:
    """Norms of `count` rows around `middle`, no two alike."""
    return [middle + swing * math.sin(1.3 + row * 2.39996) for row in range(count)]


@lru_cache(maxsize=8)
def rows(count: int, true_atoms: int = 0) -> tuple[Row, ...]:
    """Every row of a dictionary in detail, with some figures that are n/a."""
    norms = wavy(count)
    return tuple(
        Row(
            index=index,
            norm=norm,
            atom_norm=norm * 0.8,
            change=None if index % 7 == 6 else norm / 3,
            update_ratio=None if index % 5 == 4 else 1e-3 / norm,
            effective_step=1e-2 / (1 + index),
            adam_ratio=0.05 + (index * 29 % 90) / 100,
            radial_share=(index * 53 % 100) / 100,
            firing_frequency=(index * 37 % 100) / 100,
            nearest_true=index % true_atoms if true_atoms else None,
            cosine=math.cos(index / count) if true_atoms else None,
        )
        for index, norm in enumerate(norms)
    )


def firing(atoms: int = 4_096, dead: int | None = 1_270, offset: int = 0) -> Firing:
    """Frequencies about one per cent, and a tenth of the atoms that never fire."""
    weights = [math.exp(-(((place - 14 + offset) / 4) ** 2)) for place in range(24)]
    weights = [weight if place > 5 else 0.0 for place, weight in enumerate(weights)]
    whole = [int(weight / sum(weights) * atoms * 0.9) for weight in weights]
    return Firing(
        atoms=atoms,
        samples=24_576,
        from_step=3_210,
        to_step=4_199,
        never=atoms - sum(whole),
        histogram=tuple(whole),
        window=1_000,
        known_at=1_000 if dead is not None else 5_000,
        dead=dead,
        died=1_432 if dead is not None else 0,
        woke=162 if dead is not None else 0,
    )


def adam(step: int = 4_200, target: int = 10_000, state: RunState = "running") -> RunSnapshot:
    """The article's sparse network under Adam."""
    history = series(decay(5.2, 0.36, 300), step, 0.01)
    return RunSnapshot(
        name="adam",
        optimizer="Adam",
        settings="",
        network="sparse 10 → 8 → 5",
        device="cpu",
        engine="captured",
        state=state,
        step=step,
        target=target,
        lr=0.01,
        dictionary_lr=0.01,
        base_lr=0.01,
        base_dictionary_lr=0.01,
        loss=history.last[-1] if history.last else None,
        best_loss=min(history.low, default=None),
        best_step=history.steps[history.low.index(min(history.low))] if history.low else None,
        loss_series=history,
        terms={"mse": 0.3512, "l1_penalty": 0.0112},
        metrics={"mse": 0.3512, "l1": 1.123, "l0": 4.86, "fvu": 0.3587, "dead_fraction": 0.0},
        metrics_step=max(0, step - 1),
        ripple=1.3e-4,
        rising_share=0.41,
        loss_floor=0.351,
        loss_floor_label="rank-5 residual",
        l1_coefficient=0.01,
        lambda_field=10.0,
        steps_per_second=4_312.0 if state == "running" else None,
        batch_size=100,
        steps_per_epoch=1,
        norms=norms_of(wavy(5)),
        atom_norms=norms_of(wavy(5, 0.9, 0.4)),
    )


def sgd(step: int = 4_200, target: int = 10_000, state: RunState = "running") -> RunSnapshot:
    """The article's sparse network under SGD."""
    history = series(decay(5.2, 0.86, 900), step, 0.005)
    return replace(
        adam(step, target, state),
        name="sgd",
        optimizer="SGD",
        settings="momentum 0.9",
        loss=history.last[-1] if history.last else None,
        best_loss=min(history.low, default=None),
        best_step=history.steps[history.low.index(min(history.low))] if history.low else None,
        loss_series=history,
        metrics={"mse": 0.8123, "l1": 0.923, "l0": 4.21, "fvu": 0.8211, "dead_fraction": None},
        terms={"mse": 0.8123, "l1_penalty": 0.0092},
        ripple=2.1e-5,
        rising_share=0.0,
        steps_per_second=4_298.0 if state == "running" else None,
        norms=norms_of(wavy(5, 1.1, 0.3)),
        atom_norms=norms_of(wavy(5, 1.0, 0.2)),
    )
