"""Business: what gradients, the optimizer's state and one step that is thrown away tell."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.diagnosis.quantities import Quantities
from dicttui.measures import adaptivity, gradients, steps
from dicttui.training import devices
from dicttui.training.engines.beginning import first_engine
from dicttui.training.run import GradientRun
from dicttui.training.trainable import Trainable
from dicttui.training.undisturbed import looking

BATCHES = 8
"""Batches whose gradients are taken for the noise scale, and for how stale the second moment is."""
LARGEST_TRIAL = 2**28
"""Bytes of a run of which a copy is made to try a step on."""
ADAM = ("Adam", "AdamW", "NAdam", "RAdam", "Adamax")


def look(run: GradientRun, q: Quantities) -> None:
    """Put what is seen of how a run moves. It is left as it was."""
    trainable = run.trainable
    if not trainable.optimizers:
        for name in ("gradient_norm", "update_ratio", "noise_over_signal"):
            q.put(name, None, f"{trainable.specification.optimizer} learns without gradients")
        return
    batches = _gradients(run)
    _gradient_noise(trainable, batches, q)
    _penalty(run, q)
    _second_moment(trainable, batches, q)
    why = trainable.alone
    if not why and trainable.fork_bytes() > LARGEST_TRIAL:
        why = f"no second copy of more than {LARGEST_TRIAL >> 20} MiB is made"
    if not why:
        _trial_step(run, q)
    else:
        for name in ("update_ratio", "radial_share", "lost_updates"):
            q.put(name, None, why)


def _trained(trainable: Trainable) -> list[Tensor]:
    return [p for o in trainable.optimizers for g in o.param_groups for p in g["params"]
            if p.requires_grad]  # fmt: skip


def _gradients(run: GradientRun) -> list[list[Tensor]]:
    """Of the loss on each of the next batches; one where training is full batch."""
    trainable = run.trainable
    count = 1 if trainable.samples.full_batch else BATCHES
    return [_gradient(trainable, run.step + i) for i in range(count)]


def _gradient(trainable: Trainable, step: int) -> list[Tensor]:
    x = trainable.samples.batch(step, trainable.device)
    terms = _terms(trainable, x)
    loss = torch.stack(list(terms.values())).sum()
    return _grad(loss, _trained(trainable))


def _terms(trainable: Trainable, x: Tensor) -> dict[str, Tensor]:
    network = trainable.network
    with looking(network), torch.enable_grad():
        torch.set_rng_state(trainable.random_state)
        return network.loss_terms(x, network(x))


def _grad(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    if not loss.requires_grad:
        return [torch.zeros_like(p) for p in parameters]
    found = torch.autograd.grad(loss, list(parameters), retain_graph=True, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g.detach()
            for g, p in zip(found, parameters, strict=True)]  # fmt: skip


def _gradient_noise(trainable: Trainable, batches: list[list[Tensor]], q: Quantities) -> None:
    q.put("gradient_norm", float(gradients.norm(batches[0])))
    if len(batches) < 2:
        q.put("noise_over_signal", 0.0, note="full batch: no noise")
        return
    found = gradients.noise_scale(batches, trainable.samples.batch_size)
    q.put("noise_scale", found.scale, "the mean gradient is lost in the noise")
    signal = max(found.signal, 0.0)
    q.put(
        "noise_over_signal",
        math.inf if signal <= 0 else found.noise / trainable.samples.batch_size / signal,
    )


def _penalty(run: GradientRun, q: Quantities) -> None:
    """How much of the gradient comes from what is not the error term."""
    trainable = run.trainable
    terms = _terms(trainable, trainable.samples.batch(run.step, trainable.device))
    if len(terms) < 2:
        q.put("penalty_share", None, "the loss has one term")
        return
    parameters = _trained(trainable)
    error, *others = terms.values()
    of_error = _grad(error, parameters)
    of_penalty = _grad(torch.stack(others).sum(), parameters)
    share = gradients.penalty_share(of_error, of_penalty)
    q.put("penalty_share", float(share.share))
    each = share.shares.tolist()
    fed = [s for s, p in zip(each, of_penalty, strict=True) if float(p.abs().sum()) > 0]
    q.put("penalty_share_most", max(fed, default=math.nan), "no tensor has a gradient from it")


def _second_moment(trainable: Trainable, batches: list[list[Tensor]], q: Quantities) -> None:
    """Of Adam and its kin: how their second moment stands to the gradients of now."""
    by_parameter = {
        id(p): [batch[i] for batch in batches] for i, p in enumerate(_trained(trainable))
    }
    shares: list[Tensor] = []
    stale: list[Tensor] = []
    ratios: list[Tensor] = []
    states = {p: s for o in trainable.optimizers for p, s in o.state.items()}
    for group, parameter in _each(trainable.optimizers):
        state = states.get(parameter, {})
        second = second_moment(state)
        if second is None or id(parameter) not in by_parameter:
            continue
        step = int(state["step"]) if "step" in state else 10**9
        beta2 = group["betas"][1] if "betas" in group else group.get("alpha", 0.0)
        eps = group.get("eps", 0.0)
        summed = "sum" in state
        corrected = 0.0 if summed or "alpha" in group else beta2
        shares.append(adaptivity.epsilon_share(_rows(second), step, corrected, eps).flatten())
        seen = [_rows(g) for g in by_parameter[id(parameter)]]
        stale.append(adaptivity.staleness(_rows(second), step, corrected, seen).flatten())
        if "exp_avg" in state and "betas" in group:
            ratios.append(
                steps.adam_ratio(
                    _rows(state["exp_avg"]), _rows(second), step, group["betas"], eps
                ).flatten()
            )
    name = trainable.specification.optimizer
    q.put("epsilon_share", _median(shares), f"{name} has no second moment")
    q.put("staleness", _median(stale), f"{name} has no second moment")
    q.put("adam_ratio", _median(ratios), f"{name} does not keep Adam's two moments")


def second_moment(state: dict[str, Tensor]) -> Tensor | None:
    """By which an optimizer divides a parameter's gradient, as torch keeps it: squared."""
    for key in ("max_exp_avg_sq", "exp_avg_sq", "square_avg", "sum"):
        if key in state:
            return state[key]
    return None


