"""The same weights and samples in SAELens: its codes and reconstructions are ours.

`pip install -e '.[sae-lens]'` and `pytest tests/networks/exchange`: not part of the default run,
for SAELens brings some sixty packages along.
"""

import json
import subprocess
import sys

import pytest
import torch

from dicttui.data.scaling import SCALINGS
from dicttui.networks.exchange import sae_lens as folders
from dicttui.networks.exchange import starting
from dicttui.networks.registry import build
from dicttui.preset.checking import kinds_of
from dicttui.preset.networks import AnyNetwork

sae_lens = pytest.importorskip(
    "sae_lens", reason="SAELens is not installed: pip install -e '.[sae-lens]'"
)

TOLERANCE = {"atol": 1e-5, "rtol": 1e-5}
TRAINING = {
    "relu": ("standard", {}),
    "topk": ("topk", {"k": 3}),
    "batch_topk": ("batchtopk", {"k": 3.0}),
    "matryoshka": ("matryoshka_batchtopk", {"k": 3.0, "matryoshka_widths": [4, 9, 16]}),
    "jump_relu": ("jumprelu", {}),
    "gated": ("gated", {}),
}
"""SAELens' architecture for training each kind, and what it needs to be told."""


def training_sae(kind, **keys):
    from sae_lens.registry import get_sae_training_class

    architecture, more = TRAINING[kind]
    cls, configuration = get_sae_training_class(architecture)
    return cls(configuration(d_in=6, d_sae=16, **more, **keys))


@pytest.mark.parametrize("kind", TRAINING)
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("applied", [True, False])
def test_sae_lens_opens_a_folder_and_reconstructs_the_same(
    kind, scaling, applied, trained, tmp_path
):
    own = trained(kind, scaling, apply_b_dec_to_input=applied)
    folders.write(own.state, tmp_path)
    sae = sae_lens.SAE.load_from_disk(tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(sae.encode(own.x), own.code, **TOLERANCE)
        torch.testing.assert_close(sae(own.x), own.reconstruction, **TOLERANCE)


@pytest.mark.parametrize("kind", TRAINING)
def test_codes_of_a_batch_in_training_are_those_of_sae_lens(kind, trained):
    own = trained(kind)
    keys = {"rescale_acts_by_decoder_norm": False} if "top" in kind or kind == "matryoshka" else {}
    sae = training_sae(kind, **keys)
    own.network.train()
    with torch.no_grad():
        here = dict(sae.named_parameters())
        for name, value in own.network.named_parameters():
            if name == "log_threshold":
                here["threshold"].copy_(value.exp())
            else:
                here[name].copy_(value)
        output = own.network(own.x)
        torch.testing.assert_close(sae.encode(own.x), output.code, **TOLERANCE)
        torch.testing.assert_close(sae(own.x), output.reconstruction, **TOLERANCE)


@pytest.mark.parametrize("kind", TRAINING)
@pytest.mark.parametrize("form", ["checkpoint", "inference"])
def test_a_network_starts_with_what_sae_lens_saved(kind, form, tmp_path):
    torch.manual_seed(1)
    sae = training_sae(kind)
    with torch.no_grad():
        for name, value in sae.named_parameters():
            value.copy_(torch.randn(value.shape) * 0.5)
            if name == "threshold":
                value.abs_()
        if hasattr(sae, "topk_threshold"):
            sae.topk_threshold = torch.tensor(0.4, dtype=torch.double)
    x = torch.randn(64, 6)
    sae.save_inference_model(tmp_path / "inference")
    if form == "checkpoint":
        sae.save_model(tmp_path / "checkpoint")
    there = sae_lens.SAE.load_from_disk(tmp_path / "inference")
    keys = {"k": 3} if "top" in kind or kind == "matryoshka" else {}
    keys |= {"widths": (4, 9)} if kind == "matryoshka" else {}
    network = build(kinds_of(AnyNetwork)[kind](kind=kind, dict_size=16, **keys), 6).eval()
    starting.start(network, kind, form, tmp_path, SCALINGS["none"](x))
    with torch.no_grad():
        output = network(x)
        torch.testing.assert_close(output.code, there.encode(x), **TOLERANCE)
        torch.testing.assert_close(output.reconstruction, there(x), **TOLERANCE)


def test_a_training_is_exported_opened_and_started_from(tmp_path, monkeypatch):
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(tmp_path / "state"))
    text = """
    [data]
    kind = "planted"
    n = 256
    scaling = "standardize"
    [network]
    kind = "topk"
    k = 4
    d_sae = 64
    {weights}
    [training]
    steps = {steps}
    device = "cpu"
    [[runs]]
    name = "adam"
    optimizer = "Adam"
    lr = 0.003
    """
    (tmp_path / "first.toml").write_text(text.format(weights="", steps=50))
    (tmp_path / "second.toml").write_text(text.format(weights='weights = "out"', steps=1))

    def dicttui(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "dicttui", *arguments],
            check=True, cwd=tmp_path, capture_output=True, text=True,
        ).stdout  # fmt: skip

    dicttui("train", "./first.toml")
    (found,) = json.loads(dicttui("runs", "--json"))
    dicttui("export", f"{found['id']}/adam", "--format", "sae-lens", "-o", "out")
    sae = sae_lens.SAE.load_from_disk(tmp_path / "out")
    lines = dicttui("train", "./second.toml", "--json", "--every", "1", "--no-record").splitlines()
    first = next(json.loads(line) for line in lines if '"step": 0' in line)

    from dicttui.data.source import open_source
    from dicttui.preset.reading import read

    preset = read(str(tmp_path / "first.toml"))
    samples = open_source(preset.data, 0, tmp_path).draw()
    scaling = samples.scaling
    raw = samples.train * scaling.deviation + scaling.mean
    with torch.no_grad():
        error = (scaling.apply(sae(raw)) - samples.train).square().sum(dim=1).mean()
    assert first["loss"] == pytest.approx(float(error), rel=1e-4)
