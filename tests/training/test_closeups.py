"""Atoms as pictures, and one sample with its code: what is shown is what the network has."""

import base64
import zlib

import numpy as np
import pytest
import torch

from dicttui.measures import pictures
from dicttui.record.pending import packed
from dicttui.training.closeup import AtomsAsked, SampleAsked
from dicttui.training.plain import parsed, restored
from dicttui.training.snapshot import Snapshot, View

FILE = """
[data]
kind = "file"
path = "samples.npy"
image = [2, 3]
held_out = 10
batch_size = 16
[network]
kind = "relu"
dict_size = 9
l1_coefficient = 0.05
[training]
steps = 1000
[[runs]]
name = "run"
optimizer = "Adam"
lr = 0.01
"""
PLANTED = FILE.replace('kind = "file"\npath = "samples.npy"\nimage = [2, 3]', 'kind = "planted"')
BREAKS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
    def forward(self, x):
        if len(x) == 1:
            raise RuntimeError("no batch of one")
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": (output.reconstruction - x).square().mean()}
"""


@pytest.fixture
def open_file(open_session, tmp_path):
    samples = np.random.default_rng(0).normal(size=(60, 6)).astype("float32")
    np.save(tmp_path / "samples.npy", samples)
    return lambda text=FILE: open_session(text)


def network_of(session):
    return session._trainer.experiment.runs[0].trainable.network


def decoded(numbers):
    shares = np.frombuffer(base64.b64decode(numbers.shares), dtype=np.int8)
    return torch.from_numpy(shares.astype("float32")) / 127 * numbers.peak


def looked_at(session, *asked):
    session.view(View(atoms=asked))
    session.advance(0)
    return session.latest().runs[0].atoms


def test_an_atom_s_picture_is_the_atom_row_by_row(open_file):
    session = open_file()
    session.advance(5)
    (shown,) = looked_at(session, AtomsAsked("run", "index", 0, 9))
    atoms = network_of(session).atoms.detach()
    assert session.latest().picture == (2, 3)
    assert [atom.index for atom in shown.atoms] == list(range(9))
    assert (shown.total, shown.step) == (9, 5)
    for atom, row in zip(shown.atoms, atoms, strict=True):
        assert torch.allclose(decoded(atom.picture), row, atol=float(row.abs().max()) / 200)
        assert atom.norm == pytest.approx(float(row.norm()))


@pytest.mark.parametrize("order", ["use", "norm", "age"])
def test_parts_of_an_order_join(open_file, order):
    session = open_file()
    session.advance(40)
    whole, first, second = looked_at(
        session,
        AtomsAsked("run", order, 0, 99),
        AtomsAsked("run", order, 0, 4),
        AtomsAsked("run", order, 4, 99),
    )
    assert whole.atoms == first.atoms + second.atoms
    key = {"use": "firing_frequency", "norm": "norm", "age": "age"}[order]
    values = [getattr(atom, key) for atom in whole.atoms]
    assert values == sorted(values, reverse=True)


def test_age_is_the_steps_since_an_atom_fired(open_file):
    session = open_file()
    session.advance(10)
    run = session._trainer.experiment.runs[0]
    run.trainable.deadness.last_fired[3] = 2
    (shown,) = looked_at(session, AtomsAsked("run", "age", 0, 1))
    assert [(atom.index, atom.age) for atom in shown.atoms] == [(3, 7)]


def test_pixels_are_made_fewer_by_their_means():
    rows = torch.arange(12.0).reshape(1, 12)
    assert pictures.shrunk(rows, (3, 4), 2).tolist() == [[2.5, 4.5, 8.5, 10.5]]
    coloured = pictures.shrunk(torch.arange(12.0).reshape(1, 12), (2, 2, 3), 2)
    assert coloured.tolist() == [[4.5, 5.5, 6.5]]
    assert pictures.shrunk(rows, (3, 4), 100).tolist() == [[5.5]]


def test_what_is_not_finite_has_no_picture(open_file):
    session = open_file()
    session.advance(1)
    with torch.no_grad():
        network_of(session).atoms[2, 1] = float("nan")
    (shown,) = looked_at(session, AtomsAsked("run", "norm", 0, 9))
    last = shown.atoms[-1]
    assert last.index == 2
    assert not last.picture.shares
    assert all(atom.picture.shares for atom in shown.atoms[:-1])


def test_a_sample_and_its_code_are_the_network_s(open_file):
    session = open_file(PLANTED)
    session.view(View(samples=(SampleAsked("run", 4), SampleAsked("run", 10**9))))
    session.advance(0)
    shown, last = session.latest().runs[0].samples
    run = session._trainer.experiment.runs[0]
    x = run.trainable.samples.held_out
    output = run.trainable.network(x)
    code, atoms = output.code[4].detach(), run.trainable.network.atoms.detach()
    assert (shown.count, shown.held_out, shown.fires) == (10, True, int((code != 0).sum()))
    contributions = code.abs() * atoms.norm(dim=1)
    order = contributions.argsort(descending=True)[: shown.fires].tolist()
    assert [atom.index for atom in shown.atoms] == order
    assert [atom.code for atom in shown.atoms] == pytest.approx(code[order].tolist())
    residual = (x[4] - output.reconstruction[4]).detach()
    assert shown.residual_share == pytest.approx(float((residual.norm() / x[4].norm()) ** 2))
    assert torch.allclose(decoded(shown.residual), residual, atol=0.02)
    true = run.trainable.samples.true_atoms[shown.atoms[0].nearest_true]
    atom = atoms[order[0]]
    assert shown.atoms[0].cosine == pytest.approx(float(true @ atom / atom.norm()), abs=1e-5)
    assert torch.allclose(decoded(last.sample), x[9], atol=0.02)


def test_where_samples_are_no_pictures_there_are_no_pictures_of_atoms(open_file):
    session = open_file(PLANTED)
    assert looked_at(session, AtomsAsked("run", "use", 0, 9)) == ()
    assert session.latest().picture == ()


def test_looking_closely_changes_nothing(open_file):
    alone, watched = open_file(), open_file()
    alone.advance(60)
    watched.view(View(atoms=(AtomsAsked("run", "use", 0, 9),), samples=(SampleAsked("run"),)))
    for _ in range(60):
        watched.advance(1)
    assert watched.latest().runs[0].loss == alone.latest().runs[0].loss
    assert torch.equal(network_of(watched).atoms, network_of(alone).atoms)


def test_a_network_that_cannot_be_looked_at_goes_on(open_file, tmp_path):
    (tmp_path / "breaks_on_one.py").write_text(BREAKS)
    start = FILE.index("[network]")
    network = '[network]\nkind = "user"\nfactory = "breaks_on_one:Net"\n'
    session = open_file(FILE[:start] + network + FILE[FILE.index("[training]") :])
    session.view(View(atoms=(AtomsAsked("run", "use", 0, 9),), samples=(SampleAsked("run"),)))
    session.advance(3)
    run = session.latest().runs[0]
    assert run.samples[0].trouble == "RuntimeError: no batch of one"
    assert len(run.atoms[0].atoms) == 4
    assert (run.state, run.step) == ("running", 3)


def test_pictures_are_not_recorded(open_file):
    session = open_file()
    session.view(View(atoms=(AtomsAsked("run", "use", 0, 9),), samples=(SampleAsked("run"),)))
    session.advance(1)
    assert session.latest().runs[0].atoms
    kept = restored(Snapshot, parsed(zlib.decompress(packed(session.latest()))))
    assert (kept.runs[0].atoms, kept.runs[0].samples) == ((), ())
