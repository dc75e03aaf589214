"""What a card says of what makes a run's steps."""

from dataclasses import replace
from typing import Any

import handmade
import pytest

from dicttui.tui.glyphs import UNICODE
from dicttui.tui.widgets.card_facts import Standing, facts


def card(width: int = 100, *, alone: bool = False, **changes: Any) -> str:
    standing = Standing(0, 0, selected=True, alone=alone)
    lines = facts(replace(handmade.adam(), **changes), standing, width, UNICODE)
    return "\n".join("".join(text for text, _role in line.spans) for line in lines)


def test_an_engine_whose_numbers_differ_is_marked() -> None:
    assert "cpu · captured" in card(48, engine="captured")
    assert "cpu · ≈cuda_graph" in card(48, engine="cuda_graph", engine_exact=False)
    assert "captured" not in card(47, engine="captured")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"engine": "eager", "engine_detail": "it draws random numbers"},
      "engine eager: it draws random numbers"),
     ({"engine": "eager"}, "engine eager"),
     ({"engine": "captured"}, "engine captured: the same numbers as eager's, to the last bit"),
     ({"engine": "cuda_graph", "engine_exact": False},
      "engine ≈cuda_graph: eager's numbers but for rounding")],
)  # fmt: skip
def test_enlarged_the_card_says_why_it_is_this_engine(changes: dict[str, Any], said: str) -> None:
    assert said in card(alone=True, **changes).split("\n")
    assert "engine " not in card(**changes)


def test_a_learner_without_a_rate_has_none_made_up() -> None:
    assert "no learning rate" in card(lr=None, dictionary_lr=None, base_lr=None)
