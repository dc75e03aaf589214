"""An optimizer's step on one flat tensor is torch's own step, to the last bit."""

import textwrap

import pytest
import torch
from torch import nn, optim

from dicttui.training.engines import arithmetic

SIZES = (1, 10, 63, 1000, 4099)
"""Of the parameters: none is a whole number of vectors, one is longer than a piece."""
STARTS = (0, 16, 32, 96, 1104)
LENGTH = 5216
PIECE = 4096
STEPS = 210

# Numbers with many digits: no literal may lose one.
BETAS = {"betas": (0.87654321, 0.98765432)}
DECAY = {"weight_decay": 0.0123}
UP = {"maximize": True}
CASES = [
    (optim.SGD, {}),
    (optim.SGD, UP | DECAY),
    (optim.SGD, {"momentum": 0.9}),
    (optim.SGD, DECAY | {"momentum": 0.87, "dampening": 0.3}),
    (optim.SGD, UP | DECAY | {"momentum": 0.87, "nesterov": True}),
    (optim.Adam, {}),
    (optim.Adam, UP | DECAY | BETAS | {"eps": 1e-3}),
    (optim.Adam, DECAY | {"amsgrad": True, "betas": (0.0, 0.9)}),
    (optim.AdamW, {}),
    (optim.AdamW, UP | BETAS | {"amsgrad": True}),
    (optim.RMSprop, {}),
    (optim.RMSprop, DECAY | {"alpha": 0.9876, "eps": 1e-3}),
    (optim.RMSprop, UP | {"centered": True}),
    (optim.RMSprop, {"momentum": 0.87}),
    (optim.RMSprop, UP | DECAY | {"centered": True, "momentum": 0.87}),
    (optim.Adagrad, {}),
    (optim.Adagrad, UP | DECAY | {"lr_decay": 0.0123, "initial_accumulator_value": 0.1}),
    (optim.Adadelta, UP | DECAY),
    (optim.Adamax, UP | DECAY | BETAS),
    (optim.RAdam, {}),
    (optim.RAdam, UP | DECAY | BETAS),
]


@pytest.fixture(scope="module")
def course():
    """First parameters [LENGTH], gradients [STEPS, LENGTH] of very different sizes, rates."""
    generator = torch.Generator().manual_seed(0)
    used = torch.zeros(LENGTH)
    for start, size in zip(STARTS, SIZES, strict=True):
        used[start : start + size] = 1.0
    sizes = 10.0 ** (torch.rand(STEPS, LENGTH, generator=generator) * 12 - 8)
    gradients = torch.randn(STEPS, LENGTH, generator=generator) * sizes * used
    gradients[:, ::41] = 0.0
    rates = 10.0 ** (torch.rand(STEPS, generator=generator, dtype=torch.float64) * 3 - 4)
    return torch.randn(LENGTH, generator=generator) * used, gradients, rates.tolist()


def cut(flat):
    return [flat[start : start + size] for start, size in zip(STARTS, SIZES, strict=True)]


def step_by_torch(kind, options, first, gradients, rates, and_then=None):
    """The optimizer after these steps; `and_then` sees it after the first."""
    parameters = [nn.Parameter(part.clone()) for part in cut(first)]
    optimizer = kind(parameters, **options)
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True)):
        for parameter, part in zip(parameters, cut(gradient), strict=True):
            parameter.grad = part
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        if step == 0:
            and_then(optimizer)
    return optimizer


def laid_flat(optimizer, keys):
    """The parameters and the state's tensors, each in one [LENGTH]."""
    flat = [torch.zeros(LENGTH) for _ in ("p", *keys)]
    for name, whole in zip(("p", *keys), flat, strict=True):
        parameters = optimizer.param_groups[0]["params"]
        for part, parameter in zip(cut(whole), parameters, strict=True):
            part.copy_(parameter.detach() if name == "p" else optimizer.state[parameter][name])
    return flat


def scripted(written):
    """What makes all steps on one piece, from the second on."""
    tensors = ", ".join(f"{name}: Tensor" for name in ("p", *written.state, "gradients", "d"))
    return torch.jit.CompilationUnit(
        f"def steps({tensors}, rates: List[float]) -> int:\n"
        f"{textwrap.indent(written.once, ' ' * 4)}\n"
        "    for step in range(1, len(rates)):\n"
        "        g = gradients[step].clone()\n"
        "        lr = rates[step]\n"
        "        t = float(step + 1)\n"
        f"{textwrap.indent(written.each, ' ' * 8)}\n"
        "    return len(rates)\n"
    ).steps


@pytest.mark.parametrize(
    ("kind", "options"), CASES, ids=lambda v: getattr(v, "__name__", None) or "-".join(v) or "plain"
)
def test_it_is_torchs_own_step(course, kind, options):
    first, gradients, rates = course
    pieces = (slice(None),), (slice(0, PIECE), slice(PIECE, None))
    flat = []
    written = arithmetic.of(kind([nn.Parameter(first)], **options))
    optimizer = step_by_torch(
        kind, options, first, gradients, rates,
        and_then=lambda after: flat.extend(laid_flat(after, written.state) for _ in pieces),
    )  # fmt: skip
    steps = scripted(written)
    with torch.inference_mode():
        for tensors, cuts in zip(flat, pieces, strict=True):
            for piece in cuts:
                scratch = torch.full((len(first[piece]),), torch.nan)
                steps(*(t[piece] for t in tensors), gradients[:, piece], scratch, rates)

    theirs = laid_flat(optimizer, written.state)
    assert all(tensor.isfinite().all() for tensor in theirs)
    for name, their, whole, in_pieces in zip(("p", *written.state), theirs, *flat, strict=True):
        assert all(map(torch.equal, cut(their), cut(whole))), f"{name} on the whole tensor"
        assert all(map(torch.equal, cut(their), cut(in_pieces))), f"{name} in pieces"
    assert written.counts == ("step" in optimizer.state[optimizer.param_groups[0]["params"][0]])


def parameter(dtype=torch.float32):
    return nn.Parameter(torch.ones(3, dtype=dtype))


class Subclass(optim.SGD):
    pass


@pytest.mark.parametrize(
    ("optimizer", "why"),
    [
        (optim.NAdam([parameter()]), "NAdam is not among the optimizers that can be captured"),
        (Subclass([parameter()]), "Subclass is not among the optimizers"),
        (optim.Adam([parameter()], fused=True), "fused = true"),
        (optim.SGD([parameter()], foreach=True), "foreach = true"),
        (optim.SGD([parameter()], lr=torch.tensor(0.1)), "the lr of SGD is a tensor"),
        (optim.SGD([parameter()], weight_decay=float("inf")), "the weight_decay of SGD is inf"),
        (optim.SGD([parameter(torch.float64)]), "one of its parameters is float64"),
        (optim.SGD([parameter(torch.complex64)]), "one of its parameters is complex64"),
        (
            optim.Adam([{"params": [parameter()]}, {"params": [parameter()], "eps": 1e-3}]),
            "groups of Adam differ in eps: 1e-08 and 0.001",
        ),
    ],
)
def test_what_is_not_written_is_refused_with_the_reason(optimizer, why):
    with pytest.raises(arithmetic.NoArithmeticError, match=why):
        arithmetic.of(optimizer)


def test_groups_may_have_rates_of_their_own():
    groups = [{"params": [parameter()], "lr": lr, "name": str(lr)} for lr in (0.1, 0.2)]
    assert arithmetic.of(optim.SGD(groups)).each == "p.add_(g, alpha=-lr)"
