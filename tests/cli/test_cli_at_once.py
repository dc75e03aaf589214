"""When the app opens before anything is read."""

import io
from types import SimpleNamespace

import pytest

from dicttui.cli import at_once
from dicttui.cli.application import COMMANDS
from dicttui.cli.at_once import DEFAULT_PRESET, opens_at_once
from dicttui.cli.places import config_file
from dicttui.preset.shipped import names


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(state, monkeypatch):
    streams = SimpleNamespace(stdin=Tty(), stdout=Tty(), stderr=Tty())
    monkeypatch.setattr(at_once, "sys", streams)
    return streams


def test_a_shipped_preset_opens_at_once(terminal):
    assert opens_at_once([]) == DEFAULT_PRESET
    assert opens_at_once(["digits"]) == "digits"


@pytest.mark.parametrize(
    "arguments", [["digits", "--ascii"], ["--help"], ["train"], ["./mine.toml"], ["digit"], [""]]
)
def test_anything_else_is_read_first(terminal, arguments):
    assert opens_at_once(arguments) is None


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "a file"])
def test_so_it_is_without_a_terminal(terminal, stream):
    terminal.stdin = stream
    assert opens_at_once([]) is None


def test_so_it_is_where_there_are_settings(terminal):
    config_file().write_text('theme = "textual-light"\n')
    assert opens_at_once([]) is None


def test_no_preset_is_called_like_a_command():
    assert not {*names()} & {*COMMANDS, "help"}
