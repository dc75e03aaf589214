"""How large and how sparse codes are."""

import pytest
import torch

from dicttui.measures.codes import fires, l0, l1

CODE = torch.tensor([[0.0, -2.0, 1e-9], [0.5, 0.0, 0.0]])
ATOMS = torch.tensor([[3.0, 4.0], [0.0, 1.0], [100.0, 0.0]])


def test_l1_is_summed_over_atoms_and_averaged_over_samples():
    assert l1(CODE).item() == pytest.approx((2.0 + 0.5) / 2)


def test_a_sparse_code_fires_where_it_is_not_zero():
    fired = fires(CODE, ATOMS, 1.0, sparse_code=True)
    assert fired.tolist() == [[False, True, True], [True, False, False]]
    assert l0(fired).item() == pytest.approx(1.5)


def test_a_linear_code_fires_where_its_contribution_counts_beside_the_samples():
    # The threshold is 1e-3 · 500 = 0.5; contributions are 0, 2, 1e-7 and 2.5, 0, 0.
    fired = fires(CODE, ATOMS, 500.0, sparse_code=False)
    assert fired.tolist() == [[False, True, False], [True, False, False]]
    # The same with a threshold of 2.2 leaves only 0.5 · ‖(3, 4)‖ = 2.5.
    fired = fires(CODE, ATOMS, torch.tensor(2200.0), sparse_code=False)
    assert fired.tolist() == [[False, False, False], [True, False, False]]


def test_scale_that_moves_from_code_to_atom_does_not_change_what_fires():
    generator = torch.Generator().manual_seed(0)
    code, atoms = torch.randn(50, 6, generator=generator), torch.randn(6, 4, generator=generator)
    scale = torch.tensor([1e-3, 0.1, 1, 10, 100, 1e3])
    one = fires(code, atoms, 900.0, sparse_code=False)
    other = fires(code * scale, atoms / scale[:, None], 900.0, sparse_code=False)
    assert torch.equal(one, other)
    assert 0 < one.float().mean() < 1
