"""Which devices there are, which one to take, and moving a run to another while it trains."""

import copy
import functools
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.optim import Optimizer

from dicttui.networks import foreign
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.optimizers import registry
from dicttui.training import simulated_device
from dicttui.training.snapshot import DeviceChoice
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import evaluating

WORTH_AN_ACCELERATOR = 50_000_000
"""Multiply-adds of a forward pass from which on "auto" takes an accelerator: below it, launching
a step's kernels takes longer than the step takes on a CPU."""


class DeviceError(Exception):
    """A device that is not there, or on which a run cannot train; the message is for a person."""


def choices() -> tuple[DeviceChoice, ...]:
    """The devices on which a run could train, the CPU first."""
    found = [DeviceChoice("cpu", "CPU")]
    for index in range(torch.cuda.device_count()):
        name = f"cuda:{index}"
        found.append(DeviceChoice(name, torch.cuda.get_device_name(index), _free(index)))
    if torch.backends.mps.is_available():
        found.append(DeviceChoice("mps", "Apple GPU"))
    if torch.xpu.is_available():
        found += [
            DeviceChoice(f"xpu:{index}", torch.xpu.get_device_name(index))
            for index in range(torch.xpu.device_count())
        ]
    if simulated_device.installed():
        found.append(DeviceChoice(simulated_device.NAME, "simulated device (tests)"))
    return tuple(found)


@functools.cache
def nvml_handle(index: int) -> object | None:
    """NVML's handle of torch's CUDA device, whatever CUDA_VISIBLE_DEVICES says; None without it."""
    try:
        import pynvml

        pynvml.nvmlInit()
        uuid = torch.cuda.get_device_properties(index).uuid
        return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")  # type: ignore[no-any-return]
    except Exception:  # an absent driver, library or permission are all "not known"
        return None


def _free(index: int) -> int | None:
    handle = nvml_handle(index)
    if handle is None:
        return None
    import pynvml

    return int(pynvml.nvmlDeviceGetMemoryInfo(handle).free)


def resolve(name: str, work: int = 0) -> torch.device:
    """The device of that name.

    Args:
        name: "cpu", "cuda", "cuda:1", "mps", "xpu:0", …, or "auto": an accelerator if there is one
            and a step is long enough to gain from it, the CPU otherwise.
        work: multiply-adds of one forward pass; for "auto".

    Raises:
        DeviceError: it is not there; the message lists what is.

    """
    there = choices()
    if name == "auto":
        accelerators = [c.name for c in there if c.name not in ("cpu", simulated_device.NAME)]
        return torch.device(accelerators[0] if accelerators and work >= WORTH_AN_ACCELERATOR
                            else "cpu")  # fmt: skip
    full = name if ":" in name or name in ("cpu", "mps", simulated_device.NAME) else f"{name}:0"
    if full not in {c.name for c in there}:
        listed = ", ".join(c.name for c in there)
        raise DeviceError(f"device {name!r} is not here; there is {listed}")
    return torch.device(full)


def fixed_batch_loss(trainable: Trainable) -> float:
    """The loss on the probe batch, which is the same on every device."""
    with torch.no_grad(), evaluating(trainable.network):
        x = trainable.samples.probe(trainable.device)
        output = trainable.network(x)
        return float(sum(t.item() for t in trainable.network.loss_terms(x, output).values()))


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move was measured by: the loss on the probe batch."""

    loss_before: float
    loss_after: float


def move(trainable: Trainable, device: torch.device) -> Moved:
    """Move module, optimizer state and data to a device, or change nothing.

    A copy is made on the new device, and tried with one step that is thrown away, before anything
    of the run is replaced: what cannot be done there is known before the run depends on it.

    Raises:
        DeviceError: the run could not train there; it is unchanged.

    """
    only_on = trainable.network.only_on
    if only_on not in ("", device.type):
        raise DeviceError(f"{trainable.specification.optimizer} works on the {only_on} alone")
    before = fixed_batch_loss(trainable)
    try:
        _try_one_step(copied(trainable, device))
        moved = copied(trainable, device)
        after = fixed_batch_loss(moved)
    except foreign.failures() as error:  # whatever a backend or a person's module raises
        trainable.samples.release(device)
        raise DeviceError(_reason(error, device)) from error
    old = trainable.device
    trainable.network, trainable.optimizers = moved.network, moved.optimizers
    trainable.deadness, trainable.device = moved.deadness, device
    if old.type == "cuda":
        torch.cuda.empty_cache()
    return Moved(before, after)


def copied(trainable: Trainable, device: torch.device) -> Trainable:
    """The same run with every tensor of its own, on a device; the old one is untouched."""
    network = trainable.network
    memo: dict[int, object] = {}
    with torch.no_grad():
        for parameter in network.parameters():
            memo[id(parameter)] = nn.Parameter(
                parameter.detach().to(device, copy=True), requires_grad=parameter.requires_grad
            )
        for buffer in network.buffers():
            memo[id(buffer)] = buffer.detach().to(device, copy=True)
    twin = copy.deepcopy(network, memo)
    return Trainable(
        specification=trainable.specification,
        network=twin,
        optimizers=_rebuilt(trainable, twin),
        samples=trainable.samples,
        device=device,
        deadness=trainable.deadness.on(device),
        rates=None if trainable.rates is None else replace(trainable.rates),
        x_rms=trainable.x_rms,
        total_steps=trainable.total_steps,
        random_state=trainable.random_state.clone(),
    )


def _rebuilt(trainable: Trainable, twin: DictionaryNetwork) -> list[Optimizer]:
    new = registry.rebuild(trainable.specification, twin, trainable.optimizers)
    old = {id(v) for o in trainable.optimizers for s in o.state.values() for v in s.values()}
    for optimizer in new:
        for state in optimizer.state.values():
            for key, value in state.items():
                # Step counts stay on the CPU and would be shared with the old optimizer.
                if isinstance(value, torch.Tensor) and id(value) in old:
                    state[key] = value.clone()
    return new


def _try_one_step(trial: Trainable) -> None:
    from dicttui.training.engines.beginning import first_engine

    first_engine(trial.network).advance(trial, 0, 1)


def _reason(error: BaseException, device: torch.device) -> str:
    cause = getattr(error, "cause", error)  # of a StepError
    text = str(cause).strip() if isinstance(cause, Exception) else foreign.told(cause)
    first_line = text.split("\n")[0] or type(cause).__name__
    if "out of memory" in str(error).lower():
        return f"{device} has too little free memory for this run ({first_line})"
    return f"this run cannot train on {device}: {first_line}"
