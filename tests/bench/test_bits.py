"""What the comparison of the engines sees."""

import math
from pathlib import Path

import pytest

from dicttui.bench.bits import compared, first_difference

PRESET = """
[data]
n = 20
[network]
kind = "simple"
[training]
steps = 60
[[runs]]
optimizer = "Adam"
lr = 0.01
"""


@pytest.mark.parametrize(
    ("others", "step"),
    [
        ([0.5, math.nan, 0.25], None),
        ([0.5, math.nan, math.nextafter(0.25, 1)], 2),
        ([0.5, math.nan], 2),
        ([0.5, 1.0, 0.25], 1),
    ],
)
def test_the_first_loss_that_differs_in_a_bit(others, step):
    assert first_difference([0.5, math.nan, 0.25], others) == step


def test_what_is_trained_twice_is_the_same(tmp_path: Path):
    preset = tmp_path / "twice.toml"
    preset.write_text(PRESET)
    (run,) = compared(str(preset), seed=3)
    assert (run.run, run.seed, run.equal) == ("adam", 3, True)
