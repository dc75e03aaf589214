"""A dictionary whose codes are inferred by unrolled iterative soft thresholding."""

import torch
from torch import Tensor, nn

from dicttui.networks.autoencoder import SparseAutoencoder, squared_error
from dicttui.networks.protocol import Activated, Output
from dicttui.preset.networks import ListaNetwork

POWER_ITERATIONS = 5
"""Per forward pass, from where the step before has come to."""
SAFETY = 1.1
"""On the largest eigenvalue, which power iterations approach from below."""


class Lista(SparseAutoencoder):
    """The bridge from autoencoders to classical dictionary learning: the code is what `iterations`
    steps of iterative soft thresholding reach for ‖x − b_dec − z D‖² + l1_coefficient · ‖z‖₁, D
    the dictionary W_dec.

        z ← S_θ(z + (x − b_dec − z D) Dᵀ / L),  θ = l1_coefficient / (2 L),  z = 0 at first

    S is the soft threshold and L a bound of the largest eigenvalue of D Dᵀ (Daubechies, Defrise &
    De Mol 2004). With `tied` the steps are these: the network is Olshausen & Field 1996 with its
    inference unrolled, and D its only matrix. Otherwise they are Gregor & LeCun 2010, "Learning
    Fast Approximations of Sparse Coding": z ← S_θ((x − b_dec) W_enc + z W_inhibit) with W_enc
    [d_in, d_sae], W_inhibit [d_sae, d_sae] and θ = ReLU(theta) [d_sae] learned, which start at the
    values of the tied ones. Codes are negative too, unless `positive_code`.
    """

    l1_coefficient: float
    direction: Tensor
    """[d_in]: near the eigenvector of Dᵀ D to its largest eigenvalue."""

    def __init__(self, specification: ListaNetwork, d_in: int) -> None:
        super().__init__(specification, d_in)
        d_sae = specification.dict_size
        self.iterations = specification.iterations
        self.l1_coefficient = specification.l1_coefficient
        self.tied = specification.tied
        self.signed_code = not specification.positive_code
        self.atom_biases = ()
        self.atom_axes = {"W_dec": (0,)}
        self.register_buffer("direction", torch.cos(torch.arange(d_in) * 2.4))
        del self.b_enc
        if self.tied:
            del self.W_enc
        else:
            self.W_inhibit = nn.Parameter(torch.zeros(d_sae, d_sae))
            self.theta = nn.Parameter(torch.zeros(d_sae))
            self.atom_axes = {"W_dec": (0,), "W_enc": (1,), "W_inhibit": (0, 1), "theta": (0,)}

    def forward(self, x: Tensor) -> Activated:
        """Reconstruct samples x [batch, d_in]; the pre-activations are those of the last step."""
        centred = self.centred(x)
        threshold = self._threshold()
        encoder = self.W_dec.T / self._lipschitz(self._nearer()) if self.tied else self.W_enc
        encoded = hidden_pre = centred @ encoder
        code = self._shrink(hidden_pre, threshold)
        for _ in range(self.iterations - 1):
            if self.tied:
                hidden_pre = encoded + code - code @ self.W_dec @ encoder
            else:
                hidden_pre = encoded + code @ self.W_inhibit
            code = self._shrink(hidden_pre, threshold)
        return Activated(code @ self.W_dec + self.b_dec, code, hidden_pre)

    def activate(self, hidden_pre: Tensor) -> Tensor:
        """The last step's soft threshold."""
        return self._shrink(hidden_pre, self._threshold())

    def _threshold(self) -> Tensor:
        """θ: [], or [d_sae] where it is learned."""
        if not self.tied:
            return torch.relu(self.theta)
        return self.l1_coefficient / (2 * self._lipschitz(self._nearer()))

    def _shrink(self, value: Tensor, threshold: Tensor) -> Tensor:
        """S_θ: towards zero by the threshold, and not past it."""
        if not self.signed_code:
            return torch.relu(value - threshold)
        return torch.relu(value - threshold) - torch.relu(-value - threshold)

    @torch.no_grad()
    def _nearer(self) -> Tensor:
        """The direction [d_in] after some power iterations more."""
        direction = self.direction
        for _ in range(POWER_ITERATIONS):
            direction = self.W_dec.T.mv(self.W_dec.mv(direction))
            direction = direction / direction.norm().clamp(min=1e-30)
        return direction

    @torch.no_grad()
    def _lipschitz(self, direction: Tensor) -> Tensor:
        """[]: a bound of the largest eigenvalue of D Dᵀ, or nearly so."""
        return SAFETY * self.W_dec.mv(direction).square().sum().clamp(min=1e-30)

    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`squared_error`, summed over features, and `l1_penalty`; both averaged over samples. With
        an auxiliary loss, that too.
        """
        l1 = output.code.abs().sum(dim=1).mean()
        return {
            "squared_error": squared_error(x, output.reconstruction),
            "l1_penalty": self.l1_coefficient * l1,
            **self.auxiliary_terms(x, output),
        }

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:  # noqa: ARG002
        """The coefficient itself: this network is written in the field's units."""
        return self.l1_coefficient

    @torch.no_grad()
    def follow(self, code: Tensor) -> None:
        """As every autoencoder; and the direction of the largest eigenvalue."""
        super().follow(code)
        if self.tied:
            self.direction.copy_(self._nearer())

    def start_encoder(self, generator: torch.Generator) -> None:  # noqa: ARG002
        """Where the tied steps are, once the direction of the largest eigenvalue is known."""
        for _ in range(10):
            self.direction.copy_(self._nearer())
        if not self.tied:
            lipschitz = self._lipschitz(self.direction)
            self.W_enc.copy_(self.W_dec.T / lipschitz)
            self.W_inhibit.copy_(torch.eye(len(self.W_dec)) - self.W_dec @ self.W_dec.T / lipschitz)
            self.theta.fill_(self.l1_coefficient / (2 * lipschitz))

    def renew_encoder(self, which: Tensor, directions: Tensor) -> None:
        """Where the tied steps are, for the atoms that start anew."""
        if self.tied:
            return
        lipschitz = self._lipschitz(self._nearer())
        inhibit = torch.eye(len(self.W_dec)).to(directions) - self.W_dec @ self.W_dec.T / lipschitz
        self.W_enc[:, which] = directions.T / lipschitz
        self.W_inhibit[which] = inhibit[which]
        self.W_inhibit[:, which] = inhibit[:, which]
        self.theta[which] = self.l1_coefficient / (2 * lipschitz)


def build(specification: ListaNetwork, d_in: int) -> Lista:
    """The network of a preset's `[network]` with kind = "lista"."""
    return Lista(specification, d_in)
