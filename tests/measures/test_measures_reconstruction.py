"""How well samples are reconstructed."""

import math

import pytest
import torch

from dicttui.measures.reconstruction import fvu, mse

X = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
MEAN = torch.tensor([2.0, 4.0])


def test_mse_is_the_mean_over_samples_and_features():
    reconstruction = torch.tensor([[1.0, 0.0], [3.0, 5.0]])
    assert mse(X, reconstruction).item() == pytest.approx((0 + 4 + 0 + 1) / 4)
    assert mse(X, reconstruction).item() == torch.nn.MSELoss()(reconstruction, X).item()


def test_fvu_is_a_ratio_of_sums():
    reconstruction = torch.tensor([[1.0, 0.0], [3.0, 5.0]])
    assert fvu(X, reconstruction, MEAN).item() == pytest.approx(5 / (1 + 4 + 1 + 4))
    assert fvu(X, X, MEAN).item() == 0
    assert fvu(X, MEAN.expand(2, 2), MEAN).item() == 1


def test_fvu_of_samples_without_variance_is_not_a_number_or_infinite():
    same = MEAN.expand(3, 2)
    assert math.isnan(fvu(same, same, MEAN).item())
    assert math.isinf(fvu(same, same + 1, MEAN).item())
