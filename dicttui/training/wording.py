"""Words for receipts and cards."""

from dicttui.preset.learners import ARGUMENTS
from dicttui.preset.networks import WatchedNetwork
from dicttui.preset.optimizers import OtherOptimizer
from dicttui.preset.runs import RunSpecification
from dicttui.training.asked import number
from dicttui.training.trainable import Rates


def learning_rates(rates: Rates) -> str:
    """The base rates: one if dictionary and rest agree."""
    if rates.rest == rates.dictionary:
        return f"lr {number(rates.rest)}"
    return f"lr {number(rates.rest)}, dictionary {number(rates.dictionary)}"


def settings(run: RunSpecification) -> str:
    """What is not the default: the optimizer's arguments, constraint, clipping, precision."""
    if isinstance(run.arguments, OtherOptimizer):
        return ", ".join(
            f"{name} {_value(value)}" for name, value in run.arguments.settings.items()
        )
    parts = []
    defaults = ARGUMENTS[run.optimizer]()
    for name in type(run.arguments).model_fields:
        value = getattr(run.arguments, name)
        if value == getattr(defaults, name):
            continue
        if value is True:
            parts.append(name.replace("_", " "))
        elif isinstance(value, tuple):
            parts.append(f"{name} {', '.join('none' if v is None else f'{v:g}' for v in value)}")
        else:
            parts.append(f"{name.replace('_', ' ')} {_value(value)}")
    if run.constraint == "unit_norm":
        parts.append("unit-norm atoms")
    elif run.constraint == "max_norm":
        parts.append(f"atom norms ≤ {run.max_norm:g}")
    if run.project != "none":
        parts.append(f"{run.project} projected")
    if run.clip_grad_norm > 0:
        parts.append(f"gradient clipped at {run.clip_grad_norm:g}")
    if run.ema_decay > 0:
        parts.append(f"judged by its mean weights (EMA {run.ema_decay:g})")
    if run.resample_every > 0:
        parts.append(f"dead atoms resampled every {run.resample_every:,} steps")
    if run.precision != "float32":
        parts.append(run.precision)
    return ", ".join(parts)


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def optimizer(run: RunSpecification) -> str:
    """The optimizer's name; Muon steps only matrices."""
    return "Muon + AdamW" if run.optimizer == "Muon" else run.optimizer


def network(run: RunSpecification, n_atoms: int, d_in: int) -> str:
    """The network's kind and its widths; of a learner its dictionary is all there is."""
    if run.learner:
        return f"dictionary {n_atoms} → {d_in}"
    specification = run.network
    if isinstance(specification, WatchedNetwork):
        known = [width for width in (d_in, n_atoms, d_in) if n_atoms and width]
        return " ".join(filter(None, (specification.name, " → ".join(map(str, known)))))
    hidden = getattr(specification, "hidden_size", None)
    widths = [d_in, *([hidden] if hidden else []), n_atoms, d_in]
    text = f"{specification.kind} {' → '.join(str(w) for w in widths)}"
    penalty = getattr(specification, "penalty", None)
    return f"{text}, {penalty} penalty" if penalty else text
