"""Remedies tried in a process of their own: nothing of it is left, and nothing comes between."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from dicttui.diagnosis import process
from dicttui.training import moments

PRINTS = """
from dicttui.diagnosis import process
asked, said = process._own_ends()
print("what a person's network prints", flush=True)
process._say(said, {"heard": asked.readline()})
"""


def test_it_ends_when_nobody_waits_any_more(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "moment.safetensors"
    path.parent.mkdir()
    path.touch()
    with subprocess.Popen(
        [sys.executable, "-m", "dicttui.diagnosis.process"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as child:  # fmt: skip
        child.communicate(process.order({}, str(path)), timeout=60)
    assert not path.parent.exists()


def test_what_a_network_prints_comes_not_between() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PRINTS], input="so\n", stdout=subprocess.PIPE, text=True, check=True
    )
    assert ended.stdout == '{"heard":"so\\n"}\n'


def test_it_says_why_it_came_to_nothing(origin: Any, monkeypatch: Any) -> None:
    moment = moments.taken(origin(2).run)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    over = threading.Event()
    tries = process.Trying({}, moment, over.set)
    assert over.wait(60)
    assert tries.over
    assert "ended with status 1" in tries.failure
    monkeypatch.setattr(sys, "executable", os.devnull)
    tries = process.Trying({}, moment, lambda: None)
    tries.join(60)
    assert tries.failure.startswith("remedies cannot be tried: ")
