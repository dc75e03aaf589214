"""How far each row moves in a step."""

import math
import statistics

import pytest
import torch

from dicttui.measures.steps import (
    RecentUpdateRatios,
    adam_ratio,
    effective_step,
    radial_share,
    update_ratio,
)

BEFORE = torch.tensor([[3.0, 4.0], [3.0, 4.0], [0.0, 0.0], [1.0, 0.0]])
AFTER = torch.tensor([[6.0, 8.0], [-1.0, 7.0], [1.0, 1.0], [1.0, 0.0]])


def na(values):
    return [None if math.isnan(value) else value for value in values.tolist()]


def test_update_ratio_by_hand():
    found = na(update_ratio(BEFORE, AFTER))
    assert found[:2] == pytest.approx([1.0, 1.0])
    assert found[2] is None
    assert found[3] == 0


def test_radial_share_by_hand():
    found = na(radial_share(BEFORE, AFTER))
    assert found[:2] == pytest.approx([1.0, 0.0])
    assert found[2:] == [None, None]
    halfway = radial_share(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]))
    assert halfway.item() == pytest.approx(math.sqrt(0.5))


def test_effective_step_is_the_rms_over_the_row():
    expected = [5 / math.sqrt(2), 5 / math.sqrt(2), 1.0, 0.0]
    assert effective_step(BEFORE, AFTER).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_ratio_times_the_rate_is_the_step_that_torchs_adam_makes(amsgrad):
    generator = torch.Generator().manual_seed(0)
    rows = torch.nn.Parameter(torch.randn(4, 6, generator=generator))
    betas, eps, lr = (0.8, 0.95), 1e-3, 0.05
    optimizer = torch.optim.Adam([rows], lr=lr, betas=betas, eps=eps, amsgrad=amsgrad)
    for step in range(1, 8):
        rows.grad = torch.randn(4, 6, generator=generator) * 10.0 / step
        before = rows.detach().clone()
        optimizer.step()
        state = optimizer.state[rows]
        second = state["max_exp_avg_sq" if amsgrad else "exp_avg_sq"]
        ratio = adam_ratio(state["exp_avg"], second, step, betas, eps)
        torch.testing.assert_close(lr * ratio, effective_step(before, rows), rtol=1e-4, atol=1e-6)


def test_adam_ratio_is_one_where_signs_agree_and_small_where_they_cancel():
    rows = torch.nn.Parameter(torch.zeros(2, 3))
    optimizer = torch.optim.Adam([rows], lr=0.01)
    for step in range(1, 201):
        rows.grad = torch.tensor([[2.0] * 3, [2.0 * (-1) ** step] * 3])
        optimizer.step()
    state = optimizer.state[rows]
    agree, cancel = adam_ratio(
        state["exp_avg"], state["exp_avg_sq"], 200, (0.9, 0.999), 1e-8
    ).tolist()
    assert agree == pytest.approx(1, abs=1e-3)
    assert cancel < 0.1


def test_the_median_is_over_the_last_twenty_steps():
    generator = torch.Generator().manual_seed(1)
    recent = RecentUpdateRatios(3)
    assert na(recent.median()) == [None] * 3
    ratios = []
    rows = torch.rand(3, 4, generator=generator) + 1
    for count in range(1, 46):
        moved = rows + torch.randn(3, 4, generator=generator)
        ratios.append(update_ratio(rows, moved).tolist())
        recent.add(rows, moved)
        by_hand = [statistics.median(column) for column in zip(*ratios[-20:], strict=True)]
        if count in (1, 2, 19, 20, 21, 45):
            assert recent.median().tolist() == pytest.approx(by_hand)


def test_steps_without_a_meaningful_ratio_are_left_out_of_the_median():
    recent = RecentUpdateRatios(1)
    recent.add(torch.tensor([[0.0]]), torch.tensor([[1.0]]))
    recent.add(torch.tensor([[1.0]]), torch.tensor([[1.5]]))
    assert recent.median().tolist() == [0.5]
