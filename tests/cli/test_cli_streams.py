"""Where the results go takes none of them; what a person reads obeys nobody."""

import json
import logging
import os
import subprocess
import sys

import pytest

TINY = """
[data]
n = 20
[network]
kind = "sparse"
[[runs]]
name = "one"
optimizer = "SGD"
lr = 0.01
"""
CLOSED = "dicttui: stdout is closed; allowed: a terminal, a file, a pipe\n"
FULL = "dicttui: stdout cannot be written: No space left on device\n"


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


def in_a_shell(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = f'"$0" -m dicttui "$@" {redirection}'
    return subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, *arguments],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["train", "presets", "--help"])
def test_a_closed_stdout_is_told_in_a_line(state, tiny, command):
    arguments = (command, tiny) if command == "train" else (command,)
    ended = in_a_shell(">&-", *arguments)
    assert (ended.returncode, ended.stderr) == (2, CLOSED)
    assert not (state / "dicttui.log").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [("train", "--steps", "5"), ("train", "--steps", "5", "--json"), ("presets",),
     ("presets", "show", "digits"), ("--help",), ("train", "--help"), ("--version",)],
)  # fmt: skip
def test_a_full_stdout_is_told_in_a_line(state, tiny, arguments):
    if arguments[0] == "train" and "--help" not in arguments:
        arguments = (*arguments, tiny)
    ended = in_a_shell(">/dev/full", *arguments)
    assert (ended.returncode, ended.stderr) == (2, FULL)
    assert not (state / "dicttui.log").exists()


def test_without_stderr_stdout_is_json_all_the_same(state, tiny):
    ended = in_a_shell("2>&-", "train", tiny, "--steps", "5", "--json", "--threads", "1")
    assert ended.returncode == 0
    assert [json.loads(line)["event"] for line in ended.stdout.splitlines()][-1] == "end"
    ended = in_a_shell("2>&-", "train", "nothing", "--json")
    assert (ended.returncode, ended.stdout) == (2, "")


def test_without_stdin_the_app_asks_for_a_terminal(state):
    ended = in_a_shell("<&-", "digits")
    assert ended.returncode == 2
    assert "the app needs a terminal" in ended.stderr


NETWORK = """
import torch
from torch import nn

class Mine(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(4, d_in))
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        if self.calls > 8:
            raise RuntimeError("boom \\x1b[31mred\\x9b5m\\nsecond line")
        code = x @ self.dictionary.T
        return code @ self.dictionary, code
    def loss_terms(self, x, output):
        return {"error": (output[0] - x).square().mean()}
"""


def test_the_escape_codes_of_an_exception_are_written_out(dicttui, tmp_path):
    (tmp_path / "my_boom.py").write_text(NETWORK)
    path = tmp_path / "boom.toml"
    path.write_text(TINY.replace('"sparse"', '"user"\nfactory = "my_boom:Mine"'))
    ended = dicttui("train", str(path), "--steps", "50")
    assert ended.status == 1
    assert not {"\x1b", "\x9b"} & set(ended.out + ended.err)
    assert r"boom \x1b[31mred\x9b5m" in ended.out


def test_a_log_that_cannot_be_written_is_nothing_to_stop_for(state, capsys, fresh_log):
    from dicttui.cli.log import open_log

    (state / "dicttui.log").mkdir()  # as good as a full disk: no line can be written
    with fresh_log():
        open_log()
        logging.getLogger("dicttui").warning("lost")
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_is_not_told_for_every_line_of_the_log(state, capsys, fresh_log):
    from dicttui.cli.log import open_log

    (state / "dicttui.log").symlink_to("/dev/full")
    with fresh_log():
        open_log()
        logging.getLogger("dicttui").warning("lost")
    assert capsys.readouterr() == ("", "")


def test_a_device_of_the_settings_that_is_not_here(dicttui, state, tiny):
    settings = state / "config.toml"
    settings.write_text('device = "cuda:77"\n')
    ended = dicttui("train", tiny)
    assert ended.status == 2
    assert ended.err.startswith(f"{settings}: device: 'cuda:77' is not here; there is cpu")
    ended = dicttui("train", tiny, "--device", "cuda:78")
    assert ended.status == 2
    assert ended.err.startswith(f"{tiny}: device 'cuda:78' is not here; there is cpu")
