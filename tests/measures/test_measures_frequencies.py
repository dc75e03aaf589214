"""How often atoms fire."""

import torch

from dicttui.measures import frequencies
from dicttui.measures.frequencies import FireCounts, histogram


def test_shares_fall_into_bins_of_their_logarithm():
    fires = torch.tensor([0, 1, 9, 10, 11, 99, 100, 999, 1000])
    found = histogram(fires, 1000, decades=3, per_decade=1).tolist()
    # never; 0.001 to 0.01; 0.01 to 0.1; 0.1 to 1, which has 1 itself
    assert found == [1, 2, 3, 3]


def test_what_is_rarer_than_the_lowest_bin_is_in_it():
    assert histogram(torch.tensor([1, 0]), 10**6, decades=2, per_decade=2).tolist() == [
        1,
        1,
        0,
        0,
        0,
    ]


def test_fires_are_counted_over_all_samples_of_the_last_steps():
    counts = FireCounts(window=10)
    generator = torch.Generator().manual_seed(0)
    fired = [torch.rand(20, 3, generator=generator) < 0.3 for _ in range(25)]
    for step, one in enumerate(fired):
        counts.add(one, step)
    # Blocks begin at 0, 10 and 20: the first has been forgotten.
    kept = torch.cat(fired[counts.first :])
    assert counts.first == 10
    assert counts.samples == len(kept)
    assert counts.fires().tolist() == kept.sum(dim=0).tolist()


def test_many_samples_push_old_ones_out(monkeypatch):
    monkeypatch.setattr(frequencies, "BLOCK", 30)
    counts = FireCounts(window=10**6)
    for step in range(6):
        counts.add(torch.ones(20, 1, dtype=torch.bool), step)
    assert (counts.first, counts.samples, counts.fires().tolist()) == (2, 80, [80])


def test_the_same_samples_again_replace_themselves():
    counts = FireCounts(window=10)
    counts.add(torch.tensor([[True, True]]), 0, afresh=True)
    counts.add(torch.tensor([[False, True]]), 1, afresh=True)
    assert (counts.samples, counts.fires().tolist()) == (1, [0, 1])
