"""How the main screen and its cards share out their cells."""

from itertools import product

import pytest

from dicttui.tui.layout import norm_lines, plan, plan_card


@pytest.mark.parametrize("runs", [1, 2, 3, 8, 16])
def test_the_parts_fill_the_screen_exactly(runs: int) -> None:
    sizes = product((1, 10, 24, 36, 80, 120, 200, 300), range(1, 101), (False, True))
    for width, height, enlarged in sizes:
        shared = plan(width, height, runs, enlarged)
        parts = (shared.title, shared.cards, shared.chart, shared.system, shared.receipt,
                 shared.keys)  # fmt: skip
        assert sum(parts) == height
        assert min(parts) >= 0
        assert shared.cards >= 1


def test_two_runs_fill_the_width_and_more_stand_in_equal_rows() -> None:
    assert plan(80, 24, 2, enlarged=False).columns == 2
    assert plan(200, 60, 4, enlarged=False).columns == 4
    assert plan(120, 40, 4, enlarged=False).columns == 2


def test_an_enlarged_card_has_the_chart_s_room_too() -> None:
    enlarged = plan(120, 40, 2, enlarged=True)
    assert enlarged.single
    assert enlarged.chart == 0
    assert enlarged.card_height == 36


@pytest.mark.parametrize(("rows", "atoms"), [(0, False), (5, True), (5, False), (4096, True)])
def test_a_card_is_never_given_more_than_it_has(rows: int, atoms: bool) -> None:
    for width, height, facts in product((20, 38, 56, 120), range(1, 60), (3, 12, 20)):
        card = plan_card(width, height, facts, rows, atoms)
        assert card.facts >= 1
        assert min(card.spark, card.norms) >= 0
        assert card.facts + card.spark + card.norms <= height


def test_few_rows_have_a_line_each_and_many_share() -> None:
    assert norm_lines(5, atoms=False, width=56) == 6
    assert norm_lines(5, atoms=True, width=30) == 12
    assert norm_lines(16_384, atoms=False, width=56) < 16
