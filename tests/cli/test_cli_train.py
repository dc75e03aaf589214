"""`dicttui train`, on real trainings of a few steps."""

import json
import math
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dicttui.preset.reading import names, read

TINY = """
[data]
n = 20
[network]
kind = "sparse"
[[runs]]
optimizer = "Adam"
lr = 0.01
[[runs]]
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


def test_in_a_pipe_it_ends_with_a_table_of_the_runs(dicttui, tiny):
    ended = dicttui("train", tiny, "--steps", "12")
    assert (ended.status, ended.err) == (0, "")
    head, adam, sgd = [line.split() for line in ended.out.splitlines()][-3:]
    assert head[:3] == ["run", "state", "steps"]
    assert adam[:3] == ["adam", "finished", "12"]
    assert sgd[:3] == ["sgd", "finished", "12"]
    assert math.isfinite(float(adam[3]))


def test_json_lines_are_the_steps_and_the_ends(dicttui, tiny):
    ended = dicttui("train", tiny, "--steps", "12", "--json", "--every", "5")
    assert (ended.status, ended.err) == (0, "")
    events = [json.loads(line) for line in ended.out.splitlines()]
    for run in ("adam", "sgd"):
        steps = [e for e in events if e["event"] == "step" and e["run"] == run]
        assert [e["step"] for e in steps] == [0, 5, 10, 11]
        assert all(set(e["terms"]) == {"mse", "l1_penalty"} for e in steps)
        assert steps[0]["metrics"]["mse"] == pytest.approx(steps[0]["terms"]["mse"])
        (end,) = [e for e in events if e["event"] == "end" and e["run"] == run]
        assert {"state", "steps", "loss", "best_loss", "best_step", "row_norms", "seconds"} <= set(
            end
        )
        assert (end["state"], end["steps"], len(end["row_norms"])) == ("finished", 12, 5)
        assert end["loss"] == steps[-1]["loss"]
    first = [e["loss"] for e in events if e["event"] == "step" and e["step"] == 0]
    assert first[0] == first[1], "runs start from the same weights on the same batch"


def test_a_pace_to_watch_is_ignored(dicttui, tmp_path):
    path = tmp_path / "slow.toml"
    path.write_text(TINY + "\n[training]\nsteps = 12\nsteps_per_second = 0.001\n")
    assert dicttui("train", str(path)).status == 0


def test_the_same_seed_gives_the_same_losses(dicttui, tiny):
    def losses(*options: str) -> list[float]:
        out = dicttui("train", tiny, "--steps", "5", "--json", *options).out
        return [e["loss"] for e in map(json.loads, out.splitlines()) if e["event"] == "step"]

    assert losses("--seed", "1") == losses("--seed", "1") != losses("--seed", "2")


def test_all_runs_diverged_is_status_1(dicttui, tmp_path):
    path = tmp_path / "diverges.toml"
    path.write_text('[network]\nkind = "simple"\n[[runs]]\noptimizer = "SGD"\nlr = 1000\n')
    ended = dicttui("train", str(path), "--steps", "200")
    assert ended.status == 1
    assert "diverged" in ended.out
    ended = dicttui("train", str(path), "--steps", "200", "--json")
    assert ended.status == 1
    events = [json.loads(line) for line in ended.out.splitlines()]
    assert events[-1]["state"] == "diverged"


def test_samples_that_are_not_there_are_status_2(dicttui, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TINY.replace("n = 20", 'kind = "file"\npath = "none.npy"'))
    ended = dicttui("train", str(path))
    assert ended.status == 2
    assert ended.out == ""
    assert "none.npy" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", sorted(set(names()) - {"sae-activations"}))
def test_every_shipped_preset_trains(dicttui, name):
    ended = dicttui("train", name, "--steps", "20")
    assert ended.status == 0, ended.err
    states = dict(re.findall(r"^(\S+) +(finished|diverged) ", ended.out, re.M))
    diverging = {"sgd-10"} if name == "lr-too-high" else set()
    assert states == {
        run.name: "diverged" if run.name in diverging else "finished" for run in read(name).runs
    }


def test_the_template_for_activations_says_what_it_lacks_and_trains_once_it_has_it(
    dicttui, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    ended = dicttui("train", "sae-activations")
    assert ended.status == 2
    assert "activations" in ended.err
    assert "Traceback" not in ended.err
    assert dicttui("presets", "new", "mine.toml", "--from", "sae-activations").status == 0
    text = Path("mine.toml").read_text()
    small = {"16384": "24", "8192": "10", "batch_size = 4096": "batch_size = 16", "k = 32": "k = 2"}
    for old, new in small.items():
        text = text.replace(old, new)
    Path("mine.toml").write_text(text)
    Path("activations").mkdir()
    for shard in range(2):
        rows = np.random.default_rng(shard).normal(size=(50, 8)).astype(np.float32)
        np.save(f"activations/shard-{shard}.npy", rows)
    ended = dicttui("train", "./mine.toml", "--steps", "5")
    assert ended.status == 0, ended.err


def test_every_belongs_to_json(dicttui, tiny):
    ended = dicttui("train", tiny, "--every", "5")
    assert ended.status == 2
    assert ended.err.startswith("command line: --every: ")


def test_it_says_so_before_it_imports_a_persons_code(dicttui, tmp_path):
    (tmp_path / "my_failing_net.py").write_text(
        "import sys\nsys.stderr.write('imported\\n')\n1/0\n"
    )
    path = tmp_path / "mine.toml"
    path.write_text(TINY.replace('"sparse"', '"user"\nfactory = "my_failing_net:make"'))
    ended = dicttui("train", str(path))
    said, _, rest = ended.err.partition("\n")
    assert said.startswith(f"{path} runs code of its own: importing my_failing_net:make")
    assert rest.startswith("imported\n")
    assert ended.status == 2


def _train(*options: str, **streams):
    return subprocess.Popen(
        [sys.executable, "-m", "dicttui", "train", *options], text=True, **streams
    )


def test_ctrl_c_ends_the_runs_and_tells_how_far_they_came(state, tiny):
    with _train(tiny, "--steps", "1000000000", "--json", "--every", "1", stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as process:  # fmt: skip
        assert json.loads(process.stdout.readline())["event"] == "step"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    ends = [e for e in map(json.loads, out.splitlines()) if e["event"] == "end"]
    assert [end["state"] for end in ends] == ["stopped", "stopped"]
    assert all(end["steps"] > 0 for end in ends)


def test_a_reader_that_leaves_ends_the_training(state, tiny):
    with _train(tiny, "--steps", "1000000000", "--json", "--every", "1", stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as process:  # fmt: skip
        process.stdout.readline()
        process.stdout.close()
        process.wait(timeout=60)
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_on_a_terminal_there_is_a_bar_for_each_run(state, tiny):
    ours, its = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "100"}
    with _train(
        tiny, "--steps", "12", stdin=its, stdout=its, stderr=its, env=environment
    ) as process:
        os.close(its)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:
            pass  # the way a terminal says that its other side has closed
        process.wait(timeout=60)
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert process.returncode == 0
    assert re.search(r"adam ━+ 12/12 loss", text)
    assert re.search(r"sgd\s+finished\s+12 ", text)


def test_an_unforeseen_error_is_one_line_and_its_traceback_is_in_the_log(state, tiny):
    program = (
        "import sys, dicttui.cli.train as t\n"
        "def broken(*_): raise RuntimeError('the moon is full')\n"
        "t.follow = broken\n"
        "from dicttui.cli import main\n"
        f"sys.argv = ['dicttui', 'train', {tiny!r}]\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    log = state / "dicttui.log"
    assert ended.stderr == (
        f"dicttui: unexpected error: RuntimeError: the moon is full (its traceback is in {log})\n"
    )
    assert "in broken" in log.read_text()
