"""What is really imported, and that rooms know only the rooms above them."""

import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"torch", "textual", "plotext", "sklearn", "numpy", "rich", "pydantic", "typer", "psutil"}


def imported(program: str, tmp_path: Path) -> set[str]:
    """The top-level packages that a program has loaded at its end."""
    listing = (
        "import sys, io, contextlib\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        + "".join(f"    {line}\n" for line in program.splitlines())
        + "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", listing],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"DICTTUI_STATE_DIR": str(tmp_path)},
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split()) & HEAVY


RUN = "from dicttui.cli.application import run\nrun({})"


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("import dicttui", set()),
        ("from dicttui.cli import main", set()),
        (RUN.format(["--help"]), {"typer"}),
        (RUN.format(["--version"]), {"typer"}),
        (RUN.format(["train", "--help"]), {"typer", "pydantic"}),
        (RUN.format(["presets"]), {"typer", "pydantic"}),
        (RUN.format(["presets", "show", "digits"]), {"typer", "pydantic"}),
        (RUN.format(["runs"]), {"typer", "pydantic"}),
        (RUN.format(["resume"]), {"typer", "pydantic"}),
        (RUN.format(["train", "no-such-preset"]), {"typer", "pydantic"}),
        (RUN.format(["no-such-preset"]), {"typer", "pydantic"}),
        ("from dicttui.preset.reading import read\nread('article-sparse')", {"pydantic"}),
        ("from dicttui.training.session import Session", {"pydantic"}),
        ("import dicttui.serve.client, dicttui.serve.server", {"pydantic"}),
        ("import dicttui.serve.background, dicttui.serve.starting", {"pydantic"}),
        (RUN.format(["stop"]), {"typer", "pydantic"}),
        (RUN.format(["bench", "--only", "nothing"]), {"typer", "pydantic", "psutil"}),
        ("import dicttui.tui.app", HEAVY - {"torch", "sklearn", "numpy"}),
    ],
)
def test_nothing_is_imported_before_it_is_needed(program, allowed, tmp_path):
    assert imported(program, tmp_path) <= allowed


def test_help_answers_at_once():
    def seconds() -> float:
        """Of computing: waiting for what else the machine does is not counted."""
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "dicttui", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        after = getrusage(RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def test_rooms_know_only_the_rooms_above_them():
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert checked.returncode == 0, checked.stdout
