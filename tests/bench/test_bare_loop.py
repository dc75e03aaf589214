"""The bare loop trains the network, on the samples, that the program trains."""

import pytest
import torch

from dicttui.bench import bare
from dicttui.bench.cases import CASES
from dicttui.preset.reading import read
from dicttui.training.session import Session


@pytest.mark.parametrize("case", [c for c in CASES if not c.long], ids=lambda c: c.name)
def test_it_comes_to_the_same_weights(case, tmp_path):
    preset = tmp_path / "case.toml"
    preset.write_text(case.preset("Adam", "eager", steps=20))
    network, optimizer, x = bare.loop_of(str(preset))
    bare.train(network, optimizer, x, 20)
    session = Session(read(str(preset)), paced=False)
    session.advance(20)
    ours = session._trainer.experiment.runs[0].trainable.network.state_dict()
    session.close()
    theirs = network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
