"""SAELens' folders, `cfg.json` and `sae_weights.safetensors`: written, and read.

What SAELens (version 6) calls an architecture is a kind of network here; its `batchtopk` and
`matryoshka_batchtopk` exist for training only, and are `jumprelu` with one threshold afterwards.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from dicttui.networks.exchange.autoencoder import ENCODER_BIASES, Autoencoder
from dicttui.networks.exchange.error import ExchangeError
from dicttui.networks.exchange.state import NetworkState, saved

CONFIGURATION, WEIGHTS = "cfg.json", "sae_weights.safetensors"
LAYOUT = "6.0.0"
"""The version of SAELens whose layout is written: a folder that names none, or an older one, is
read by other rules."""
LARGEST_CONFIGURATION = 2**24
"""Bytes."""

ARCHITECTURES = {
    "relu": "standard",
    "topk": "topk",
    "batch_topk": "jumprelu",
    "matryoshka": "jumprelu",
    "jump_relu": "jumprelu",
    "gated": "gated",
}
"""SAELens' name of each kind."""
READABLE = {
    "standard": ("relu",),
    "topk": ("topk",),
    "jumprelu": ("jump_relu", "batch_topk", "matryoshka"),
    "gated": ("gated",),
    "batchtopk": ("batch_topk", "matryoshka"),
    "matryoshka_batchtopk": ("matryoshka", "batch_topk"),
}
"""The kinds that may start with a folder of each architecture."""


def write(state: NetworkState, folder: Path) -> None:
    """Write a network into a folder that is there, scaling folded in: what the folder's SAE is
    given are samples as they were before dicttui scaled them.

    Raises ExchangeError where SAELens has no such network, OSError where nothing can be written.
    """
    network = Autoencoder.of(state)
    configuration: dict[str, Any] = {
        "architecture": ARCHITECTURES[network.kind],
        "d_in": network.d_in,
        "d_sae": network.d_sae,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": network.apply_b_dec_to_input,
        "normalize_activations": network.per_sample,
        "reshape_activations": "none",
    }
    if network.kind == "topk":
        configuration |= {"k": network.k, "rescale_acts_by_decoder_norm": False}
    configuration["metadata"] = {
        "sae_lens_version": LAYOUT,
        "sae_lens_training_version": None,
        **{key: state.about[key] for key in ("model_name", "hook_name") if key in state.about},
        "dicttui": dict(state.about),
    }
    saved(network.tensors(), folder / WEIGHTS)
    text = json.dumps(configuration, indent=1, allow_nan=False)
    (folder / CONFIGURATION).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds."""

    path: Path
    architecture: str
    network: Autoencoder
    """Of a kind that the folder was read for."""
    normalised: str
    """`normalize_activations`."""
    digest: str
    """Of both files."""


def read(folder: Path, kind: str) -> Folder:
    """The weights in a folder, for a network of this kind.

    Raises ExchangeError where there are none that such a network could start with.
    """
    configuration, digest = _configuration(folder)
    architecture = configuration.get("architecture", "standard")
    if architecture not in READABLE:
        raise ExchangeError(
            f"{folder / CONFIGURATION}: its architecture is {architecture!r}; allowed: "
            f"{', '.join(READABLE)}"
        )
    if kind not in READABLE[architecture]:
        raise ExchangeError(
            f'{folder / CONFIGURATION}: its architecture is "{architecture}", and the preset\'s '
            f"network is {kind}; allowed with this folder: kind = {_listed(READABLE[architecture])}"
        )
    tensors, weights_digest = _tensors(folder / WEIGHTS)
    network = _network(folder, kind, configuration, tensors)
    normalised = str(configuration.get("normalize_activations") or "none")
    return Folder(folder, architecture, network, normalised, f"{digest}{weights_digest}")


def _network(
    folder: Path, kind: str, configuration: Mapping[str, Any], tensors: dict[str, Tensor]
) -> Autoencoder:
    d_in, d_sae = _size(folder, configuration, "d_in"), _size(folder, configuration, "d_sae")
    if kind == "jump_relu" and "log_threshold" in tensors:  # of SAELens before version 6
        tensors["threshold"] = tensors.pop("log_threshold").exp()
    threshold = None
    if "topk_threshold" in tensors:
        threshold = tensors["topk_threshold"].float().expand(d_sae).clone()
    expected = {"W_enc": (d_in, d_sae), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
    expected |= dict.fromkeys(ENCODER_BIASES[kind], (d_sae,))
    if kind == "gated":
        expected["r_mag"] = (d_sae,)
    if configuration.get("architecture") == "jumprelu":
        expected["threshold"] = (d_sae,)
    for name, shape in expected.items():
        found = tuple(tensors[name].shape) if name in tensors else None
        if found != shape:
            has = "is not there" if found is None else f"has the shape {list(found)}"
            raise ExchangeError(
                f"{folder / WEIGHTS}: {name} {has}; {CONFIGURATION} asks for {list(shape)}"
            )
        if not bool(torch.isfinite(tensors[name]).all()):
            raise ExchangeError(f"{folder / WEIGHTS}: {name} holds numbers that are not finite")
    given = {name: tensors[name].float() for name in expected}
    k = configuration.get("k")
    network = Autoencoder(
        kind=kind,
        W_enc=given["W_enc"],
        W_dec=given["W_dec"],
        b_dec=given["b_dec"],
        biases={name: given[name] for name in ENCODER_BIASES[kind]},
        r_mag=given.get("r_mag"),
        threshold=given.get("threshold", threshold),
        k=k if isinstance(k, int) else None,
        apply_b_dec_to_input=bool(configuration.get("apply_b_dec_to_input", True)),
    )
    if configuration.get("rescale_acts_by_decoder_norm", False):
        # The threshold is one of codes in units of unit-norm atoms already.
        return replace(network.unit_rows(), threshold=network.threshold)
    return network


def _size(folder: Path, configuration: Mapping[str, Any], key: str) -> int:
    value = configuration.get(key)
    if type(value) is not int or value < 1:
        raise ExchangeError(
            f"{folder / CONFIGURATION}: {key} is {value!r}; allowed: a whole number"
        )
    return value


def _configuration(folder: Path) -> tuple[dict[str, Any], str]:
    path = folder / CONFIGURATION
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_CONFIGURATION)
        found = json.loads(content)
    except OSError as error:
        raise ExchangeError(
            f"{path}: cannot be read: {error.strerror}; allowed: a SAELens folder, with "
            f"{CONFIGURATION} and {WEIGHTS} in it"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ExchangeError(f"{path}: is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ExchangeError(f"{path}: is no table of settings")
    return found, hashlib.blake2b(content, digest_size=8).hexdigest()


def _tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file, in memory of their own, and a digest of its bytes."""
    hashed = hashlib.blake2b(digest_size=8)
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 22):
                hashed.update(part)
        with safe_open(path, framework="pt") as weights:
            tensors = {name: weights.get_tensor(name).clone() for name in weights.keys()}  # noqa: SIM118
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        # The library's own errors have no common base but this.
        raise ExchangeError(f"{path}: is no safetensors file: {error}") from error
    return tensors, hashed.hexdigest()


def _listed(kinds: tuple[str, ...]) -> str:
    return " or ".join(f'"{kind}"' for kind in kinds)
