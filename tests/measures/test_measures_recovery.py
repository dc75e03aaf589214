"""Whether a known dictionary was found."""

import itertools
import math

import pytest
import torch

from dicttui.measures.recovery import cosines, nearest_true, random_mmcs, recovery

TRUE = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(0)))[0][:5]


def at_cosine(row, cosine, towards):
    """A unit vector at this cosine to `row`, in the plane with `towards`, which is orthogonal."""
    return cosine * row + (1 - cosine**2) ** 0.5 * towards


def test_the_same_atoms_in_another_order_and_at_other_lengths_are_all_found():
    learned = TRUE[[3, 0, 4, 1, 2]] * torch.tensor([1.0, 7.0, 0.01, 3.0, 1e4])[:, None]
    found = recovery(TRUE, learned, None, signed=False)
    assert found.mmcs == pytest.approx(1, abs=1e-5)
    assert found.recovered == 1
    assert found.precision == 1


def test_a_flipped_atom_is_the_same_only_where_codes_are_signed():
    learned = TRUE * torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])[:, None]
    signed = recovery(TRUE, learned, None, signed=True)
    assert (signed.recovered, signed.precision) == (1, 1)
    assert signed.mmcs == pytest.approx(1, abs=1e-5)
    unsigned = recovery(TRUE, learned, None, signed=False)
    assert unsigned.recovered == pytest.approx(3 / 5)
    assert unsigned.mmcs == pytest.approx(3 / 5, abs=1e-5)


def test_duplicates_count_once():
    learned = torch.cat([TRUE[:2], TRUE[:2], TRUE[:2]])
    found = recovery(TRUE, learned, None, signed=False)
    assert found.recovered == pytest.approx(2 / 5)
    assert found.precision == pytest.approx(2 / 6)
    assert found.mmcs == pytest.approx(2 / 5, abs=1e-5)


def test_one_learned_atom_between_two_true_ones_is_matched_once():
    close = torch.stack([TRUE[0], at_cosine(TRUE[0], 0.95, TRUE[1])])
    between = (close[0] + close[1])[None]
    found = recovery(close, between, None, signed=False)
    assert found.mmcs > 0.98
    assert found.recovered == 0.5
    assert found.precision == 1


def test_the_threshold_is_a_cosine_of_nine_tenths():
    learned = torch.stack([at_cosine(TRUE[0], 0.899, TRUE[1]), at_cosine(TRUE[2], 0.901, TRUE[3])])
    found = recovery(TRUE[[0, 2]], learned, None, signed=False)
    assert found.recovered == 0.5
    assert found.mmcs == pytest.approx(0.9, abs=1e-4)


def test_a_pair_that_is_no_match_does_not_displace_one_that_is():
    # The largest sum of plain cosines pairs crosswise, 0.89 + 0.89, and finds no match; straight
    # on, 0.91 is one.
    def at_angles(*cosines_and_sides):
        angles = torch.tensor([side * math.acos(c) for c, side in cosines_and_sides])
        return torch.stack([angles.cos(), angles.sin()], dim=1)

    first, second = math.acos(0.91), math.acos(0.89)
    true = at_angles((1, 1), (math.cos(first + second), 1))
    learned = at_angles((0.91, 1), (0.89, -1))
    table = cosines(true, learned, signed=False)
    assert table[0].tolist() == pytest.approx([0.91, 0.89], abs=1e-5)
    assert table[1, 0].item() == pytest.approx(0.89, abs=1e-5)
    assert table[0, 1] + table[1, 0] > table[0, 0] + table[1, 1]
    assert recovery(true, learned, None, signed=False).recovered == 0.5


def test_the_matching_is_as_good_as_trying_every_order():
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        true = TRUE[0] + 0.2 * torch.randn(5, 6, generator=generator)
        learned = TRUE[0] + 0.2 * torch.randn(5, 6, generator=generator)
        table = cosines(true, learned, signed=False)
        table = torch.where(table > 0.9, table, 0.0)
        orders = [
            [float(table[row, column]) for row, column in enumerate(order)]
            for order in itertools.permutations(range(5))
        ]
        best = max(orders, key=sum)
        found = recovery(true, learned, None, signed=False)
        assert found.recovered == pytest.approx(sum(value > 0 for value in best) / 5)


def test_only_living_atoms_count():
    living = torch.tensor([True, True, False, False, False])
    found = recovery(TRUE, TRUE, living, signed=False)
    assert found.recovered == pytest.approx(2 / 5)
    assert found.precision == 1
    assert found.mmcs == pytest.approx(2 / 5, abs=1e-5)


def test_where_no_atom_lives_there_is_nothing_to_measure():
    found = recovery(TRUE, TRUE, torch.zeros(5, dtype=torch.bool), signed=False)
    assert found.mmcs is None
    assert found.precision is None
    assert found.recovered == 0


def test_zero_and_not_finite_rows_are_no_atoms():
    learned = TRUE.clone()
    learned[0] = 0
    learned[1] = float("nan")
    learned[2] = float("inf")
    found = recovery(TRUE, learned, None, signed=True)
    assert found.recovered == pytest.approx(2 / 5)
    assert found.mmcs == pytest.approx(2 / 5, abs=1e-5)


def test_nearest_true_atoms_and_their_cosines():
    learned = torch.stack([-3 * TRUE[4], at_cosine(TRUE[1], 0.8, TRUE[2])])
    index, cosine = nearest_true(TRUE, learned, signed=True)
    assert index.tolist() == [4, 1]
    assert cosine.tolist() == pytest.approx([1, 0.8], abs=1e-5)
    index, cosine = nearest_true(TRUE, learned, signed=False)
    assert index[1] == 1
    assert cosine.tolist() == pytest.approx([0, 0.8], abs=1e-5)


@pytest.mark.parametrize("signed", [True, False])
def test_the_random_value_is_what_random_dictionaries_get(signed):
    values = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(100 + seed)
        true = torch.randn(64, 32, generator=generator)
        learned = torch.randn(128, 32, generator=generator)
        values.append(recovery(true, learned, None, signed).mmcs)
    found = recovery(TRUE, TRUE, None, signed).mmcs_random
    assert found == random_mmcs(5, 5, 6, signed)
    assert random_mmcs(64, 128, 32, signed) == pytest.approx(sum(values) / 20, abs=0.02)


def test_the_random_value_draws_nothing_from_the_global_stream():
    random_mmcs.cache_clear()
    state = torch.get_rng_state()
    first = random_mmcs(7, 9, 5, True)
    assert torch.equal(torch.get_rng_state(), state)
    random_mmcs.cache_clear()
    assert random_mmcs(7, 9, 5, True) == first
