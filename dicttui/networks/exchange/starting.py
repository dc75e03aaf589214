"""`[network] weights`: a network that starts with the weights in a SAELens folder."""

from pathlib import Path

import torch
from torch import Tensor

from dicttui.data.affine import Affine, facts_of
from dicttui.data.scaling import Scaling
from dicttui.networks.exchange import sae_lens
from dicttui.networks.exchange.autoencoder import LEAST_THRESHOLD, Autoencoder
from dicttui.networks.exchange.error import ExchangeError
from dicttui.networks.protocol import DictionaryNetwork, NetworkError

FITTED_BEFORE = "expected_average_only_in"
"""What SAELens folds into the weights once it has trained; in a folder from before that, they are
weights of samples that have been scaled."""


@torch.no_grad()
def start(
    network: DictionaryNetwork, kind: str, weights: str, directory: Path, scaling: Scaling
) -> str:
    """Give a network of this kind the weights in a SAELens folder; a digest of the folder's files.

    The folder's weights are of samples as they are: they are carried to samples as this scaling
    leaves them, so that codes and reconstructions stay what they were. Relative paths start at
    `directory`. Raises NetworkError where the folder does not fit; the network is unchanged.
    """
    try:
        folder = sae_lens.read(directory / Path(weights).expanduser(), kind)
        found = _values(network, _carried(folder, scaling))
    except ExchangeError as error:
        raise NetworkError(f"[network] weights: {error}") from error
    here = dict(network.named_parameters()) | dict(network.named_buffers())
    if not found.keys() <= here.keys():
        raise NetworkError(f"[network] weights: what is learned here is no {kind} network")
    for name, value in found.items():
        here[name].copy_(value)
    return folder.digest


def _carried(folder: sae_lens.Folder, scaling: Scaling) -> Autoencoder:
    """The folder's network as one of scaled samples."""
    network, facts = folder.network, facts_of(scaling)
    if folder.normalised == facts["name"] == FITTED_BEFORE:
        return network
    affine = Affine.of(facts, network.d_in)
    if folder.normalised != affine.per_sample:
        raise ExchangeError(
            f'{folder.path}: its samples are normalised as "{folder.normalised}", the preset\'s by '
            f'data.scaling = "{facts["name"]}", and neither can be made of the other; allowed: '
            f"{_allowed(folder.normalised)}"
        )
    return network.folded(affine.inverse)


def _allowed(normalised: str) -> str:
    words = {
        "none": 'data.scaling = "none", "center", "standardize" or "expected_average_only_in"',
        FITTED_BEFORE: f'data.scaling = "{FITTED_BEFORE}"',
        "layer_norm": 'data.scaling = "layer_norm"',
        "constant_norm_rescale": 'data.scaling = "constant_norm_rescale" or "unit_norm"',
    }
    return words.get(normalised, "another folder")


def _values(network: DictionaryNetwork, given: Autoencoder) -> dict[str, Tensor]:
    """What the network's parameters and buffers become, by its own names."""
    width, atoms = network.atoms.shape[1], network.atoms.shape[0]
    for word, there, here in (("d_in", given.d_in, width), ("d_sae", given.d_sae, atoms)):
        if there != here:
            raise ExchangeError(
                f"the folder's {word} is {there}, the preset's {here}: they must agree"
            )
    given = given.centring(getattr(network, "apply_b_dec_to_input", True))
    k = getattr(network, "k", None)
    if given.kind == "topk" and given.k != k:
        raise ExchangeError(f"the folder's k is {given.k}, the preset's {k}: they must agree")
    values = {
        "W_enc": given.W_enc, "W_dec": given.W_dec, "b_dec": given.b_dec, **given.biases,
    }  # fmt: skip
    if given.r_mag is not None:
        values["r_mag"] = given.r_mag
    threshold = given.threshold
    if given.kind == "jump_relu" and threshold is not None:
        values["log_threshold"] = threshold.clamp(min=LEAST_THRESHOLD).log()
    elif threshold is not None:
        if bool((threshold != threshold[0]).any()):
            raise ExchangeError(
                f"each of the folder's atoms has a threshold of its own, and {given.kind} has one "
                'for all; allowed with this folder: kind = "jump_relu"'
            )
        values["threshold"] = threshold[0]
    return values
