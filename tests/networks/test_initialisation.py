"""How a dictionary may start."""

import pytest
import torch

from dicttui.networks.protocol import NetworkError
from dicttui.networks.registry import build
from dicttui.preset.networks import ReluNetwork, SimpleNetwork, SparseNetwork

KINDS = {
    "simple": SimpleNetwork(kind="simple"),
    "sparse": SparseNetwork(kind="sparse"),
    "relu": ReluNetwork(kind="relu", dict_size=25),
}


def started(kind, scheme, seed=7, samples=None):
    torch.manual_seed(0)
    network = build(KINDS[kind], 10)
    if samples is None:
        samples = torch.randn(60, 10, generator=torch.Generator().manual_seed(1)) * 3
    network.initialise(scheme, samples, torch.Generator().manual_seed(seed))
    return network, samples


def fresh(kind):
    torch.manual_seed(0)
    return build(KINDS[kind], 10)


@pytest.mark.parametrize("kind", KINDS)
def test_article_keeps_what_was_drawn(kind):
    network, _ = started(kind, "article")
    for name, value in fresh(kind).state_dict().items():
        assert torch.equal(network.state_dict()[name], value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["article", "unit_norm", "orthogonal", "data"])
def test_only_the_generator_is_drawn_from(kind, scheme):
    torch.manual_seed(0)
    network = build(KINDS[kind], 10)
    state = torch.get_rng_state()
    network.initialise(scheme, torch.ones(60, 10), torch.Generator().manual_seed(3))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", KINDS)
def test_unit_norm_keeps_directions(kind):
    rows = started(kind, "unit_norm")[0].dictionary
    drawn = fresh(kind).dictionary
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))
    torch.testing.assert_close(torch.cosine_similarity(rows, drawn), torch.ones(len(rows)))


@pytest.mark.parametrize("kind", KINDS)
def test_orthogonal_rows_are_orthonormal_in_blocks_of_their_dimension(kind):
    rows = started(kind, "orthogonal")[0].dictionary.detach()
    for start in range(0, len(rows), rows.shape[1]):
        block = rows[start : start + rows.shape[1]]
        torch.testing.assert_close(block @ block.T, torch.eye(len(block)), atol=1e-5, rtol=0)
    if len(rows) > rows.shape[1]:
        assert not torch.allclose(rows[0], rows[rows.shape[1]])


def test_orthogonal_depends_on_the_generators_seed_alone():
    one, two = started("relu", "orthogonal")[0], started("relu", "orthogonal")[0]
    other = started("relu", "orthogonal", seed=8)[0]
    assert torch.equal(one.dictionary, two.dictionary)
    assert not torch.equal(one.dictionary, other.dictionary)


def test_data_makes_the_relu_networks_atoms_different_samples_of_norm_one():
    network, samples = started("relu", "data")
    directions = torch.nn.functional.normalize(samples)
    places = [
        int(torch.isclose(directions, row, atol=1e-6).all(dim=1).nonzero().item())
        for row in network.dictionary
    ]
    assert len(set(places)) == 25
    torch.testing.assert_close(network.dictionary.norm(dim=1), torch.ones(25))


@pytest.mark.parametrize("scheme", ["unit_norm", "orthogonal", "data"])
def test_the_relu_networks_encoder_follows(scheme):
    network, _ = started("relu", scheme)
    assert torch.equal(network.W_enc, network.W_dec.T)


@pytest.mark.parametrize("kind", ["simple", "sparse"])
def test_data_makes_the_articles_rows_encoded_samples(kind):
    network, samples = started(kind, "data")
    encoded = torch.relu(network.encoder(samples))
    for row in network.dictionary:
        assert torch.isclose(encoded, row, atol=1e-6).all(dim=1).any()
    assert torch.equal(network.decoder.weight, fresh(kind).decoder.weight)


def test_too_few_samples_for_the_atoms_are_refused():
    samples = torch.randn(40, 10, generator=torch.Generator().manual_seed(1))
    samples[20:] = 0
    with pytest.raises(NetworkError, match="each of the 25 atoms, and there are 20"):
        started("relu", "data", samples=samples)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(NetworkError, match=r"'xavier'.*allowed are article, unit_norm"):
        started("relu", "xavier")
