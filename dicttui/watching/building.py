"""From what a person gives to `watch` to an experiment of one run."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from torch.optim import Optimizer

from dicttui.data.samples import FreshBatch, Samples
from dicttui.data.scaling import Unchanged
from dicttui.data.seeds import generator
from dicttui.measures.deadness import Deadness
from dicttui.preset.data import WatchedData
from dicttui.preset.model import Preset, TrainingSpecification
from dicttui.preset.networks import WatchedNetwork as NetworkSpecification
from dicttui.preset.runs import RunSpecification
from dicttui.training.experiment import Experiment
from dicttui.training.measurement import FEWEST_ROWS, LARGEST_CODE
from dicttui.watching import optimizer as reading
from dicttui.watching.network import Functions, WatchedNetwork, find_parts
from dicttui.watching.optimizer import WatchedTrainable
from dicttui.watching.run import WatchedRun
from dicttui.watching.undisturbed import unnoticed

MOST_MEASURED = 2048
"""Samples that are measured, drawn by chance from more."""
UNKNOWN_BATCH = 256
"""Samples of a batch where its size is not known, for quantities that need some."""
SMALLEST_LR, LARGEST_LR = 1e-12, 1e3
"""Within which a recording takes a learning rate."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person gave."""

    model: nn.Module
    optimizer: Optimizer | Sequence[Optimizer]
    x: Tensor | None
    functions: Functions
    held_out: Tensor | None
    true_atoms: Tensor | None
    batch_size: int | None
    steps: int | None
    name: str
    dead_window: int


def built(asked: Asked) -> tuple[Experiment, WatchedRun]:
    """The experiment whose one run is the loop. Raises TypeError, ValueError as `watch` does."""
    model, optimizers = _model(asked.model), _optimizers(asked.optimizer)
    _mind(asked, model, optimizers)
    device = next(model.parameters()).device
    x = _samples(asked.x, "x")
    held_out = _samples(asked.held_out, "held_out", like=x)
    network = WatchedNetwork(
        model,
        asked.functions,
        () if x is None else x.shape[1:],
        torch.float32 if x is None else x.dtype,
    )
    flat = None if x is None else _flat(x)
    with unnoticed(network, device):
        tried = None if flat is None else _some(flat).to(device)
        parts = find_parts(network, tried)
    missing = reading.untrained(model, optimizers)
    if missing:
        shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
        parts.missing["training of some parameters"] = f"no optimizer steps {shown}"
    samples = samples_of(
        flat,
        None if held_out is None else _flat(held_out),
        _true_atoms(asked.true_atoms, flat),
        asked.batch_size,
    )
    specification = _specification(asked, network, optimizers)
    trainable = WatchedTrainable(
        specification=specification,
        network=network,
        optimizers=optimizers,
        samples=samples,
        device=device,
        deadness=Deadness(parts.n_atoms, device),
        rates=None,
        x_rms=float(samples.train.square().mean().sqrt()),
        total_steps=asked.steps or 0,
        random_state=torch.get_rng_state(),
    )
    network.dead_feature_window = asked.dead_window
    most = max(FEWEST_ROWS, LARGEST_CODE // max(1, parts.n_atoms))
    run = WatchedRun(
        trainable,
        network,
        steps=asked.steps,
        dead_window=asked.dead_window,
        x=None if flat is None else _some(flat, most).to(device),
        held_out=None if samples.held_out is None else _some(samples.held_out, most).to(device),
    )
    if asked.batch_size is not None and flat is not None:
        run.full_batch = asked.batch_size == 0
        run.batch_size = len(flat) if run.full_batch else asked.batch_size
    preset = _preset(asked, flat, specification)
    return Experiment.of(preset, samples, _described(x), [run]), run


def samples_of(
    x: Tensor | None, held_out: Tensor | None, true_atoms: Tensor | None, batch_size: int | None
) -> Samples:
    """The fixed samples x [n, d_in] as an experiment has them. Unless a step sees all of them
    (batch_size 0), the loop's own batches are not known: those asked for here are drawn from x.
    Without any, there is one sample of zeros, which nobody looks at.
    """
    train = torch.zeros(2, 1) if x is None else x
    size = UNKNOWN_BATCH if batch_size is None else batch_size
    size = min(size or len(train), len(train))
    fresh: FreshBatch | None = None if batch_size == 0 else _drawn(train, size)
    return Samples(
        train, held_out, true_atoms, batch_size=size, seed=0, scaling=Unchanged(), fresh=fresh
    )


def _drawn(train: Tensor, size: int) -> Callable[[int], Tensor]:
    def batch(step: int) -> Tensor:
        stream = generator(0, "epoch", step)
        return train[torch.randperm(len(train), generator=stream)[:size]]

    return batch


# -- what is refused -----------------------------------------------------------------------------


def _model(model: Any) -> nn.Module:
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"watch: model is a {type(model).__name__}; expected: a torch.nn.Module (one that "
            "holds all parts, where there are several: torch.nn.ModuleList)"
        )
    inner = model.module if isinstance(model, DistributedDataParallel | DataParallel) else model
    assert isinstance(inner, nn.Module)
    return inner


def _optimizers(given: Any) -> list[Optimizer]:
    several = list(given) if isinstance(given, list | tuple) else [given]
    wrong = [one for one in several if not isinstance(one, Optimizer)]
    if wrong or not several:
        what = f"a {type(wrong[0]).__name__}" if wrong else "an empty list"
        raise TypeError(f"watch: optimizer is {what}; expected: a torch.optim.Optimizer")
    return several


