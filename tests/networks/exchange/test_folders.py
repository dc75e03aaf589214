"""Folders for other programs, written and read."""

import json
from dataclasses import replace

import numpy
import pytest
import torch
from safetensors import safe_open

from dicttui.data.scaling import SCALINGS, Unchanged
from dicttui.networks.exchange import dictionary_learning, raw, sae_lens, starting
from dicttui.networks.exchange.autoencoder import ENCODER_BIASES
from dicttui.networks.exchange.error import ExchangeError
from dicttui.networks.protocol import NetworkError
from dicttui.networks.registry import build
from dicttui.preset.checking import kinds_of
from dicttui.preset.networks import AnyNetwork

BY_SAMPLE = ("unit_norm", "constant_norm_rescale", "layer_norm")


def fresh(state, **keys):
    """Another network of the same specification."""
    specification = kinds_of(AnyNetwork)[state.kind](**{**state.specification, **keys})
    return build(specification, 6).eval()


@pytest.mark.parametrize("kind", ENCODER_BIASES)
def test_a_folder_holds_the_same_function_of_samples_as_they_are(kind, trained, tmp_path):
    for number, scaling in enumerate(SCALINGS):
        own = trained(kind, scaling, apply_b_dec_to_input=bool(number % 2))
        folder = tmp_path / scaling
        folder.mkdir()
        sae_lens.write(own.state, folder)
        again = fresh(own.state)
        starting.start(again, kind, scaling, tmp_path, own.scaling)
        output = again(own.scaling.apply(own.x))
        torch.testing.assert_close(output.code, own.code, atol=1e-5, rtol=1e-5)
        if scaling in BY_SAMPLE:
            continue
        unscaled = fresh(own.state, apply_b_dec_to_input=not number % 2)
        starting.start(unscaled, kind, scaling, tmp_path, Unchanged())
        output = unscaled(own.x)
        torch.testing.assert_close(output.code, own.code, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(output.reconstruction, own.reconstruction, atol=1e-5, rtol=1e-5)


def test_what_a_folder_says(trained, tmp_path):
    sae_lens.write(trained("topk", "layer_norm").state, tmp_path)
    said = json.loads((tmp_path / "cfg.json").read_text())
    assert (said["architecture"], said["k"]) == ("topk", 3)
    assert said["normalize_activations"] == "layer_norm"
    assert said["metadata"]["hook_name"] == "blocks.0"
    assert said["metadata"]["dicttui"]["step"] == 7


def test_a_training_checkpoint_of_sae_lens_is_read_too(trained, tmp_path):
    """Its codes are of unit-norm atoms, whatever the norms are, and so is its threshold."""
    own = trained("batch_topk")
    sae_lens.write(own.state, tmp_path)
    weights = tmp_path / "sae_weights.safetensors"
    with safe_open(weights, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors["topk_threshold"] = tensors.pop("threshold")[0].double()
    weights.unlink()
    sae_lens.saved(tensors, weights)
    said = json.loads((tmp_path / "cfg.json").read_text())
    said |= {"architecture": "batchtopk", "rescale_acts_by_decoder_norm": True, "k": 3.0}
    (tmp_path / "cfg.json").write_text(json.dumps(said))
    again = fresh(own.state)
    starting.start(again, "batch_topk", ".", tmp_path, Unchanged())
    norms = own.network.W_dec.norm(dim=1)
    code = torch.relu(((own.x - tensors["b_dec"]) @ tensors["W_enc"] + tensors["b_enc"]) * norms)
    code = code * (code > 0.4)
    torch.testing.assert_close(again(own.x).code, code, atol=1e-5, rtol=1e-5)


def test_the_other_packages_relu_has_unit_atoms_and_the_same_reconstructions(trained, tmp_path):
    own = trained("relu", "standardize", apply_b_dec_to_input=False)
    with torch.no_grad():
        own.network.W_dec[3] = 0.0  # the package divides by the norm
        own.network.b_enc[3] = 5.0
        output = own.network(own.scaling.apply(own.x)).reconstruction
    dictionary_learning.write(own.state, tmp_path)
    weights = torch.load(tmp_path / "ae.pt")
    torch.testing.assert_close(weights["decoder.weight"].norm(dim=0), torch.ones(16))
    bias = weights["bias"]
    encoded = torch.nn.functional.linear(
        own.x - bias, weights["encoder.weight"], weights["encoder.bias"]
    )
    rebuilt = torch.nn.functional.linear(torch.relu(encoded), weights["decoder.weight"]) + bias
    torch.testing.assert_close(own.scaling.apply(rebuilt), output, atol=1e-5, rtol=1e-5)
    said = json.loads((tmp_path / "config.json").read_text())
    assert said["trainer"]["dict_class"] == "AutoEncoder"


def test_raw_files_hold_what_was_trained(trained, tmp_path):
    own = trained("jump_relu", "standardize")
    raw.write_safetensors(own.state, tmp_path / "raw.safetensors")
    raw.write_npz(own.state, tmp_path / "raw.npz")
    arrays = numpy.load(tmp_path / "raw.npz")
    with safe_open(tmp_path / "raw.safetensors", "np") as file:
        assert set(file.keys()) | {"dicttui"} == set(arrays.files)
        for name in file.keys():  # noqa: SIM118
            assert numpy.array_equal(file.get_tensor(name), arrays[name])
        assert file.metadata()["dicttui"] == str(arrays["dicttui"])
    assert json.loads(str(arrays["dicttui"]))["scaling"] == "standardize"
    assert numpy.array_equal(arrays["W_enc"], own.network.W_enc.detach().numpy())
    assert numpy.array_equal(arrays["threshold"], own.network.threshold.detach().numpy())
    assert numpy.array_equal(arrays["scaling.mean"], own.scaling.mean.numpy())


def test_the_running_mean_is_exported_where_a_run_is_judged_by_it(trained, tmp_path):
    own = trained("relu")
    mean = {f"buffer.ema_{name}": value for name, value in own.state.parameters().items()}
    trained_on = {name: value + 1 for name, value in own.state.tensors.items()}
    steps = {"buffer.ema_steps": torch.tensor(7)}
    sae_lens.write(replace(own.state, tensors=trained_on | mean | steps), tmp_path)
    again = fresh(own.state)
    starting.start(again, "relu", ".", tmp_path, Unchanged())
    assert torch.equal(again.W_enc, own.network.W_enc)


@pytest.mark.parametrize(
    ("kind", "scaling", "write", "words"),
    [
        ("sparse", "none", sae_lens.write, 'kind = "sparse" has no counterpart'),
        ("lista", "none", dictionary_learning.write, 'kind = "lista" has no counterpart'),
        ("relu", "layer_norm", dictionary_learning.write, "normalised one by one"),
        ("relu", None, sae_lens.write, "does not say how its samples were scaled"),
    ],
)
def test_what_cannot_be_written_is_said(kind, scaling, write, words, trained, tmp_path):
    state = trained(kind, scaling or "none").state
    if scaling is None:
        state = replace(state, scaling=None)
    with pytest.raises(ExchangeError, match=words):
        write(state, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architecture": "gated"}, 'architecture is "gated", and the preset\'s network is topk'),
        ({"architecture": "temporal"}, "architecture is 'temporal'; allowed: standard"),
        ({"k": 5}, "the folder's k is 5, the preset's 3"),
        ({"d_sae": 17}, r"W_enc has the shape \[6, 16\]; cfg.json asks for \[6, 17\]"),
        ({"d_in": "six"}, "d_in is 'six'"),
        ({"normalize_activations": "layer_norm"}, 'data.scaling = "none", and neither'),
        (None, "cfg.json: is no JSON"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused(change, words, trained, tmp_path):
    own = trained("topk")
    sae_lens.write(own.state, tmp_path)
    path = tmp_path / "cfg.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change) if change else "{")
    with pytest.raises(NetworkError, match=words):
        starting.start(fresh(own.state), "topk", ".", tmp_path, Unchanged())


def test_a_folder_of_another_width_or_none_is_refused(trained, tmp_path):
    own = trained("relu")
    sae_lens.write(own.state, tmp_path)
    with pytest.raises(NetworkError, match="the folder's d_sae is 16, the preset's 8"):
        starting.start(fresh(own.state, dict_size=8), "relu", ".", tmp_path, Unchanged())
    with pytest.raises(NetworkError, match="cannot be read: No such file"):
        starting.start(fresh(own.state), "relu", "absent", tmp_path, Unchanged())
