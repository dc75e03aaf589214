"""Networks with weights that no two are alike, samples that need scaling, and what their codes and
reconstructions are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from dicttui.data.affine import Affine, facts_of
from dicttui.data.scaling import Scaling, fit
from dicttui.networks.exchange.state import NetworkState
from dicttui.networks.protocol import DictionaryNetwork
from dicttui.networks.registry import build
from dicttui.preset.checking import kinds_of
from dicttui.preset.networks import AnyNetwork

D_IN, D_SAE = 6, 16


@dataclass(frozen=True)
class Trained:
    network: DictionaryNetwork
    state: NetworkState
    scaling: Scaling
    x: Tensor
    """[64, d_in], as they are on disk."""
    code: Tensor
    """[64, d_sae]"""
    reconstruction: Tensor
    """[64, d_in], of x."""


def unscaled(scaling: Scaling, x: Tensor, reconstruction: Tensor) -> Tensor:
    """A reconstruction of scaled samples, taken back to samples as they are."""
    affine = Affine.of(facts_of(scaling), D_IN)
    back = reconstruction / affine.scale + affine.shift
    match affine.per_sample:
        case "layer_norm":
            back = back * x.std(dim=1, keepdim=True) + x.mean(dim=1, keepdim=True)
        case "constant_norm_rescale":
            back = back * x.norm(dim=1, keepdim=True) / D_IN**0.5
    return back.float()


@pytest.fixture
def trained() -> Callable[..., Trained]:
    """By kind and scaling."""

    def of(kind: str, scaling_name: str = "none", **keys) -> Trained:
        stream = torch.Generator().manual_seed(3)
        x = torch.randn(64, D_IN, generator=stream) * torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0, 1.0])
        x = x + torch.tensor([0.5, -1.0, 0.0, 2.0, 0.1, -0.3])
        scaling = fit(scaling_name, x)
        keys |= {"k": 3} if "top" in kind or kind == "matryoshka" else {}
        keys |= {"widths": (4, 9)} if kind == "matryoshka" else {}
        specification = kinds_of(AnyNetwork)[kind](kind=kind, dict_size=D_SAE, **keys)
        network = build(specification, D_IN).eval()
        with torch.no_grad():
            for name, value in network.named_parameters():
                spread = 0.5 if name == "r_mag" else 0.3 if value.ndim == 1 else 0.6
                value.copy_(torch.randn(value.shape, generator=stream) * spread)
            if "threshold" in dict(network.named_buffers()):
                network.threshold.fill_(0.4)
            output = network(scaling.apply(x))
        tensors = {f"parameter.{n}": p.detach() for n, p in network.named_parameters()}
        tensors |= {f"buffer.{n}": b for n, b in network.named_buffers()}
        about = {"experiment": "3f9a1c", "run": "adam", "step": 7, "hook_name": "blocks.0"}
        state = NetworkState(
            specification.model_dump(mode="json"), tensors, facts_of(scaling), about
        )
        return Trained(
            network, state, scaling, x, output.code, unscaled(scaling, x, output.reconstruction)
        )

    return of
