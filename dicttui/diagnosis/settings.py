"""Remedies as keys of a preset."""

from collections.abc import Sequence

from dicttui.training.finding import Begins, Remedy, Setting


def lower_rate(lr: float, begins: Begins, factors: Sequence[float] = (10**-0.5, 0.1, 0.01)
               ) -> tuple[Remedy, ...]:  # fmt: skip
    """Smaller learning rates, the mildest first."""
    return tuple(_rate(lr, factor, begins) for factor in factors)


def higher_rate(lr: float, begins: Begins, factors: Sequence[float] = (10**0.5, 10.0, 100.0)
                ) -> tuple[Remedy, ...]:  # fmt: skip
    """Larger learning rates, the mildest first."""
    return tuple(_rate(lr, factor, begins) for factor in factors)


def _rate(lr: float, factor: float, begins: Begins) -> Remedy:
    value = float(f"{lr * factor:.3g}")
    times = f"{factor:.3g} times" if factor > 1 else f"1/{1 / factor:.3g} of"
    return Remedy(
        f"a learning rate of {value:g}, {times} what it is", (Setting("lr", repr(value)),), begins
    )


def keys(text: str, begins: Begins, **values: str) -> Remedy:
    """A remedy of one or more keys; `__` stands for the dot: network__init='"data"'."""
    settings = tuple(Setting(key.replace("__", "."), value) for key, value in values.items())
    return Remedy(text, settings, begins)
