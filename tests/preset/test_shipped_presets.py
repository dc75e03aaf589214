"""Where the shipped presets are found."""

import subprocess
import sys
from pathlib import Path

import pytest

from dicttui.preset.reading import PresetError, find, names

ROOT = Path(__file__).resolve().parents[2]


def test_in_a_checkout_they_lie_at_the_top_level():
    assert find("digits") == ROOT / "presets" / "digits.toml"
    assert names() == tuple(sorted(path.stem for path in (ROOT / "presets").glob("*.toml")))


def test_a_name_is_never_a_way_to_another_file():
    with pytest.raises(PresetError, match="no such preset"):
        find("../presets/digits")


def test_an_installed_wheel_brings_its_own(tmp_path):
    def done(*command: str, cwd: Path = ROOT) -> str:
        result = subprocess.run(
            [sys.executable, *command],
            check=False,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    done("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    (wheel,) = tmp_path.glob("dicttui-*.whl")
    target = tmp_path / "installed"
    done("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target),
         str(wheel))  # fmt: skip
    found = done(
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(target)!r})\n"
        "from dicttui.preset.reading import find, names, read\n"
        "[read(name) for name in names()]\n"
        "print(*names())\nprint(find('digits'))",
        cwd=tmp_path,
    )
    listed, where = found.splitlines()
    assert tuple(listed.split()) == names()
    assert Path(where) == target / "dicttui" / "_presets" / "digits.toml"
    assert (target / "dicttui" / "py.typed").exists()
