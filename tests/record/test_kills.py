"""A training that is killed at any moment and gone on with ends as one that never was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("seed", [0])
def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path, seed):
    """SGD with momentum, Adam, and a schedule, by minibatches; 50 kills in both cases together,
    between steps, while a checkpoint is written, while the database is, and from outside.
    """
    program = Path(__file__).with_name("killing.py")
    ended = subprocess.run(
        [sys.executable, str(program), str(tmp_path), str(seed), "25"],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"DICTTUI_STATE_DIR": str(tmp_path)},
        timeout=110,
    )
    children = tmp_path / "child.log"
    told = children.read_text()[-4000:] if children.exists() else ""
    assert ended.returncode == 0, ended.stderr + told
    outcome = json.loads(ended.stdout)
    assert outcome["wrong"] == []
    assert sum(outcome["killed"].values()) >= 25
    assert outcome["killed"]["while_a_file_is_written"] >= 3
    assert outcome["resumed"] >= 20
