"""What the README promises."""

import re
import subprocess
from pathlib import Path

import pytest

from dicttui.preset.reading import names

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_its_own_network_trains(dicttui, tmp_path, monkeypatch):
    for name in ("mynet.py", "mine.toml"):
        (text,) = re.findall(rf"<!-- file: {re.escape(name)} -->\n```\w+\n(.*?)```", README, re.S)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    ended = dicttui("train", "./mine.toml")
    assert ended.status == 0
    states = [line.split()[:3] for line in ended.out.splitlines()[-3:]]
    assert states == [
        ["adam-0.001", "finished", "200"], ["adam-0.01", "finished", "200"],
        ["sgd", "finished", "200"],
    ]  # fmt: skip


def test_its_settings_are_accepted(dicttui, state):
    (text,) = re.findall(r"`config.toml`, may hold:\n\n```toml\n(.*?)```", README, re.S)
    (state / "config.toml").write_text(text)
    from dicttui.cli.config import Config, read_config

    assert set(read_config().model_fields_set) == set(Config.model_fields)


def test_its_example_of_errors_is_what_is_said(dicttui, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(
        '[data]\nbatch_size = 200\n[network]\nkind = "simple"\n[[runs]]\noptimzer = "Adam"\n'
    )
    ended = dicttui("train", "mine.toml")
    (example,) = re.findall(r"```\n(mine\.toml: .*?)```", README, re.S)
    assert sorted(ended.err.splitlines()) == sorted(example.splitlines())


def test_its_table_has_every_preset():
    section = README.partition("\n## Presets\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.M)) == set(names())


def test_its_table_has_every_key():
    from dicttui.tui.keys import KEYS

    section = README.partition("\n## Keys\n")[2].partition("\n## ")[0]
    told = {
        key
        for row in re.findall(r"^\| (`.*?) \|", section, re.M)
        for key in re.findall(r"`([^`]+)`", row)
    }
    written = {key for row in KEYS for key in row.written.replace(" / ", " ").split()}
    assert told >= written


@pytest.mark.parametrize("needed", ["pip install -c constraints.txt", "python3 -m venv .venv"])
def test_exactly_two_commands_set_up(needed):
    assert README.count(needed) == 2


def test_ci_runs_the_readmes_test_command_word_for_word(tmp_path):
    """Its extraction gives the one line that stands in the README, and nothing else."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (extraction,) = re.findall(r"^test_command=(\$\(awk .*?README\.md\))$", script, re.M | re.S)
    found = subprocess.run(
        ["bash", "-c", f'printf %s "{extraction}"'],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    assert found.startswith("python3 -m venv .venv && ")
    assert found.endswith("-m pytest")
    assert f"```sh\n{found}\n```" in README


def test_every_dependency_is_explained():
    import tomllib

    with (ROOT / "pyproject.toml").open("rb") as file:
        needed = tomllib.load(file)["project"]["dependencies"]
    section = README.partition("## What each dependency is for")[2].partition("\n## ")[0]
    for requirement in needed:
        assert re.match(r"[\w-]+", requirement)[0] in section


def test_constraints_are_exact_and_cover_what_is_needed():
    import tomllib

    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    for requirement in (*project["dependencies"], *project["optional-dependencies"]["test"]):
        name = re.match(r"[\w-]+", requirement)[0].replace("_", "-")
        assert name in pins
    assert pins["textual"] == "8.2.8"
    assert pins["pytest-textual-snapshot"] == "1.1.0"
