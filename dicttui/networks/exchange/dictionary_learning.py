"""The folders of the package `dictionary_learning`: `ae.pt`, a state dict, and `config.json`."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dicttui.networks.exchange.autoencoder import Autoencoder
from dicttui.networks.exchange.error import ExchangeError
from dicttui.networks.exchange.state import NetworkState

WEIGHTS, CONFIGURATION = "ae.pt", "config.json"


def write(state: NetworkState, folder: Path) -> None:
    """Write a network into a folder that is there, scaling folded in, for `load_dictionary`.

    Raises ExchangeError where the package has no such network, OSError where nothing can be
    written.
    """
    network = Autoencoder.of(state)
    if network.per_sample != "none":
        raise ExchangeError(
            f'samples were normalised one by one (data.scaling = "{_scaling(state)}"), which '
            "dictionary_learning does not do; allowed: sae-lens, safetensors and npz"
        )
    name, form = CLASSES[network.kind]
    trainer: dict[str, Any] = {
        "dict_class": name,
        "trainer_class": "dicttui",
        "activation_dim": network.d_in,
        "dict_size": network.d_sae,
        **({} if network.k is None else {"k": network.k}),
        "steps": state.about.get("step"),
        "lm_name": state.about.get("model_name"),
        "submodule_name": state.about.get("hook_name"),
        "layer": None,
    }
    tensors = {name: tensor.contiguous() for name, tensor in form(network).items()}
    torch.save(tensors, folder / WEIGHTS)
    text = json.dumps({"trainer": trainer, "dicttui": dict(state.about)}, indent=4, allow_nan=False)
    (folder / CONFIGURATION).write_text(text + "\n", encoding="utf-8")


def _scaling(state: NetworkState) -> str:
    return "none" if state.scaling is None else str(state.scaling["name"])


def _relu(network: Autoencoder) -> Mapping[str, Tensor]:
    # The package makes atoms unit-norm when it loads them, and gives up where one has norm 0.
    linear = _linear(network.centring(apply_b_dec_to_input=True).unit_rows())
    linear["bias"] = linear.pop("b_dec")
    return linear


def _topk(network: Autoencoder) -> Mapping[str, Tensor]:
    threshold = torch.tensor(-1.0)
    if network.threshold is not None:
        threshold = network.threshold[0]
    linear = _linear(network.centring(apply_b_dec_to_input=True))
    return {**linear, "k": torch.tensor(network.k, dtype=torch.int), "threshold": threshold}


def _matryoshka(network: Autoencoder) -> Mapping[str, Tensor]:
    assert network.threshold is not None
    widths = sorted({*network.widths, network.d_sae})
    sizes = [width - before for before, width in zip([0, *widths], widths, strict=False)]
    return {
        **network.centring(apply_b_dec_to_input=True).tensors(),
        "threshold": network.threshold[0],
        "k": torch.tensor(network.k, dtype=torch.int),
        "group_sizes": torch.tensor(sizes),
    }


def _jump_relu(network: Autoencoder) -> Mapping[str, Tensor]:
    return network.centring(apply_b_dec_to_input=False).tensors()


def _gated(network: Autoencoder) -> Mapping[str, Tensor]:
    tensors = network.centring(apply_b_dec_to_input=True).tensors()
    return {
        "encoder.weight": tensors["W_enc"].T,
        "decoder.weight": tensors["W_dec"].T,
        "decoder_bias": tensors["b_dec"],
        "r_mag": tensors["r_mag"],
        "gate_bias": tensors["b_gate"],
        "mag_bias": tensors["b_mag"],
    }


def _linear(network: Autoencoder) -> dict[str, Tensor]:
    """As torch's linear layers keep them."""
    tensors = network.tensors()
    return {
        "encoder.weight": tensors["W_enc"].T,
        "encoder.bias": tensors["b_enc"],
        "decoder.weight": tensors["W_dec"].T,
        "b_dec": tensors["b_dec"],
    }


CLASSES: dict[str, tuple[str, Callable[[Autoencoder], Mapping[str, Tensor]]]] = {
    "relu": ("AutoEncoder", _relu),
    "topk": ("AutoEncoderTopK", _topk),
    "batch_topk": ("BatchTopKSAE", _topk),
    "matryoshka": ("MatryoshkaBatchTopKSAE", _matryoshka),
    "jump_relu": ("JumpReluAutoEncoder", _jump_relu),
    "gated": ("GatedAutoEncoder", _gated),
}
"""The package's class of each kind, and how it names and turns the tensors."""
