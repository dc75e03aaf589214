"""Which atoms have not fired for long."""

import torch

from dicttui.measures.deadness import Deadness


def test_nothing_is_known_until_the_window_has_passed():
    deadness = Deadness(2)
    for step in range(4):
        deadness.update(torch.tensor([True, False]), step)
        assert deadness.dead_fraction(step, 5) is None
    deadness.update(torch.tensor([True, False]), 4)
    assert deadness.dead_fraction(4, 5) == 0.5
    assert deadness.dead(4, 5).tolist() == [False, True]


def test_as_counting_over_the_window_says():
    generator = torch.Generator().manual_seed(0)
    fired = torch.rand(200, 20, generator=generator) < 0.08
    deadness = Deadness(20)
    seen = set()
    for step in range(200):
        deadness.update(fired[step], step)
        if step >= 9:
            by_hand = (~fired[step - 9 : step + 1].any(dim=0)).float().mean().item()
            assert deadness.dead_fraction(step, 10) == by_hand
            seen.add(by_hand)
    assert len(seen) > 3


def test_a_dead_atom_that_fires_lives_again():
    deadness = Deadness(1)
    for step in range(10):
        deadness.update(torch.tensor([False]), step)
    assert deadness.dead_fraction(9, 5) == 1
    deadness.update(torch.tensor([True]), 10)
    assert deadness.dead_fraction(10, 5) == 0


def test_counting_may_start_later():
    deadness = Deadness(1, start=100)
    deadness.update(torch.tensor([False]), 100)
    assert deadness.dead_fraction(100, 2) is None
    deadness.update(torch.tensor([False]), 101)
    assert deadness.dead_fraction(101, 2) == 1


def test_an_update_is_made_in_place():
    deadness = Deadness(3)
    held = deadness.last_fired
    deadness.update(torch.tensor([True, False, True]), 7)
    assert deadness.last_fired is held
    assert held.tolist() == [7, -1, 7]


def test_those_who_die_and_wake_are_counted():
    generator = torch.Generator().manual_seed(0)
    fired = torch.rand(400, 30, generator=generator) < 0.06
    window, died, woke = 10, 0, 0
    deadness = Deadness(30)
    last = torch.full((30,), -1)
    dead = torch.zeros(30, dtype=torch.bool)
    for step in range(400):
        deadness.update(fired[step], step)
        deadness.look(step, window)
        last[fired[step]] = step
        now = (last <= step - window) & (step + 1 >= window)
        died, woke = died + int((now & ~dead).sum()), woke + int((dead & ~now).sum())
        dead = now
    assert deadness.deaths == [died, woke, 0]
    assert died > woke > 30


def test_deaths_are_counted_on_from_where_it_was_left():
    one = Deadness(3)
    for step in range(6):
        one.update(torch.tensor([step < 2, True, False]), step)
        one.look(step, 4)
    kept = one.deaths
    assert kept == [2, 0, 0]  # the last one at step 3, the first at step 5
    other = Deadness(3)
    other.last_fired.copy_(one.last_fired)
    other.count_on(6, 4, kept)
    for deadness in (one, other):
        deadness.update(torch.tensor([False, False, True]), 6)
        deadness.look(6, 4)
        assert deadness.deaths == [2, 1, 0]
