"""Which losses live loggers are told."""

from dicttui.report.live.selection import ALL_BEFORE, selected


def test_every_step_at_first_then_ever_fewer():
    assert list(selected(0, ALL_BEFORE)) == list(range(ALL_BEFORE))
    assert list(selected(ALL_BEFORE, ALL_BEFORE + 6)) == [2048, 2050, 2052]
    assert list(selected(8191, 8210)) == [8192, 8200, 8208]
    assert len(list(selected(0, 10_000_000))) < 15_000


def test_it_does_not_matter_how_the_steps_are_cut():
    whole = list(selected(0, 20_000))
    parts = [step for first in range(0, 20_000, 37)
             for step in selected(first, min(20_000, first + 37))]  # fmt: skip
    assert parts == whole
