"""What an experiment ran in: versions, machine, and a person's own code."""

import hashlib
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from dicttui.preset.model import Preset
from dicttui.preset.networks import UserNetwork

PACKAGES = ("torch", "numpy", "textual", "safetensors", "scikit-learn")
GIT_PATIENCE = 5.0
"""Seconds."""
GIT = (
    "git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
)  # fmt: skip
"""git that writes nothing, and runs no monitor, hook, or comparing program that a repository's
settings name. Filters that they name it does run: the repository's own code runs here anyway."""
CHANGES = ("diff", "--shortstat", "--no-ext-diff", "--no-textconv", "HEAD")
LARGEST_SOURCE = 2**24


def gathered(preset: Preset, devices: list[str], threads: int | None) -> dict[str, Any]:
    """The environment of this process, in which torch has been imported."""
    from dicttui import __version__

    found: dict[str, Any] = {
        "dicttui": __version__,
        "python": platform.python_version(),
        "packages": versions(),
        "platform": platform.platform(),
        "machine": machine(),
        "processor": capability(),
        "threads": threads,
        "devices": devices,
        "command": sys.argv[0:1] and [Path(sys.argv[0]).name, *sys.argv[1:]],
    }
    code = own_code(preset)
    if code:
        found["code"] = code
    return found


def versions() -> dict[str, str]:
    """Of the packages that may change a number."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = str(torch.__version__)
    return found


def machine() -> str:
    """The processor's architecture."""
    return platform.machine()


def capability() -> str | None:
    """The instructions that torch uses on this processor; None while torch is not imported."""
    torch = sys.modules.get("torch")
    try:
        return None if torch is None else str(torch.backends.cpu.get_cpu_capability())
    except (AttributeError, RuntimeError):
        return None


def own_code(preset: Preset) -> list[dict[str, Any]]:
    """A person's own networks: where their code is, a digest of it, and the state of its git."""
    factories = dict.fromkeys(
        run.network.factory for run in preset.runs if isinstance(run.network, UserNetwork)
    )
    return [_code(factory, preset.directory) for factory in factories]


def _code(factory: str, directory: Path) -> dict[str, Any]:
    source = source_of(factory, directory)
    if source is None:
        return {"factory": factory, "file": None}
    return {
        "factory": factory,
        "file": str(source),
        "digest": digest_of(source),
        "git": _git(source.parent),
    }


def source_of(factory: str, directory: Path) -> Path | None:
    """The file of a person's network: of the module if it has been imported, else where it would
    be looked for first. Nothing is imported.
    """
    name = factory.partition(":")[0]
    module = sys.modules.get(name)
    if module is not None and getattr(module, "__file__", None):
        return Path(str(module.__file__))
    base = directory.joinpath(*name.split("."))
    candidates = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def digest_of(source: Path) -> str | None:
    """A digest of a file of code; None if it cannot be read."""
    try:
        with source.open("rb") as file:
            return hashlib.blake2b(file.read(LARGEST_SOURCE), digest_size=16).hexdigest()
    except OSError:
        return None


def _git(directory: Path) -> dict[str, Any] | None:
    """The state of a repository; None where there is none, or no git."""
    commit = _asked(directory, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _asked(directory, "status", "--porcelain", "--untracked-files=no")
    return {
        "commit": commit,
        "dirty": bool(changed),
        "changes": _asked(directory, *CHANGES) or "",
    }


def _asked(directory: Path, *question: str) -> str | None:
    try:
        answer = subprocess.run(
            [*GIT, "-C", str(directory), *question],
            check=False, capture_output=True, text=True, timeout=GIT_PATIENCE,
            stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
