"""The weights that were recorded of a run, and a run that starts with them."""

import json
import sqlite3

import pytest
import torch

from dicttui.data.affine import facts_of
from dicttui.networks.exchange import sae_lens
from dicttui.preset.reading import read
from dicttui.record import manifest, places, weights
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.training.interventions import Keep, Restart

PRESET = """
[data]
n = 20
batch_size = 5
scaling = "standardize"
[network]
kind = "relu"
dict_size = 12
{weights}
[training]
steps = 40
device = "cpu"
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
"""


@pytest.fixture
def relu(tmp_path):
    """The preset of one relu network, or of one that starts with weights."""

    def of(folder=""):
        path = tmp_path / "relu.toml"
        path.write_text(PRESET.format(weights=f'weights = "{folder}"' if folder else ""))
        return read(str(path))

    return of


def network_of(training):
    return training.session._trainer.experiment.run("adam").trainable.network


def test_the_newest_whole_checkpoint_has_the_weights(relu, record):
    training = record(relu())
    training.advance(8)
    training.submit(Keep("")), training.advance(0)
    kept = {n: p.detach().clone() for n, p in network_of(training).named_parameters()}
    training.advance(8)
    recorded = training.close()
    experiment = training.session._trainer.experiment
    found = weights.newest(recorded, "adam")
    assert (found.step, found.checkpoint.name, found.damaged) == (16, "checkpoint-1.json", ())
    assert found.state.about["optimizer"] == "Adam"
    assert found.state.scaling == facts_of(experiment.samples.scaling)
    assert torch.equal(found.state.parameters()["W_enc"], network_of(training).W_enc)
    newest = manifest.read(found.checkpoint).runs[0].moment
    (recorded.directory / places.MOMENTS / newest).write_bytes(b"\0" * 100)
    older = weights.newest(recorded, "adam")
    assert (older.step, older.checkpoint.name) == (8, "kept-1.json")
    assert newest in older.damaged[0]
    assert torch.equal(older.state.parameters()["W_dec"], kept["W_dec"])
    with pytest.raises(RecordError, match="no checkpoint of run 'sgd'"):
        weights.newest(recorded, "sgd")


def test_a_recording_from_before_does_not_say_its_scaling(relu, record):
    training = record(relu())
    training.advance(2)
    recorded = training.close()
    assert recorded.scaling()["name"] == "standardize"
    with sqlite3.connect(recorded.directory / places.DATABASE) as connection:
        connection.execute("DELETE FROM facts WHERE key = 'scaling'")
    assert Recorded.open(recorded.directory).scaling() is None


def test_a_run_starts_with_a_folders_weights_and_goes_back_to_them(
    relu, record, crash, go_on, tmp_path
):
    first = record(relu())
    first.advance(10)
    recorded = first.close()
    folder = tmp_path / "out"
    folder.mkdir()
    sae_lens.write(weights.newest(recorded, "adam").state, folder)

    second = record(relu("out"), steps=5)
    second.advance(0)
    torch.testing.assert_close(network_of(second).W_enc, network_of(first).W_enc)
    start = {n: p.detach().clone() for n, p in network_of(second).named_parameters()}
    second.advance(7)
    assert not torch.equal(network_of(second).W_enc, start["W_enc"])
    second.submit(Restart("adam")), second.advance(0)
    assert all(torch.equal(p, start[n]) for n, p in network_of(second).named_parameters())
    second.advance(12)
    interrupted = crash(second)
    assert weights.newest(interrupted, "adam").state.about["network"]["weights"] == "out"

    third = go_on(interrupted)
    third.advance(3)
    third.submit(Restart("adam")), third.advance(0)
    assert torch.equal(network_of(third).W_enc, start["W_enc"])
    third.advance(6)
    interrupted = crash(third)
    path = folder / "cfg.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    with pytest.raises(Exception, match="weights that run 'adam' started with have changed"):
        go_on(interrupted).advance(1)
