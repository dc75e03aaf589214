"""Which loss terms grow with the batch."""

import math

import pytest
import torch

from dicttui.measures.batch_dependence import doubling
from dicttui.networks.sparse import SparseDictionaryNetwork

X = torch.randn(41, 10, generator=torch.Generator().manual_seed(0))


def test_the_articles_penalty_doubles_and_its_mean_does_not():
    for penalty, expected in (("sum", 2), ("mean", 1)):
        torch.manual_seed(0)
        network = SparseDictionaryNetwork(10, 5, 8, 0.01, penalty)
        found = doubling(lambda x, net=network: net.loss_terms(x, net(x)), X)
        assert found == pytest.approx({"mse": 1, "l1_penalty": expected})


def test_where_there_is_nothing_to_compare():
    def terms(x):
        return {"none": x.sum() * 0, "root": x.square().sum().sqrt(), "bad": x.sum() * math.nan}

    found = doubling(terms, X)
    assert math.isnan(found["none"])
    assert math.isnan(found["bad"])
    assert found["root"] == pytest.approx(math.sqrt(2), rel=0.02)
    assert all(map(math.isnan, doubling(terms, X[:1]).values()))
    assert all(map(math.isnan, doubling(terms, X[:0]).values()))
