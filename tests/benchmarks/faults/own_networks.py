"""Networks as a person writes them, with mistakes that a person makes; see `injections`."""

import torch
from torch import Tensor, nn


class OwnAutoencoder(nn.Module):
    """A sparse autoencoder: ReLU codes with an L1 penalty, or the k largest codes of a sample.

    The arguments from `penalty` on are the mistakes; as they stand, there is none.
    """

    sparse_code = True
    signed_code = False
    error_summed = True

    def __init__(
        self, d_in: int, n_atoms: int, k: int, l1: float, *, penalty: str, scale: float,
        encoder_scale: float, encoder_bias: float, equal: int, frozen: list[str], detached: bool,
        norm_term: float, dtype: str,
    ) -> None:  # fmt: skip
        super().__init__()
        rows = nn.functional.normalize(torch.randn(n_atoms, d_in), dim=1)
        rows[1 : 1 + equal] = rows[:1]
        self.W_enc = nn.Parameter(encoder_scale * rows.T.clone())
        self.b_enc = nn.Parameter(torch.full((n_atoms,), encoder_bias))
        self.W_dec = nn.Parameter(scale * rows)
        self.b_dec = nn.Parameter(torch.zeros(d_in))
        self.k, self.l1_coefficient, self.penalty = k, (None if k else l1), penalty
        self.detached, self.norm_term = detached, norm_term
        for name in frozen:
            self.get_parameter(name).requires_grad_(False)
        self.to(getattr(torch, dtype))

    @property
    def dictionary(self) -> Tensor:
        return self.W_dec

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pre = (x.to(self.b_dec.dtype) - self.b_dec) @ self.W_enc + self.b_enc
        code = torch.relu(pre)
        if self.k:
            largest, places = code.topk(self.k, dim=1)
            code = torch.zeros_like(code).scatter(1, places, largest)
        used = code.detach() if self.detached else code
        return (used @ self.W_dec + self.b_dec).float(), code.float()

    def loss_terms(self, x: Tensor, output: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        reconstruction, code = output
        terms = {"squared_error": (reconstruction - x).square().sum(dim=1).mean()}
        if self.l1_coefficient is not None:
            l1 = code.sum(dim=1)
            terms["l1_penalty"] = self.l1_coefficient * (
                l1.sum() if self.penalty == "sum" else l1.mean()
            )
        if self.norm_term:
            terms["norm_penalty"] = self.norm_term * self.W_dec.square().sum()
        return terms

    def lambda_field(self, batch_size: int, d_in: int) -> float | None:
        if self.l1_coefficient is None:
            return None
        return self.l1_coefficient * (batch_size if self.penalty == "sum" else 1)


def autoencoder(
    d_in: int, n_atoms: int = 32, k: int = 0, l1: float = 0.2, *, penalty: str = "mean",
    scale: float = 1.0, encoder_scale: float = 1.0, encoder_bias: float = 0.0, equal: int = 0,
    frozen: list[str] | None = None, detached: bool = False, norm_term: float = 0.0,
    dtype: str = "float32",
) -> OwnAutoencoder:  # fmt: skip
    """The factory: `k` = 0 has ReLU codes and the L1 coefficient `l1`."""
    return OwnAutoencoder(
        d_in, n_atoms, k, l1, penalty=penalty, scale=scale, encoder_scale=encoder_scale,
        encoder_bias=encoder_bias, equal=equal, frozen=frozen or [], detached=detached,
        norm_term=norm_term, dtype=dtype,
    )  # fmt: skip


class OwnBottleneck(nn.Module):
    """x → ReLU(encoder) → linear code on the dictionary's rows → decoder, as the article's."""

    def __init__(
        self, d_in: int, n_atoms: int, hidden: int, *, scale: float, frozen: list[str],
        detached: bool, dtype: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.encoder = nn.Linear(d_in, hidden)
        self.dictionary = nn.Parameter(scale * torch.randn(n_atoms, hidden))
        self.decoder = nn.Linear(n_atoms, d_in)
        self.detached = detached
        for name in frozen:
            self.get_parameter(name).requires_grad_(False)
        self.to(getattr(torch, dtype))

    @property
    def atoms(self) -> Tensor:
        return self.decoder.weight.T

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        encoded = torch.relu(self.encoder(x.to(self.dictionary.dtype)))
        if self.detached:
            encoded = encoded.detach()
        code = encoded @ self.dictionary.T
        return self.decoder(code).float(), code.float()

    def loss_terms(self, x: Tensor, output: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        return {"mse": nn.functional.mse_loss(output[0], x)}


def bottleneck(
    d_in: int, n_atoms: int = 5, hidden: int = 8, *, scale: float = 1.0,
    frozen: list[str] | None = None, detached: bool = False, dtype: str = "float32",
) -> OwnBottleneck:  # fmt: skip
    """The factory."""
    return OwnBottleneck(
        d_in, n_atoms, hidden, scale=scale, frozen=frozen or [], detached=detached, dtype=dtype
    )


class OwnThresholds(nn.Module):
    """Codes above a learned threshold of each atom, as JumpReLU's, but without its straight-through
    gradient: of the loss, only the smoothed count of atoms that fire reaches the thresholds.
    """

    sparse_code = True
    signed_code = False
    error_summed = True

    def __init__(self, d_in: int, n_atoms: int, count_coefficient: float) -> None:
        super().__init__()
        rows = nn.functional.normalize(torch.randn(n_atoms, d_in), dim=1)
        self.W_enc = nn.Parameter(rows.T.clone())
        self.W_dec = nn.Parameter(rows)
        self.b_dec = nn.Parameter(torch.zeros(d_in))
        self.threshold = nn.Parameter(torch.zeros(n_atoms))
        self.count_coefficient = count_coefficient

    @property
    def dictionary(self) -> Tensor:
        return self.W_dec

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pre = torch.relu((x - self.b_dec) @ self.W_enc)
        code = pre * (pre > self.threshold)
        return code @ self.W_dec + self.b_dec, code

    def loss_terms(self, x: Tensor, output: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        reconstruction, code = output
        count = torch.sigmoid((code - self.threshold) / 0.3).sum(dim=1).mean()
        return {
            "squared_error": (reconstruction - x).square().sum(dim=1).mean(),
            "count_penalty": self.count_coefficient * count,
        }


def thresholds(d_in: int, n_atoms: int = 32, count_coefficient: float = 0.05) -> OwnThresholds:
    """The factory."""
    return OwnThresholds(d_in, n_atoms, count_coefficient)
