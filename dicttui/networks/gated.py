"""A sparse autoencoder that decides whether an atom fires apart from how much."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dicttui.networks.autoencoder import SparseAutoencoder, WarmUp, squared_error
from dicttui.networks.protocol import Activated, Output
from dicttui.preset.networks import GatedNetwork


class GatedAutoencoder(SparseAutoencoder):
    """code = [gate > 0] · ReLU(magnitude), with gate = (x − b_dec) W_enc + b_gate and magnitude =
    (x − b_dec) W_enc · exp(r_mag) + b_mag. The L1 penalty is on the gates alone, so that it does
    not shrink codes. Rajamanoharan et al. 2024, "Improving Dictionary Learning with Gated Sparse
    Autoencoders", equations 6 to 8.

    Gates get their gradient from the penalty and from an auxiliary reconstruction by ReLU(gate)
    with the decoder as it is (no gradient goes to it). `b_gate` is the field's name for what other
    families call `b_enc`, which this one has not.
    """

    atom_axes: Mapping[str, tuple[int, ...]] = {
        "W_enc": (1,),
        "W_dec": (0,),
        "b_gate": (0,),
        "b_mag": (0,),
        "r_mag": (0,),
    }
    atom_biases = ("b_gate", "b_mag", "r_mag")
    l1_coefficient: float

    def __init__(self, specification: GatedNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        d_sae = specification.dict_size
        del self.b_enc
        self.b_gate = nn.Parameter(torch.zeros(d_sae))
        self.b_mag = nn.Parameter(torch.zeros(d_sae))
        self.r_mag = nn.Parameter(torch.zeros(d_sae))
        self.l1_coefficient = specification.l1_coefficient
        self._weighted = specification.scale_sparsity_penalty_by_decoder_norm
        self._warm_up = WarmUp(specification.l1_warm_up_steps)

    def forward(self, x: Tensor) -> Activated:
        """Reconstruct samples x [batch, d_in]; the pre-activations are the gates."""
        projected = self.centred(x) @ self.W_enc
        gate = projected + self.b_gate
        code = (gate > 0) * self.activate(projected * self.r_mag.exp() + self.b_mag)
        return Activated(code @ self.W_dec + self.b_dec, code, gate)

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """ReLU of magnitudes."""
        return torch.relu(hidden_pre)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, `l1_penalty` on ReLU(gate) and `gate_error`, the squared error of the
        reconstruction by ReLU(gate); errors summed over features, all averaged over samples. With
        an auxiliary loss, that too.
        """
        assert isinstance(output, Activated)
        gate = torch.relu(output.hidden_pre)
        magnitudes = gate
        if self._weighted:
            magnitudes = gate * torch.linalg.vector_norm(self.W_dec, dim=1)
        by_gate = gate @ self.W_dec.detach() + self.b_dec.detach()
        return {
            "squared_error": squared_error(x, output.reconstruction),
            "l1_penalty": self._warm_up(self.l1_coefficient * magnitudes.sum(dim=1).mean()),
            "gate_error": squared_error(x, by_gate),
            **self.auxiliary_terms(x, output),
        }

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:  # noqa: ARG002
        """The coefficient itself: this network is written in the field's units."""
        return self.l1_coefficient

    def follow(self, code: Tensor) -> None:
        """As every autoencoder; and the warm-up of the penalty."""
        super().follow(code)
        self._warm_up.follow()


def build(specification: GatedNetwork, d_in: int) -> GatedAutoencoder:
    """The network of a preset's `[network]` with kind = "gated"."""
    return GatedAutoencoder(specification, d_in)
