"""A sparse autoencoder that keeps the k · batch largest codes of a batch."""

import torch
from torch import Tensor

from dicttui.networks.autoencoder import SparseAutoencoder, squared_error
from dicttui.networks.protocol import Output
from dicttui.preset.networks import BatchTopKNetwork, MatryoshkaNetwork

THRESHOLD_RATE = 0.01
"""Share of a new batch in the running threshold."""


class BatchTopKAutoencoder(SparseAutoencoder):
    """code = ReLU(pre) where that is among the k · batch largest of the batch, 0 elsewhere: k atoms
    a sample on average. Bussmann, Leask & Nanda 2024, "BatchTopK Sparse Autoencoders".

    In evaluation a code must not depend on its neighbours in the batch: then it is ReLU(pre) where
    that is above `threshold`, the running mean of the smallest code that batches have kept. The
    mean is a plain one over the first 1 / THRESHOLD_RATE steps, exponential after that.
    """

    threshold: Tensor
    """[]: above which a code counts in evaluation."""
    made: Tensor
    """int64 []: steps that it is a mean over."""

    def __init__(self, specification: BatchTopKNetwork | MatryoshkaNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        self.k = specification.k
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("made", torch.zeros((), dtype=torch.int64))

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """The k · batch largest that are positive; in evaluation those above the threshold."""
        code = torch.relu(hidden_pre)
        if not self.training:
            return code * (code > self.threshold)
        flat = code.flatten()
        largest, places = flat.topk(self.k * len(hidden_pre))
        return torch.zeros_like(flat).scatter(0, places, largest).view_as(code)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features and averaged over samples. With an auxiliary loss,
        that too.
        """
        return {
            "squared_error": squared_error(x, output.reconstruction),
            **self.auxiliary_terms(x, output),
        }

    @torch.no_grad()
    def follow(self, code: Tensor) -> None:
        """As every autoencoder; and the running threshold."""
        super().follow(code)
        smallest = code.masked_fill(code <= 0, torch.inf).amin()
        self.made.add_(1)
        share = (1 / self.made).clamp(min=THRESHOLD_RATE)
        # A batch without any code says nothing of the threshold.
        known = torch.where(smallest == torch.inf, self.threshold, smallest)
        self.threshold.lerp_(known, share)


def build(specification: BatchTopKNetwork, d_in: int) -> BatchTopKAutoencoder:
    """The network of a preset's `[network]` with kind = "batch_topk"."""
    return BatchTopKAutoencoder(specification, d_in)
