"""What the first word of a command line means."""

import pytest

from dicttui.cli.application import COMMANDS, rewritten


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ([], ["open"]),
        (["digits"], ["open", "digits"]),
        (["./mine.toml", "--seed", "3"], ["open", "./mine.toml", "--seed", "3"]),
        (["--refresh", "1", "digits"], ["open", "--refresh", "1", "digits"]),
        (["train", "digits"], ["train", "digits"]),
        (["--version"], ["--version"]),
        (["help"], ["--help"]),
        (["help", "train"], ["train", "--help"]),
        (["help", "presets", "new"], ["presets", "new", "--help"]),
    ],
)
def test_a_first_word_that_is_no_command_is_a_preset(given, meant):
    assert rewritten(given) == meant


def test_every_word_that_is_kept_for_a_command_is_one():
    promised = """
        open train presets data runs resume replay start attach stop export report diagnose sweep
        bench
    """
    assert set(COMMANDS) == set(promised.split())


def test_version(dicttui):
    from dicttui import __version__

    assert dicttui("--version") == (0, f"dicttui {__version__}\n", "")


def test_help_names_the_commands_the_apps_options_and_the_files(dicttui, state):
    ended = dicttui("--help")
    assert ended.status == 0
    for expected in ("[OPTIONS] [PRESET]", "--refresh", "--readonly", "train", "presets", "data"):
        assert expected in ended.out
    flat = "".join(ended.out.split())
    assert str(state / "dicttui.log") in flat
    assert str(state / "config.toml") in flat
    assert str(state / "experiments") in flat


def test_help_of_a_command(dicttui):
    assert "--every N" in dicttui("help", "train").out
    assert "--from NAME" in dicttui("presets", "new", "--help").out


def test_a_misspelt_command_and_a_misspelt_preset(dicttui):
    ended = dicttui("trian")
    assert ended.status == 2
    assert 'trian: no such command; did you mean "train"?' in ended.err
    ended = dicttui("digit")
    assert ended.status == 2
    assert ended.err.startswith('digit: no such preset; did you mean "digits"?')


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "open"])
def test_every_command_is_found_if_a_letter_is_missing(dicttui, command):
    misspelt = command[:2] + command[3:]
    ended = dicttui(misspelt)
    assert ended.status == 2
    assert f'{misspelt}: no such command; did you mean "{command}"?' in ended.err


def test_no_hidden_command_is_suggested(dicttui):
    assert "no such command" not in dicttui("opne").err


def test_an_option_that_does_not_exist(dicttui):
    ended = dicttui("train", "digits", "--sed", "3")
    assert ended.status == 2
    assert "--sed" in ended.err
    assert ended.out == ""


@pytest.fixture
def launched(monkeypatch):
    """The arguments with which the app would have been opened."""
    import sys
    from types import ModuleType

    calls = []

    def run(opened, *, state_directory, **display):
        del state_directory
        calls.append((opened.preset, {**display, "worded": opened.worded}))
        return 130

    launch = ModuleType("dicttui.tui.launch")
    launch.run = run
    monkeypatch.setitem(sys.modules, "dicttui.tui.launch", launch)
    return calls


def test_the_app_opens_on_the_default_preset(dicttui, launched):
    ended = dicttui()
    assert ended == (130, "", "")
    ((preset, display),) = launched
    assert preset.source == "article-sparse"
    assert display.pop("theme_from").endswith("config.toml: theme")
    assert display == {
        "refresh": 4.0, "theme": None, "ascii": False, "readonly": False, "bell": True,
        "worded": None,
    }  # fmt: skip


def test_the_app_gets_the_changed_preset_and_the_options_of_the_display(dicttui, launched):
    dicttui(
        "--refresh", "1", "digits", "--lr", "0.5", "--lr", "sgd=0.25", "--steps", "9", "--seed",
        "3", "--device", "cpu", "--threads", "1", "--engine", "eager", "--theme", "nord",
        "--ascii", "--readonly",
    )  # fmt: skip
    ((preset, display),) = launched
    assert {run.name: run.lr for run in preset.runs} == {"adam": 0.5, "sgd": 0.25}
    training = preset.training
    assert (training.steps, training.seed, training.device) == (9, 3, "cpu")
    assert (training.threads, training.engine) == (1, "eager")
    assert display == {
        "refresh": 1.0, "theme": "nord", "theme_from": "--theme", "ascii": True,
        "readonly": True, "bell": True, "worded": None,
    }  # fmt: skip


def test_the_settings_stand_where_the_command_line_is_silent(dicttui, launched, state):
    (state / "config.toml").write_text(
        'theme = "nord"\nrefresh = 2\ndevice = "mps"\nbell = false\n'
    )
    dicttui()
    dicttui("--theme", "dracula", "--refresh", "8", "--device", "cpu")
    (first, first_display), (second, second_display) = launched
    assert first_display.pop("worded") is not None
    assert first_display == {
        "refresh": 2.0, "theme": "nord", "theme_from": f"{state / 'config.toml'}: theme",
        "ascii": False, "readonly": False, "bell": False,
    }  # fmt: skip
    assert first.training.device == "mps"
    assert (second_display["theme"], second_display["refresh"]) == ("dracula", 8.0)
    assert (second_display["theme_from"], second_display["worded"]) == ("--theme", None)
    assert second.training.device == "cpu"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("refersh = 2\n", 'refersh: unknown key; did you mean "refresh"?'),
        ("refresh = 0\n", "refresh: 0 is not allowed; allowed: a number, at least 0.1"),
        ('device = "GPU"\n', 'device: "GPU" is not allowed; allowed: a text in quotes such as'),
        ("bell = 1\n", "bell: 1 is not allowed; allowed: true or false"),
        ("bell\n", "line 1, column 5: not valid TOML"),
    ],
)
def test_wrong_settings_are_refused_with_the_name_of_their_file(
    dicttui, launched, state, settings, expected
):
    path = state / "config.toml"
    path.write_text(settings)
    ended = dicttui()
    assert ended.status == 2
    assert ended.err.startswith(f"{path}: {expected}")
    assert not launched


def test_escape_codes_on_the_command_line_are_not_repeated(dicttui):
    for given in (
        ("train", "digits", "--\x1b[31m"), ("train", "digits", "\x1b[31m"), ("\x1b[31m.toml",),
        ("data", "\x1b[31m"), ("data", "inspect", "\x1b[31m"), ("presets", "show", "\x1b[31m"),
        ("--\x1b[31m",),
    ):  # fmt: skip
        ended = dicttui(*given)
        assert (ended.status, ended.out) == (2, "")
        assert "\x1b" not in ended.err
        assert "\\x1b[31m" in ended.err


@pytest.mark.parametrize("rate", ["fast", "adam=", "adam=fast"])
def test_a_learning_rate_that_is_no_number(dicttui, launched, rate):
    ended = dicttui("train", "digits", "--lr", rate)
    assert ended.status == 2
    assert ended.err.startswith(f'command line: --lr: "{rate}" is not allowed; allowed: a number')


def test_all_errors_of_a_preset_come_on_stderr_at_once(dicttui, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('[data]\nn = 0\n[network]\nkind = "simpel"\n')
    ended = dicttui("train", str(path), "--json")
    assert ended.status == 2
    assert ended.out == ""
    assert [line.split(": ")[1] for line in ended.err.splitlines()] == [
        "data.n", "network.kind", "runs",
    ]  # fmt: skip
