"""`dicttui bench`: every figure is there, JSON is clean, and nothing is left behind."""

import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import psutil
import pytest

from dicttui.bench import bench, screen, speed
from dicttui.bench.cases import ARTICLE_SPARSE
from dicttui.bench.error import BenchError
from dicttui.cli.application import run


@pytest.mark.pty
def test_every_figure_is_there(tmp_path, monkeypatch, capsys):
    hooks = sys.excepthook, threading.excepthook
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(tmp_path))
    monkeypatch.setattr(bench, "CASES", (replace(ARTICLE_SPARSE, quick=("SGD",)),))
    monkeypatch.setattr(speed, "WAYS", (speed.BARE, speed.AUTO, speed.Way("auto", app=True)))
    monkeypatch.setattr(screen, "PAUSE", (0.0, 0.05))
    monkeypatch.setattr(screen, "QUIET", 0.1)
    monkeypatch.setattr(screen, "LEAST_COUNTED", 1.5)
    monkeypatch.setattr(speed, "ENTERED", 0.0)
    monkeypatch.setattr(speed, "SETTLING", 0.05)
    status = run(
        ["bench", "--quick", "--only", "article-sparse", "--only", "screen", "--seconds", "0.1",
         "--repeats", "1", "--json"]
    )  # fmt: skip
    sys.excepthook, threading.excepthook = hooks
    out, _ = capsys.readouterr()
    assert status == 0
    results = json.loads(out)
    (case,) = results["cases"]
    assert [(s["way"], s["app"]) for s in case["speeds"]] == [
        ("bare", False), ("auto", False), ("auto", True),
    ]  # fmt: skip
    for found in case["speeds"]:
        assert found["steps_per_second"]["median"] > 0
        assert found["over_bare"]["low"] > 0
        assert found["resident_megabytes"] > 0
        assert found["steps"] > 0
    assert case["speeds"][2]["over_headless"]["median"] > 0
    assert case["capture_seconds"] > 0
    shown = results["screen"]
    keys = shown["keys_milliseconds"]
    assert 0 < keys["p50"] <= keys["p99"]
    assert keys["presses"] == len(keys["by_key"])
    assert shown["kilobytes_per_second"] > 0
    assert shown["first_paint_seconds"]["low"] > 0
    assert shown["first_paint_of_a_file_seconds"]["low"] > 0
    assert shown["resident_megabytes"] > 0


def test_ctrl_c_leaves_nothing_behind(tmp_path):
    bench = subprocess.Popen(
        [sys.executable, "-m", "dicttui", "bench", "--only", "article-simple"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"DICTTUI_STATE_DIR": str(tmp_path / "state"), "TMPDIR": str(tmp_path)},
    )
    children = []
    while not children and bench.poll() is None:
        children = psutil.Process(bench.pid).children(recursive=True)
    bench.send_signal(signal.SIGINT)
    out, err = bench.communicate(timeout=60)
    assert (bench.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")
    assert "Traceback" not in err
    assert not any(child.is_running() for child in children)
    assert [path for path in tmp_path.iterdir() if path.name != "state"] == []


def test_a_machine_without_the_memory_is_told_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "CASES", (replace(ARTICLE_SPARSE, needed_bytes=10**18),))
    with pytest.raises(BenchError, match="article-sparse needs"):
        bench.bench(tmp_path, pytest.fail)