def _mind(asked: Asked, model: nn.Module, optimizers: Sequence[Optimizer]) -> None:
    parameters = [name for name, p in model.named_parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("watch: model has no parameter that needs a gradient; nothing trains it")
    if len(reading.untrained(model, optimizers)) == len(parameters):
        raise ValueError(
            "watch: the optimizer steps none of the model's parameters; expected: the optimizer "
            "that was made with model.parameters()"
        )
    if not isinstance(asked.name, str) or not asked.name.strip():
        raise ValueError(f"watch: name={asked.name!r}; expected: a few words")
    for key, least in (("batch_size", 0), ("steps", 1), ("dead_window", 1)):
        value = getattr(asked, key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"watch: {key}={value!r}; expected: a whole number")
        if value is not None and value < least:
            raise ValueError(f"watch: {key}={value}; expected: at least {least}")
    for key in ("forward", "dictionary", "atoms", "loss"):
        value = getattr(asked.functions, key)
        if value is not None and not callable(value):
            raise TypeError(
                f"watch: {key}= is a {type(value).__name__}; expected: a function, as in "
                f"{key}={_EXAMPLES[key]}"
            )


_EXAMPLES = {
    "forward": "lambda x: (reconstruction, code)",
    "dictionary": "lambda: model.dictionary",
    "atoms": "lambda: model.decoder.weight.T",
    "loss": 'lambda x: {"mse": …, "l1": …}',
}


def _samples(given: Any, key: str, like: Tensor | None = None) -> Tensor | None:
    if given is None:
        return None
    if key == "held_out" and like is None:
        raise ValueError("watch: held_out= without x=; expected: x= as well")
    try:
        x = torch.as_tensor(given).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"watch: {key}= is no tensor: {error}") from error
    if x.ndim < 2 or not len(x) or not x[0].numel() or not x.is_floating_point():
        raise ValueError(
            f"watch: {key}= is a {str(x.dtype).removeprefix('torch.')} tensor {list(x.shape)}; "
            "expected: floating-point samples [n, d_in]"
        )
    if like is not None and x.shape[1:] != like.shape[1:]:
        raise ValueError(
            f"watch: {key}= has samples {list(x.shape[1:])} and x= {list(like.shape[1:])}; "
            "expected: the same"
        )
    if not torch.isfinite(x).all():
        raise ValueError(f"watch: {key}= holds NaN or infinity; expected: finite samples")
    return x


def _true_atoms(given: Any, x: Tensor | None) -> Tensor | None:
    if given is None:
        return None
    if x is None:
        raise ValueError("watch: true_atoms= without x=; expected: x= as well")
    atoms = torch.as_tensor(given).detach().float().cpu()
    if atoms.ndim != 2 or atoms.shape[1] != x.shape[1]:
        raise ValueError(
            f"watch: true_atoms= is {list(atoms.shape)}; expected: [n_true, {x.shape[1]}]"
        )
    return torch.nn.functional.normalize(atoms, dim=1)


# -- what it is ----------------------------------------------------------------------------------


def _flat(x: Tensor) -> Tensor:
    """[n, d_in] float32 on the CPU."""
    return x.reshape(len(x), -1).float().cpu()


def _some(x: Tensor, most: int = MOST_MEASURED) -> Tensor:
    """At most so many of the samples, the same each time."""
    most = min(most, MOST_MEASURED)
    if len(x) <= most:
        return x
    order = torch.randperm(len(x), generator=generator(0, "probe"))[:most].sort().values
    return x[order]


def _described(x: Tensor | None) -> str:
    if x is None:
        return "a loop of one's own, no samples given"
    shape = " × ".join(str(size) for size in x.shape)
    few = f", {MOST_MEASURED} of them" if len(x) > MOST_MEASURED else ""
    return f"a loop of one's own, measured on {shape} samples{few}"


def _specification(
    asked: Asked, network: WatchedNetwork, optimizers: Sequence[Optimizer]
) -> RunSpecification:
    rates = [float(group["lr"]) for o in optimizers for group in o.param_groups if "lr" in group]
    lr = rates[0] if rates and SMALLEST_LR <= rates[0] <= LARGEST_LR else None
    return RunSpecification(
        name=re.sub(r"[^\w.+-]+", "-", asked.name).strip("-")[:40] or "loop",
        optimizer=reading.name_of(optimizers),
        lr=lr,
        arguments=reading.arguments_of(optimizers),
        network=NetworkSpecification(
            kind="watched", name=type(network.module).__name__, dict_size=network.parts.n_atoms
        ),
    )


def _preset(asked: Asked, x: Tensor | None, run: RunSpecification) -> Preset:
    shape = () if asked.x is None else tuple(torch.as_tensor(asked.x).shape[1:])
    sides = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    steps = TrainingSpecification().steps if asked.steps is None else asked.steps
    return Preset(
        source=asked.name,
        directory=Path(sys.argv[0] or os.curdir).absolute().parent,
        title=asked.name,
        data=WatchedData(
            kind="watched",
            n=0 if x is None else len(x),
            d_in=0 if x is None else x.shape[1],
            image=tuple(sides) if len(sides) == 2 else None,
        ),
        network=run.network,
        training=TrainingSpecification(seed=torch.initial_seed() % 2**63, steps=steps),
        runs=(run,),
    )
