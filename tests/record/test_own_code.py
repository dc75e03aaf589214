"""A person's own code in recordings: known again, and never run for somebody else."""

import json
import os
import shutil
import subprocess
from dataclasses import replace

import pytest

from dicttui.preset.reading import read
from dicttui.record import manifest, moment_files, places
from dicttui.record.error import RecordError
from dicttui.record.reading import Recorded
from dicttui.record.resuming import resumable

OWN = """
import torch
from torch import nn

class Mine(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.encoder = nn.Linear(d_in, 4)
        self.decoder = nn.Linear(4, d_in, bias=False)
    @property
    def dictionary(self):
        return self.decoder.weight.T
    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code
    def loss_terms(self, x, output):
        return {"mse": (x - output.reconstruction).square().mean()}

def build(d_in):
    return Mine(d_in)
"""


@pytest.fixture
def own(tmp_path):
    """A preset with a network of a person's own."""
    (tmp_path / "mynet_of_resuming.py").write_text(OWN)
    (tmp_path / "mine.toml").write_text(
        '[data]\nn = 20\n[network]\nkind = "user"\nfactory = "mynet_of_resuming:build"\n'
        '[training]\nsteps = 60\n[[runs]]\noptimizer = "SGD"\nlr = 0.01\n'
    )
    return read(str(tmp_path / "mine.toml"))


def test_a_persons_own_code_that_has_changed_is_told_of(record, crash, own, tmp_path):
    training = record(own)
    training.advance(10)
    recorded = crash(training)
    (code,) = recorded.environment()["code"]
    assert code["factory"] == "mynet_of_resuming:build"
    assert code["file"] == str(tmp_path / "mynet_of_resuming.py")
    told = []
    resumable(recorded, told.append).release()
    assert len(told) == 1
    assert "runs code of its own" in told[0]
    (tmp_path / "mynet_of_resuming.py").write_text(OWN + "\n# better now\n")
    resumable(recorded, told.append).release()
    assert "has changed since" in told[-1]


def test_the_state_of_its_repository_is_kept(record, own, tmp_path):
    if not shutil.which("git"):
        pytest.skip("there is no git")

    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *words],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip

    git("init")
    git("add", "mynet_of_resuming.py")
    git("commit", "-m", "mine")
    (tmp_path / "mynet_of_resuming.py").write_text(OWN + "\n# changed\n")
    training = record(own)
    training.advance(5)
    (code,) = training.close().environment()["code"]
    assert len(code["git"]["commit"]) == 40
    assert code["git"]["dirty"] is True
    assert "1 file changed, 2 insertions" in code["git"]["changes"]


def test_code_that_somebody_else_could_name_is_not_run(record, crash, own):
    training = record(own)
    training.advance(10)
    recorded = crash(training)
    preset = recorded.directory / places.PRESET
    for path, mode in ((recorded.directory, 0o777), (preset, 0o666), (recorded.directory, 0o770)):
        before = path.stat().st_mode
        path.chmod(mode)
        with pytest.raises(RecordError, match="not yours alone"):
            resumable(recorded)
        path.chmod(before)
    if os.geteuid() == 0:
        os.chown(preset, 12345, -1)
        with pytest.raises(RecordError, match="not yours alone"):
            resumable(recorded)
        os.chown(preset, 0, -1)
    table = json.loads(preset.read_text())
    preset.write_text(json.dumps(table | {"trusted_code": False}))
    with pytest.raises(RecordError, match="may not"):
        resumable(Recorded.open(recorded.directory))


def test_a_moment_names_no_code_that_the_preset_does_not(record, crash, go_on, tmp_path):
    """Even one that was made with care, its digests right."""
    training = record(steps=5)
    training.advance(10)
    recorded = crash(training)
    numbered = manifest.numbered(recorded.directory)[-1]
    content = manifest.read(numbered.path)
    moments = recorded.directory / places.MOMENTS
    moment = moment_files.read(moments / content.runs[0].moment)
    (tmp_path / "trap_of_resuming.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')")
    network = {"kind": "user", "factory": "trap_of_resuming:x", "arguments": {}, "init": "article"}
    forged = replace(moment, specification=moment.specification | {"network": network})
    digest = moment_files.digest_of(forged)
    name = moment_files.name_of(forged, digest)
    moment_files.write(forged, digest, moments / name)
    runs = [content.runs[0].model_copy(update={"moment": name}), *content.runs[1:]]
    manifest.write(content.model_copy(update={"runs": runs}), numbered.path)
    again = go_on(Recorded.open(recorded.directory))
    with pytest.raises(RecordError):
        again.advance(1)
    assert not (tmp_path / "sprung").exists()
