"""What all sparse autoencoders share: their four parameters, how these start, and the remedies for
atoms that no longer fire.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from dicttui.networks.initialisation import geometric_median, starting_rows, unit_rows
from dicttui.networks.protocol import Activated, DictionaryNetwork, Output
from dicttui.preset.networks import AutoencoderNetwork

RENEWED_ENCODER_SCALE = 0.2
"""Of a renewed atom's encoder, as a share of the living ones' mean norm: Bricken et al. 2023,
"Towards Monosemanticity", appendix on resampling."""


class SparseAutoencoder(DictionaryNetwork):
    """pre = (x − b_dec) W_enc + b_enc, code = a family's function of it, reconstruction = code
    W_dec + b_dec.

    The decoder's bias is taken from the sample before it is encoded, as in Bricken et al. 2023,
    unless `apply_b_dec_to_input` says otherwise. W_enc [d_in, d_sae], b_enc [d_sae],
    W_dec [d_sae, d_in], b_dec [d_in]; the dictionary and the atoms are W_dec, drawn standard normal
    from torch's global stream.
    """

    signed_code = False
    sparse_code = True
    error_summed = True

    atom_axes: Mapping[str, tuple[int, ...]] = {"W_enc": (1,), "b_enc": (0,), "W_dec": (0,)}
    """For each parameter that has a part for each atom, the axes along which they lie."""
    atom_biases: Sequence[str] = ("b_enc",)
    """Parameters [d_sae] that start at 0."""

    def __init__(self, specification: AutoencoderNetwork, d_in: int) -> None:
        super().__init__()
        d_sae = specification.dict_size
        rows = torch.randn(d_sae, d_in)
        self.W_enc = nn.Parameter(rows.T.clone())
        self.b_enc = nn.Parameter(torch.zeros(d_sae))
        self.W_dec = nn.Parameter(rows)
        self.b_dec = nn.Parameter(torch.zeros(d_in))
        self.apply_b_dec_to_input = specification.apply_b_dec_to_input
        self.auxk_alpha = specification.auxk_alpha
        self.k_aux = min(specification.k_aux or max(1, d_in // 2), d_sae)
        self._encoder_init = specification.encoder_init
        self._b_dec_init = specification.b_dec_init
        if self.auxk_alpha > 0:
            self.count_since_fired()

    since_fired: Tensor
    """int64 [d_sae]: steps for which each atom has not fired; only where a loss asks for it."""

    # -- what it is ------------------------------------------------------------------------------

    @property
    def dictionary(self) -> Tensor:
        """W_dec [d_sae, d_in]."""
        return self.W_dec

    @property
    def atoms(self) -> Tensor:
        """W_dec [d_sae, d_in]."""
        return self.W_dec

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """The decoder; encoder and biases are the rest."""
        return [self.W_dec]

    def bottleneck(self) -> int:
        """The number of atoms."""
        return len(self.W_dec)

    # -- forward ---------------------------------------------------------------------------------

    @abstractmethod
    def activate(self, hidden_pre: Tensor) -> Tensor:
        """The code [batch, d_sae] of pre-activations [batch, d_sae]."""

    def forward(self, x: Tensor) -> Activated:
        """Reconstruct samples x [batch, d_in]."""
        hidden_pre = self.centred(x) @ self.W_enc + self.b_enc
        code = self.activate(hidden_pre)
        return Activated(code @ self.W_dec + self.b_dec, code, hidden_pre)

    def centred(self, x: Tensor) -> Tensor:
        """What is encoded of samples x [batch, d_in]."""
        return x - self.b_dec if self.apply_b_dec_to_input else x

    # -- loss ------------------------------------------------------------------------------------

    def auxiliary_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """`auxiliary_error`, where `auxk_alpha` is not 0: atoms that are dead by
        `dead_feature_window` are given the residual e = x − x̂ to reconstruct.

        auxk_alpha · min(1, dead ÷ k_aux) · ‖e − ê‖², the error summed over features and averaged
        over samples; ê is what the k_aux dead atoms of the largest pre-activations give, and no
        gradient goes through e. Gao et al. 2024, "Scaling and evaluating sparse autoencoders",
        section A.2; the factor for few dead atoms is SAELens'.
        """
        if self.auxk_alpha == 0:
            return {}
        assert isinstance(output, Activated)
        dead = self.dead
        largest, places = output.hidden_pre.masked_fill(~dead, -torch.inf).topk(self.k_aux, dim=1)
        largest = largest.masked_fill(largest == -torch.inf, 0.0)
        code = torch.zeros_like(output.hidden_pre).scatter(1, places, largest)
        residual = (x - output.reconstruction).detach()
        error = (code @ self.W_dec - residual).square().sum(dim=1).mean()
        share = (dead.sum() / self.k_aux).clamp(max=1.0)
        return {"auxiliary_error": self.auxk_alpha * share * error}

    # -- from step to step -----------------------------------------------------------------------

    def count_since_fired(self) -> None:
        """Count from here on for how long each atom has not fired."""
        self.register_buffer("since_fired", torch.zeros(len(self.W_dec), dtype=torch.int64))

    @property
    def dead(self) -> Tensor:
        """Bool [d_sae]: atoms that fired on no sample of the last `dead_feature_window` steps."""
        return self.since_fired >= self.dead_feature_window

    @torch.no_grad()
    def follow(self, code: Tensor) -> None:
        """Count for how long atoms have not fired."""
        if "since_fired" in self._buffers:
            fired = (code != 0).any(dim=0)
            self.since_fired.add_(1).masked_fill_(fired, 0)

    # -- how it starts ---------------------------------------------------------------------------

    @torch.no_grad()
    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Start W_dec's rows, the encoder at their transpose or by a draw of its own (He et al.
        2015, uniform), and b_dec at a centre of the samples; under "data" the rows are samples of
        Euclidean norm 1.
        """
        self.W_dec.copy_(starting_rows(scheme, self.W_dec, unit_rows(samples), generator))
        self.start_encoder(generator)
        if self._b_dec_init == "mean":
            self.b_dec.copy_(samples.double().mean(dim=0))
        elif self._b_dec_init == "geometric_median":
            self.b_dec.copy_(geometric_median(samples))

    def start_encoder(self, generator: torch.Generator) -> None:
        """Start W_enc, W_dec having started."""
        if self._encoder_init == "transpose":
            self.W_enc.copy_(self.W_dec.T)
            return
        bound = (6 / self.W_enc.shape[0]) ** 0.5
        drawn = torch.rand(self.W_enc.shape, generator=generator, device=generator.device)
        self.W_enc.copy_((drawn * 2 - 1) * bound)

    @torch.no_grad()
    def renew(self, which: Tensor, directions: Tensor) -> None:
        """Start atoms anew: `which` int64 [m], in the directions [m, d_in] of Euclidean norm 1.

        Encoders get RENEWED_ENCODER_SCALE of the others' mean norm, biases 0.
        """
        self.W_dec[which] = directions
        self.renew_encoder(which, directions)
        for name in self.atom_biases:
            self.get_parameter(name)[which] = 0.0
        if "since_fired" in self._buffers:
            self.since_fired[which] = 0

    def renew_encoder(self, which: Tensor, directions: Tensor) -> None:
        """Of the atoms that start anew, the encoder."""
        others = torch.ones(len(self.W_dec), dtype=torch.bool, device=which.device)
        others[which] = False
        norms = torch.linalg.vector_norm(self.W_enc, dim=0)
        scale = norms[others].mean() if bool(others.any()) else norms.new_tensor(1.0)
        self.W_enc[:, which] = RENEWED_ENCODER_SCALE * scale * directions.T


def squared_error(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Of samples [batch, d_in], summed over features and averaged over samples."""
    return (reconstruction - x).square().sum(dim=1).mean()


class WarmUp(nn.Module):
    """A factor that grows linearly from 1/steps to 1 over the first steps of a training."""

    made: Tensor
    """int64 []: steps that have been made."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps = steps
        if steps > 0:
            self.register_buffer("made", torch.zeros((), dtype=torch.int64))

    def forward(self, value: Tensor) -> Tensor:
        """The value times the factor of the step that is being made."""
        if self._steps == 0:
            return value
        return value * ((self.made + 1) / self._steps).clamp(max=1.0)

    @torch.no_grad()
    def follow(self) -> None:
        """A step has been made."""
        if self._steps > 0:
            self.made.add_(1)
