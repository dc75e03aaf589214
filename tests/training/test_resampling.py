"""Dead atoms that are started anew, and what goes with it."""

import pytest
import torch

from dicttui.networks.autoencoder import RENEWED_ENCODER_SCALE
from dicttui.preset.problems import PresetError
from dicttui.preset.reading import read
from dicttui.training import moments, resampling
from dicttui.training.interventions import Restart, SetLearningRate, Undo

# Biases far below zero: every atom is dead, and stays so.
DYING = """
[data]
kind = "planted"
n = 200
d_in = 6
n_atoms = 8
batch_size = 32
[network]
kind = "relu"
dict_size = 12
l1_coefficient = 40.0
[training]
steps = 1000
seed = 3
dead_feature_window = 20
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.05
resample_every = 50
resample_until = 100
"""


def runs_of(session):
    return session._trainer.experiment.runs


def weights(run):
    return {name: p.detach().clone() for name, p in run.trainable.network.named_parameters()}


def test_dead_atoms_start_anew_at_samples_with_an_empty_optimizer_state(open_session):
    session = open_session(DYING)
    session.advance(50)
    (run,) = runs_of(session)
    dead = run.trainable.deadness.dead(49, 20)
    before = weights(run)
    assert 0 < int(dead.sum()) < len(dead)
    count = resampling.resample(run.trainable, 50, 20)
    assert count == int(dead.sum())
    now, network = weights(run), run.trainable.network
    torch.testing.assert_close(now["W_dec"][dead].norm(dim=1), torch.ones(count))
    centred = run.trainable.samples.train - network.b_dec.detach()
    cosines = torch.nn.functional.normalize(centred) @ now["W_dec"][dead].T
    torch.testing.assert_close(cosines.amax(dim=0), torch.ones(count))  # each is some sample's
    scale = before["W_enc"][:, ~dead].norm(dim=0).mean() * RENEWED_ENCODER_SCALE
    torch.testing.assert_close(now["W_enc"][:, dead].norm(dim=0), scale.expand(count))
    assert (now["b_enc"][dead] == 0).all()
    for name in ("W_dec", "W_enc", "b_enc"):
        state = run.trainable.optimizers[0].state[network.get_parameter(name)]
        rows = state["exp_avg"].T if name == "W_enc" else state["exp_avg"]
        assert (rows[dead] == 0).all()
        assert (rows[~dead] != 0).any()
        kept, old = (w[name].T if name == "W_enc" else w[name] for w in (now, before))
        assert torch.equal(kept[~dead], old[~dead])
    assert resampling.resample(run.trainable, 50, 20) == 0  # they are alive again


def test_it_happens_when_the_preset_says_and_is_marked_on_the_chart(open_session):
    session = open_session(DYING)
    session.advance(400)
    marks = session.latest().runs[0].marks
    assert [mark.step for mark in marks] == [50, 100]
    assert all("resampled" in mark.label for mark in marks)


def test_the_same_atoms_start_anew_after_going_back(open_session):
    plain = open_session(DYING)
    plain.advance(160)
    back = open_session(DYING)
    back.advance(30)
    back.submit(SetLearningRate(lr=0.02, run="adam"))
    back.advance(60)
    back.submit(Undo(run="adam"))
    back.advance(0)
    assert runs_of(back)[0].step == 30
    back.advance(130)
    again = open_session(DYING)
    again.advance(70)
    again.submit(Restart(run="adam"))
    again.advance(160)
    expected = plain.latest().runs[0].loss_series.last
    for session in (back, again):
        assert session.latest().runs[0].loss_series.last == expected
        assert session.latest().runs[0].step == 160


def test_a_state_that_was_kept_just_before_goes_on_in_the_same_way(open_session):
    first, second = open_session(DYING), open_session(DYING)
    first.advance(50)
    kept = moments.taken(runs_of(first)[0])
    first.advance(60)
    second.advance(0)
    moments.put(runs_of(second)[0], kept)
    second.advance(60)
    assert repr(weights(runs_of(first)[0])) == repr(weights(runs_of(second)[0]))


def test_networks_whose_atoms_cannot_be_renewed_are_refused(tmp_path):
    path = tmp_path / "p.toml"
    path.write_text('[network]\nkind = "simple"\n[[runs]]\noptimizer = "SGD"\nresample_every = 5\n')
    with pytest.raises(PresetError, match=r"runs\[0\]\.resample_every: .* allowed"):
        read(str(path))
