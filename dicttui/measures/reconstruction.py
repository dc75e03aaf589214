"""How well samples are reconstructed. Results are 0-d tensors where the samples are: no sync."""

from torch import Tensor


def mse(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Mean squared error over samples and features of [n, d_in], in squared units of x."""
    return (reconstruction - x).square().mean()


def fvu(x: Tensor, reconstruction: Tensor, mean: Tensor) -> Tensor:
    """Fraction of variance unexplained, Σ‖x − x̂‖² / Σ‖x − x̄‖², without unit.

    A ratio of sums over the samples [n, d_in]; `mean` [d_in] is the data set's. 0 is perfect, 1 is
    what the mean alone reaches; NaN or inf where all samples equal the mean.
    """
    return (reconstruction - x).square().sum() / (x - mean).square().sum()
