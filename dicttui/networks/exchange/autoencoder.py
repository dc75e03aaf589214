"""A sparse autoencoder's weights between two forms, and how a scaling is folded into them."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from dicttui.data.affine import Affine, PerSample
from dicttui.networks.exchange.error import ExchangeError
from dicttui.networks.exchange.state import NetworkState

ENCODER_BIASES = {
    "relu": ("b_enc",),
    "topk": ("b_enc",),
    "batch_topk": ("b_enc",),
    "matryoshka": ("b_enc",),
    "jump_relu": ("b_enc",),
    "gated": ("b_gate", "b_mag"),
}
"""The kinds of network that other programs have too, and their biases per atom."""
THRESHOLDED = ("batch_topk", "matryoshka", "jump_relu")
LEAST_THRESHOLD = 1e-12
"""In place of a threshold of 0, which has no logarithm; no pre-activation of float32 samples is
told from 0 by less."""


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """u = n(x) − b_dec (or n(x), without `apply_b_dec_to_input`), codes from u W_enc and the biases
    by the rule of the kind, reconstruction n⁻¹(code W_dec + b_dec). All float32: there may be
    gigabytes of it.
    """

    kind: str
    W_enc: Tensor
    """[d_in, d_sae]"""
    W_dec: Tensor
    """[d_sae, d_in]"""
    b_dec: Tensor
    """[d_in]"""
    biases: dict[str, Tensor]
    """[d_sae] each: `b_enc`; of gated `b_gate` and `b_mag`."""
    r_mag: Tensor | None = None
    """[d_sae], of gated: magnitudes are u (W_enc · exp(r_mag)) + b_mag."""
    threshold: Tensor | None = None
    """[d_sae]: codes are 0 where the pre-activation is not above it; of jump_relu, and of
    batch_topk and matryoshka, where it is the same for all."""
    k: int | None = None
    """Of topk, batch_topk and matryoshka: codes that a sample keeps, or keeps on average."""
    widths: tuple[int, ...] = ()
    """Of matryoshka: the prefixes of the dictionary that stand for themselves."""
    apply_b_dec_to_input: bool = True
    per_sample: PerSample = "none"
    """n"""

    @property
    def d_in(self) -> int:
        """Features of a sample."""
        return self.W_enc.shape[0]

    @property
    def d_sae(self) -> int:
        """Atoms."""
        return self.W_enc.shape[1]

    @classmethod
    def of(cls, state: NetworkState) -> Self:
        """The autoencoder that takes samples as they were before they were scaled.

        Raises ExchangeError where the network is none that others have, or its scaling is not
        known.
        """
        kind = state.kind
        if kind not in ENCODER_BIASES:
            raise ExchangeError(
                f'a network with kind = "{kind}" has no counterpart in other programs; allowed '
                f"with this format: {', '.join(ENCODER_BIASES)}; safetensors and npz take every "
                "network"
            )
        if state.scaling is None:
            raise ExchangeError(
                "the recording does not say how its samples were scaled, because an older dicttui "
                "made it; safetensors and npz need not know"
            )
        tensors = {name: t.float() for name, t in (state.parameters() | state.buffers()).items()}
        missing = {"W_enc", "W_dec", "b_dec", *ENCODER_BIASES[kind]} - tensors.keys()
        if missing:
            raise ExchangeError(
                f"what was learned has no {', '.join(sorted(missing))}: it is no autoencoder, and "
                "other programs have nothing else; safetensors and npz take it"
            )
        d_sae = tensors["W_enc"].shape[1]
        threshold = None
        if kind == "jump_relu":
            threshold = tensors["log_threshold"].exp()
        elif kind in THRESHOLDED:
            threshold = tensors["threshold"].expand(d_sae).clone()
        k = state.specification.get("k")
        raw = cls(
            kind=kind,
            W_enc=tensors["W_enc"],
            W_dec=tensors["W_dec"],
            b_dec=tensors["b_dec"],
            biases={name: tensors[name] for name in ENCODER_BIASES[kind]},
            r_mag=tensors.get("r_mag"),
            threshold=threshold,
            k=None if k is None else int(k),
            widths=tuple(state.specification.get("widths", ())),
            apply_b_dec_to_input=bool(state.specification.get("apply_b_dec_to_input", True)),
        )
        return raw.folded(Affine.of(state.scaling, raw.d_in))

    def folded(self, affine: Affine) -> Self:
        """The autoencoder of samples x that has these codes for y = (n(x) − shift) · scale, and
        whose reconstruction of x is this one's of y, taken back through the same map.
        """
        scale = affine.scale.float()
        plain = bool((scale == 1).all())
        shifted = replace(
            self,
            W_enc=self.W_enc if plain else scale[:, None] * self.W_enc,
            W_dec=self.W_dec if plain else self.W_dec / scale,
            b_dec=(self.b_dec.double() / affine.scale + affine.shift).float(),
            per_sample=affine.per_sample,
        )
        return shifted if self.apply_b_dec_to_input else shifted.with_pre_bias(-affine.shift)

    def centring(self, apply_b_dec_to_input: bool) -> Self:
        """The same function, written with b_dec taken from the input, or without."""
        if apply_b_dec_to_input == self.apply_b_dec_to_input:
            return self
        moved = self.b_dec if apply_b_dec_to_input else -self.b_dec
        return replace(self.with_pre_bias(moved), apply_b_dec_to_input=apply_b_dec_to_input)

    def with_pre_bias(self, bias: Tensor) -> Self:
        """With a vector [d_in] added to what is encoded, in the biases per atom."""
        added = bias.double() @ self.W_enc.double()
        biases = {}
        for name, value in self.biases.items():
            share = added
            if name == "b_mag" and self.r_mag is not None:
                share = added * self.r_mag.double().exp()
            biases[name] = (value.double() + share).float()
        return replace(self, biases=biases)

    def unit_rows(self) -> Self:
        """With atoms of Euclidean norm 1 and codes that much larger: the same reconstructions.

        An atom of norm 0, which adds nothing, becomes one that never fires. Not for kinds that
        compare codes of different atoms with each other or with one threshold.
        """
        norms = torch.linalg.vector_norm(self.W_dec, dim=1)
        rows = self.W_dec / norms[:, None]
        if bool((norms == 0).any()):
            rows[norms == 0] = torch.eye(1, self.d_in)
        threshold = None if self.threshold is None else self.threshold * norms
        return replace(
            self,
            W_enc=self.W_enc * norms,
            W_dec=rows,
            biases={name: value * norms for name, value in self.biases.items()},
            threshold=threshold,
        )

    def tensors(self) -> dict[str, Tensor]:
        """By the names that dicttui and SAELens share."""
        named = {
            "W_enc": self.W_enc, "W_dec": self.W_dec, "b_dec": self.b_dec, **self.biases,
            "r_mag": self.r_mag, "threshold": self.threshold,
        }  # fmt: skip
        return {n: t.contiguous() for n, t in named.items() if t is not None}
