"""The loss that training should be seen against."""

import pytest
import torch

from dicttui.measures.floor import loss_floor, rank_residual, variance
from dicttui.networks.registry import build
from dicttui.preset.networks import SimpleNetwork


def article_samples(seed):
    torch.manual_seed(seed)
    network = build(SimpleNetwork(kind="simple"), 10)
    return network, torch.randn(100, 10)


@pytest.mark.parametrize(("seed", "optimum"), [(0, 0.351), (1, 0.348), (2, 0.364)])
def test_the_articles_simple_network_has_the_known_optimum(seed, optimum):
    network, x = article_samples(seed)
    floor = loss_floor(
        x, bottleneck=network.bottleneck(), penalised=False, full_batch=True, error_summed=False
    )
    assert floor.value == pytest.approx(optimum, abs=5e-4)
    assert floor.label == "best rank-5 approximation"


def test_the_articles_simple_network_comes_close_to_its_floor_and_not_below():
    network, x = article_samples(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(1000):
        optimizer.zero_grad()
        loss = network.loss_terms(x, network(x))["mse"]
        loss.backward()
        optimizer.step()
    floor = rank_residual(x, 5)
    assert floor - 1e-6 < loss.item() < floor + 0.02


def test_rank_residual_is_the_truncated_svds_error():
    x = torch.randn(30, 6, generator=torch.Generator().manual_seed(1)).double() + 5
    centred = x - x.mean(0)
    u, s, v = torch.linalg.svd(centred, full_matrices=False)
    for rank in range(7):
        best = u[:, :rank] * s[:rank] @ v[:rank]
        by_hand = float((centred - best).square().mean())
        assert rank_residual(x, rank) == pytest.approx(by_hand, abs=1e-12)


def test_variance_is_over_samples_and_features():
    x = torch.tensor([[1.0, 10.0], [3.0, 10.0]])
    assert variance(x) == pytest.approx(0.5)


def test_a_penalised_network_has_the_line_of_all_codes_zero():
    _, x = article_samples(0)
    by_hand = float((x - x.mean(0)).square().mean())
    floor = loss_floor(x, bottleneck=5, penalised=True, full_batch=True, error_summed=False)
    assert floor.value == pytest.approx(by_hand, rel=1e-5)
    assert floor.label == "all codes zero: Var(x)"
    summed = loss_floor(x, bottleneck=128, penalised=True, full_batch=False, error_summed=True)
    assert summed.value == pytest.approx(10 * by_hand, rel=1e-5)


@pytest.mark.parametrize(
    ("bottleneck", "full_batch", "label"),
    [
        (10, True, "not informative: overcomplete code"),
        (64, False, "not informative: overcomplete code"),
        (5, False, "not informative: minibatches"),
        (None, True, "not known for this network"),
    ],
)
def test_where_there_is_no_informative_line_the_label_says_why(bottleneck, full_batch, label):
    _, x = article_samples(0)
    floor = loss_floor(
        x, bottleneck=bottleneck, penalised=False, full_batch=full_batch, error_summed=False
    )
    assert floor.value is None
    assert floor.label == label


def test_fewer_samples_than_dimensions_are_overcomplete_too():
    x = torch.randn(4, 10, generator=torch.Generator().manual_seed(1))
    found = loss_floor(x, bottleneck=3, penalised=False, full_batch=True, error_summed=False)
    assert found.value is None
