"""The article's networks: its numbers to the bit, and what they say about themselves."""

import pytest
import torch
from torch import nn, optim

from dicttui.networks.registry import build
from dicttui.optimizers.registry import build as build_optimizers
from dicttui.preset.networks import SimpleNetwork, SparseNetwork
from dicttui.preset.optimizers import OPTIMIZERS
from dicttui.preset.runs import RunSpecification


class Plain(nn.Module):
    """A network of the article's shape, written independently of ours."""

    def __init__(self, d_in, n_atoms, hidden):
        super().__init__()
        self.encoder = nn.Linear(d_in, hidden)
        self.dictionary = nn.Parameter(torch.randn(n_atoms, hidden))
        self.decoder = nn.Linear(n_atoms, d_in)

    def forward(self, x):
        code = torch.matmul(torch.relu(self.encoder(x)), self.dictionary.T)
        return self.decoder(code), code


def script(seed, optimizer, sparsity, epochs=100):
    """The losses that a script of the article's shape prints with this seed at its top."""
    torch.manual_seed(seed)
    model = Plain(10, 5, 8)
    stepper = getattr(optim, optimizer)(model.parameters(), lr=0.01)
    criterion = nn.MSELoss()
    inputs = torch.randn(100, 10)
    losses = []
    for _ in range(epochs):
        stepper.zero_grad()
        outputs, projected = model(inputs)
        loss = criterion(outputs, inputs)
        if sparsity is not None:
            loss = loss + sparsity * torch.sum(torch.abs(projected))
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses


def ours(seed, optimizer, specification, epochs=100):
    torch.manual_seed(seed)
    network = build(specification, 10)
    run = RunSpecification(
        name="run",
        optimizer=optimizer,
        lr=0.01,
        arguments=OPTIMIZERS[optimizer](),
        network=specification,
    )
    [stepper] = build_optimizers(run, network)
    inputs = torch.randn(100, 10)
    losses = []
    for _ in range(epochs):
        stepper.zero_grad()
        loss = sum(network.loss_terms(inputs, network(inputs)).values())
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 7])
@pytest.mark.parametrize(
    ("optimizer", "specification", "sparsity"),
    [
        ("Adam", SimpleNetwork(kind="simple"), None),
        ("Adam", SparseNetwork(kind="sparse"), 0.01),
        ("SGD", SparseNetwork(kind="sparse"), 0.01),
    ],
    ids=["simple-adam", "sparse-adam", "sparse-sgd"],
)
def test_losses_are_the_articles_bit_for_bit(seed, optimizer, specification, sparsity):
    assert ours(seed, optimizer, specification) == script(seed, optimizer, sparsity)


def test_the_article_is_simple_beside_which_the_collapse_is_to_the_variance():
    losses = ours(0, "Adam", SimpleNetwork(kind="simple"))
    assert 0.38 < losses[-1] < 0.43
    sparse = ours(0, "Adam", SparseNetwork(kind="sparse"))
    assert sparse[-1] > 0.9


def sparse_network(penalty, d_in=10):
    torch.manual_seed(0)
    return build(SparseNetwork(kind="sparse", l1_coefficient=0.25, penalty=penalty), d_in)


def test_penalties_are_the_sum_over_the_batch_or_per_sample():
    x = torch.randn(7, 10, generator=torch.Generator().manual_seed(3))
    network = sparse_network("sum")
    output = network(x)
    total = output.code.abs().sum().item()
    terms = network.loss_terms(x, output)
    assert list(terms) == ["mse", "l1_penalty"]
    assert terms["mse"].item() == nn.MSELoss()(output.reconstruction, x).item()
    assert terms["l1_penalty"].item() == pytest.approx(0.25 * total)
    terms = sparse_network("mean").loss_terms(x, output)
    assert terms["l1_penalty"].item() == pytest.approx(0.25 * total / 7)


def test_lambda_in_the_fields_units_is_the_price_beside_a_summed_error():
    # The article's own: 0.01 · 100 samples · 10 features = 10.
    article = build(SparseNetwork(kind="sparse"), 10)
    assert article.lambda_field(100, 10) == pytest.approx(10)
    assert sparse_network("mean").lambda_field(100, 10) == pytest.approx(2.5)
    assert build(SimpleNetwork(kind="simple"), 10).lambda_field(100, 10) is None


@pytest.mark.parametrize("penalty", ["sum", "mean"])
def test_lambda_field_scales_the_loss_to_the_fields(penalty):
    x = torch.randn(16, 10, generator=torch.Generator().manual_seed(5))
    network = sparse_network(penalty)
    output = network(x)
    loss = sum(network.loss_terms(x, output).values()).item()
    error = (output.reconstruction - x).square().sum(1).mean().item()
    l1 = output.code.abs().sum(1).mean().item()
    assert 10 * loss == pytest.approx(error + network.lambda_field(16, 10) * l1, rel=1e-5)


def test_atoms_are_the_decoders_columns_and_writing_to_them_constrains_it():
    network = sparse_network("sum")
    assert network.dictionary.shape == (5, 8)
    assert network.atoms.shape == (5, 10)
    with torch.no_grad():
        network.atoms[2].fill_(0.5)
    assert network.decoder.weight[:, 2].tolist() == [0.5] * 10
    x = torch.randn(4, 10, generator=torch.Generator().manual_seed(1))
    output = network(x)
    by_hand = output.code @ network.atoms + network.decoder.bias
    torch.testing.assert_close(output.reconstruction, by_hand)


def test_codes_are_linear_signed_and_never_sparse():
    network = sparse_network("sum")
    assert network.signed_code
    assert not network.sparse_code
    x = torch.randn(100, 10, generator=torch.Generator().manual_seed(1))
    assert (network(x).code < 0).any()
    assert network.l1_coefficient == 0.25
    assert build(SimpleNetwork(kind="simple"), 10).l1_coefficient is None


def test_the_dictionarys_group_is_the_dictionary_alone():
    network = sparse_network("sum")
    assert [id(p) for p in network.dictionary_parameters()] == [id(network.dictionary)]


def test_the_bottleneck_is_the_smaller_of_hidden_size_and_atoms():
    assert build(SimpleNetwork(kind="simple", dict_size=5, hidden_size=8), 10).bottleneck() == 5
    assert build(SimpleNetwork(kind="simple", dict_size=9, hidden_size=4), 10).bottleneck() == 4
