"""Full: sharpness beside the limit of the optimizer in use."""

import torch
from torch import Tensor
from torch.optim import Optimizer

from dicttui.diagnosis.quantities import Quantities
from dicttui.measures import sharpness, stability
from dicttui.preset.networks import (
    BatchTopKNetwork,
    JumpReluNetwork,
    MatryoshkaNetwork,
    TopKNetwork,
)
from dicttui.training.engines.engine import total
from dicttui.training.run import GradientRun
from dicttui.training.undisturbed import looking

SMALL_BATCH = 256
"""Samples of a step below which the sharpness of one batch says little of the training's."""
PRODUCTS = 30
MIN_RATE = 1e-30
KINKED = (TopKNetwork, BatchTopKNetwork, MatryoshkaNetwork, JumpReluNetwork)
"""Networks whose loss jumps where their codes' support changes: no second derivative sees it."""


def look(run: GradientRun, q: Quantities) -> None:
    """Put the sharpness of a run, and the most that its optimizer stands."""
    trainable = run.trainable
    if not trainable.optimizers or trainable.rates is None:
        q.put("sharpness", None, f"{trainable.specification.optimizer} takes no gradient steps")
        return
    if len(trainable.optimizers) > 1:
        q.put("sharpness", None, "two optimizers: no one limit")
        return
    (optimizer,) = trainable.optimizers
    trainable.put_rates(run.step)
    (*_, group) = optimizer.param_groups
    rate = max(g["lr"] for g in optimizer.param_groups)
    name = trainable.specification.optimizer
    limit = stability.stability_limit(name, rate, group, max(1, run.step))
    parameters, metric, decay, why = _metric(optimizer)
    if limit.value is None or why:
        q.put("sharpness", None, why or limit.formula)
        return
    batches = _batches(run)

    def loss() -> Tensor:
        network = trainable.network
        losses = [total(network.loss_terms(x, network(x))) for x in batches]
        return torch.stack(losses).mean()

    tangent = None
    if run.specification.constraint == "unit_norm":
        tangent = sharpness.tangent_to_rows(parameters, trainable.network.atoms)
    with looking(trainable.network), torch.enable_grad():
        found = sharpness.largest_eigenvalue(
            loss, parameters, preconditioner=metric, tangent=tangent, diagonal=decay,
            steps=PRODUCTS, generator=torch.Generator().manual_seed(0),
        )  # fmt: skip
    note = _doubt(run)
    q.put("sharpness", found.value, "the loss has no finite curvature", note=note)
    q.put("sharpness_limit", limit.value, note=limit.formula)
    q.put("sharpness_ratio", found.value / limit.value, note=note)
    q.facts["sharpness_limit"] = limit.formula


def _batches(run: GradientRun) -> list[Tensor]:
    """Batches of the training's size for curvature: several, where one is small."""
    samples, device = run.trainable.samples, run.trainable.device
    count = 1 if samples.full_batch else -(-SMALL_BATCH // samples.batch_size)
    return [samples.batch(run.step + i, device) for i in range(count)]


def _metric(optimizer: Optimizer) -> tuple[list[Tensor], list[Tensor], list[float], str]:
    """Parameters, what each one's gradient is divided by, groups at different rates brought to the
    largest, and its coupled weight decay; and why there is none.
    """
    name = type(optimizer).__name__
    parameters, metric, decay = list[Tensor](), list[Tensor](), list[float]()
    largest = max(group["lr"] for group in optimizer.param_groups)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if not parameter.requires_grad:
                continue
            state = optimizer.state.get(parameter, {})
            divisor = stability.preconditioner(name, state, group)
            if divisor is None and stability.stability_limit(name, 1.0, group, 1).preconditioned:
                if not state:
                    continue  # no gradient ever came to it
                return [], [], [], "no step has been made"
            parameters.append(parameter)
            ratio = largest / max(group["lr"], MIN_RATE)
            metric.append(ratio * (torch.ones_like(parameter) if divisor is None else divisor))
            decay.append(stability.coupled_decay(name, group))
    return parameters, metric, decay, "" if parameters else "no step has been made"


def _doubt(run: GradientRun) -> str:
    samples = run.trainable.samples
    doubts = []
    if not samples.full_batch and samples.batch_size < SMALL_BATCH:
        doubts.append(f"unreliable: minibatches of {samples.batch_size}")
    if isinstance(run.specification.network, KINKED):
        doubts.append(f"unreliable: {run.specification.network.kind} has kinks that it cannot see")
    return "; ".join(doubts)
