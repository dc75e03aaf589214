"""Optimizers by name: equal to torch's to the bit, the dictionary in a group of its own."""

import copy

import pytest
import torch
from torch import nn

from dicttui.networks.registry import build as build_network
from dicttui.optimizers.registry import OptimizerError, build, rebuild
from dicttui.preset.networks import ReluNetwork, SparseNetwork
from dicttui.preset.optimizers import OPTIMIZERS, SGD, Adam, Muon
from dicttui.preset.runs import RunSpecification

SPARSE = SparseNetwork(kind="sparse", l1_coefficient=0.001)
SETTINGS = {
    name: [{}] for name in OPTIMIZERS
} | {
    "SGD": [{}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}],
    "Adam": [{}, {"amsgrad": True, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.1}],
    "RMSprop": [{}, {"centered": True, "momentum": 0.5}],
}  # fmt: skip


def run_of(name="Adam", specification=SPARSE, arguments=None, **keys):
    return RunSpecification(
        name="run",
        optimizer=name,
        arguments=arguments or OPTIMIZERS[name](),
        network=specification,
        **({"lr": 0.01} | keys),
    )


def fresh(specification=SPARSE):
    torch.manual_seed(0)
    return build_network(specification, 10)


def step(network, optimizers, x):
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss = sum(network.loss_terms(x, network(x)).values())
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    return loss.item()


def samples():
    return torch.randn(50, 10, generator=torch.Generator().manual_seed(9))


CASES = [(name, given) for name, settings in SETTINGS.items() for given in settings]


@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize(("name", "given"), CASES, ids=[f"{n}-{len(g)}" for n, g in CASES])
def test_every_optimizer_steps_as_torchs_own_to_the_bit(name, given, scale):
    ours, theirs, x = fresh(), fresh(), samples()
    mine = build(run_of(name, arguments=OPTIMIZERS[name](**given), dictionary_lr_scale=scale), ours)
    rest = [p for p in theirs.parameters() if p is not theirs.dictionary]
    groups = [
        {"params": [theirs.dictionary], "lr": 0.01 * scale},
        {"params": rest, "lr": 0.01},
    ]
    if scale == 1.0:
        groups = [{"params": list(theirs.parameters())}]
    if name == "Muon":
        split = [
            [g | {"params": [p for p in g["params"] if (p.ndim == 2) is matrix]} for g in groups]
            for matrix in (True, False)
        ]
        plain = [
            torch.optim.Muon([g for g in split[0] if g["params"]], lr=0.01),
            torch.optim.AdamW([g for g in split[1] if g["params"]], lr=0.01, weight_decay=0.1),
        ]
    else:
        plain = [getattr(torch.optim, name)(groups, lr=0.01, **given)]
    for _ in range(25):
        assert step(ours, mine, x) == step(theirs, plain, x)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("specification", [SPARSE, ReluNetwork(kind="relu", dict_size=12)])
def test_every_parameter_is_in_exactly_one_named_group(name, specification):
    network = fresh(specification)
    optimizers = build(run_of(name, specification, dictionary_lr_scale=0.5), network)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    held = [id(p) for group in groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
    dictionary = {id(p) for p in network.dictionary_parameters()}
    for group in groups:
        inside = {id(p) in dictionary for p in group["params"]}
        assert inside == {group["name"] == "dictionary"}
        assert group["name"] in ("dictionary", "rest")
        assert group["lr"] == (0.005 if group["name"] == "dictionary" else 0.01)


def test_empty_groups_are_left_out():
    network = fresh()
    network.dictionary_parameters = list
    [optimizer] = build(run_of(), network)
    assert [group["name"] for group in optimizer.param_groups] == ["rest"]
    network.dictionary_parameters = lambda: list(network.parameters())
    [optimizer] = build(run_of(), network)
    assert [group["name"] for group in optimizer.param_groups] == ["dictionary"]


def test_the_implementation_is_torchs_own_choice():
    [optimizer] = build(run_of(), fresh())
    for group in optimizer.param_groups:
        assert group["foreach"] is None
        assert group["fused"] is None


def test_an_optimizer_that_this_torch_lacks_is_a_clear_error(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(OptimizerError, match=r"'run'.*has no optimizer Muon.*newer torch"):
        build(run_of("Muon", arguments=Muon()), fresh())


class OlderAdam(torch.optim.SGD):
    """An Adam that does not know decoupled_weight_decay."""

    def __init__(self, params, lr=0.1, betas=(), eps=0, weight_decay=0, amsgrad=0, maximize=0):
        super().__init__(params, lr=lr)


def test_an_argument_that_this_torch_lacks_matters_only_where_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(torch.optim, "Adam", OlderAdam)
    [optimizer] = build(run_of(), fresh())
    assert isinstance(optimizer, OlderAdam)
    with pytest.raises(OptimizerError, match="has no argument decoupled_weight_decay"):
        build(run_of(arguments=Adam(decoupled_weight_decay=True)), fresh())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_rebuilt_over_replaced_parameters_training_goes_on_to_the_bit(name):
    x = samples()
    run = run_of(name, dictionary_lr_scale=0.5)
    network, moved = fresh(), fresh()
    optimizers = build(run, network)
    old = build(run, moved)
    for _ in range(5):
        step(network, optimizers, x)
        step(moved, old, x)
    for optimizer in (*optimizers, *old):
        for group in optimizer.param_groups:
            group["lr"] *= 3
    replaced = copy.deepcopy(moved)
    new = rebuild(run, replaced, old)
    frozen = [p.clone() for p in moved.parameters()]
    for _ in range(10):
        assert step(replaced, new, x) == step(network, optimizers, x)
    for one, other in zip(replaced.parameters(), network.parameters(), strict=True):
        assert torch.equal(one, other)
    for one, other in zip(moved.parameters(), frozen, strict=True):
        assert torch.equal(one, other)
    names = {group["name"]: group["lr"] for o in new for group in o.param_groups}
    assert names == pytest.approx({"dictionary": 0.015, "rest": 0.03})


def test_state_that_does_not_fit_is_a_clear_error():
    run = run_of("SGD", arguments=SGD())
    network = fresh()
    old = build(run, network)
    network.decoder.extra = nn.Parameter(torch.ones(3))
    with pytest.raises(OptimizerError, match=r"'run'.*SGD does not fit"):
        rebuild(run, network, old)


@pytest.mark.parametrize(
    ("name", "argument"), [("Adam", {"weight_decay": 1e308}), ("Adafactor", {"eps": (None, 1e300)})]
)
def test_an_argument_beyond_float32_is_named(name, argument):
    [(key, _)] = argument.items()
    with pytest.raises(OptimizerError, match=f"run 'run': {key} = 1e\\+30. is beyond float32"):
        build(run_of(name, arguments=OPTIMIZERS[name](**argument)), fresh())
