"""`train` and `resume` on shards of which one is taken away: nobody is there who could
put it back.
"""

import json

import numpy as np
import pytest

PRESET = """
[data]
kind = "activations"
path = "shards"
batch_size = 8
buffer_size = 64
n = 20
[network]
kind = "relu"
d_sae = 8
[training]
steps = 60
engine = "eager"
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def preset(tmp_path):
    (tmp_path / "shards").mkdir()
    for number in range(3):
        x = np.random.default_rng(number).normal(size=(100, 5)).astype("float32")
        np.save(tmp_path / "shards" / f"shard-{number}.npy", x)
    (tmp_path / "p.toml").write_text(PRESET)
    return tmp_path / "p.toml"


def losses(out):
    lines = [json.loads(line) for line in out.splitlines()]
    return {line["step"]: line["loss"] for line in lines if line["event"] == "step"}


def test_a_training_ends_in_words_and_goes_on_later(dicttui, preset, monkeypatch):
    from dicttui.training.engines.eager import EagerEngine

    undisturbed = losses(dicttui("train", str(preset), "--json", "--no-record").out)
    shard = preset.parent / "shards" / "shard-1.npy"
    advance = EagerEngine.advance

    def taking_it_away(self, trainable, first, count, observe=None):
        if first == 20 and shard.exists():
            shard.rename(preset.parent / "away.npy")
        return advance(self, trainable, first, count, observe)

    monkeypatch.setattr(EagerEngine, "advance", taking_it_away)
    ended = dicttui("train", str(preset), "--json")
    assert ended.status == 2
    assert "sgd: paused at step " in ended.err
    assert f"{shard}: is no longer there: put it back; then resume" in ended.err
    assert "goes on" in ended.err
    first = losses(ended.out)
    identifier = ended.err.split("recorded as ")[1].split(";")[0]
    ended = dicttui("resume", identifier, "--headless")
    assert ended.status == 2
    assert "the samples are not those it was trained on" in ended.err
    monkeypatch.undo()
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(preset.parent / "state"))
    (preset.parent / "away.npy").rename(shard)
    ended = dicttui("resume", identifier, "--headless", "--json")
    assert ended.status == 0
    assert first | losses(ended.out) == undisturbed