def _each(optimizers: Iterable[Optimizer]) -> Iterable[tuple[dict[str, Any], Tensor]]:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                yield group, parameter


def _rows(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(len(tensor) if tensor.ndim > 1 else 1, -1)


def _median(values: list[Tensor]) -> float:
    known = torch.cat(values) if values else torch.empty(0)
    known = known[~known.isnan()]
    return float(known.median()) if len(known) else math.nan


@torch.no_grad()
def _trial_step(run: GradientRun, q: Quantities) -> None:
    """One more step, on a copy: how far rows move in it, and what of it is rounded away."""
    trial = devices.copied(run.trainable, run.trainable.device)
    network = trial.network
    before = [p.detach().clone() for p in network.parameters()]
    atoms_before = network.atoms.detach().clone()
    stepped: list[Tensor] = []
    hooks = [
        o.register_step_post_hook(lambda *_: stepped.append(network.atoms.detach().clone()))
        for o in trial.optimizers
    ]
    with torch.enable_grad():
        first_engine(network).advance(trial, run.step, 1)
    for hook in hooks:
        hook.remove()
    after = network.atoms.detach()
    ratio = steps.update_ratio(atoms_before, after)
    q.put("update_ratio", _median([ratio]), "rows of length 0")
    if stepped:
        q.put("radial_share", _median([steps.radial_share(atoms_before, stepped[-1])]),
              "rows did not move")  # fmt: skip
    moved = [a != b for a, b in zip(network.parameters(), before, strict=True)]
    wanted = [p.grad is not None and p.grad != 0 for p in network.parameters()]
    tried = sum(int(w.sum()) for w in wanted if isinstance(w, Tensor))
    lost = sum(
        int((w & ~m).sum()) for w, m in zip(wanted, moved, strict=True) if isinstance(w, Tensor)
    )
    q.put("lost_updates", lost / tried if tried else math.nan, "no gradient is other than zero")
