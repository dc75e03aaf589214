"""`dicttui` and `dicttui NAME`: the app's first picture before anything is read.

The command line, the settings and the preset take most of the time until a first picture to be
imported and checked. Where there is nothing in them that could be wrong, nor change the picture,
they are read after it.
"""

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from dicttui.cli.log import install_hooks, open_log
from dicttui.cli.output import BAD_USAGE, finish, prepare, silence
from dicttui.cli.places import config_file, experiments, state_directory
from dicttui.cli.running import Kept, run_and_save
from dicttui.preset.shipped import names

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.record.recorder import Recorder
    from dicttui.tui.opening import Opened

DEFAULT_PRESET = "article-sparse"


def opens_at_once(arguments: Sequence[str]) -> str | None:
    """The shipped preset on which the app can be opened before all else; None: first the command
    line has to be read.
    """
    if len(arguments) > 1:
        return None
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        return None
    preset = arguments[0] if arguments else DEFAULT_PRESET
    try:
        return preset if preset in names() and not config_file().exists() else None
    except OSError:
        return None


def open_at_once(preset: str) -> int:
    """Open the app on a shipped preset; the exit status."""
    if not prepare():
        return BAD_USAGE
    install_hooks()
    open_log()
    from dicttui.tui.launch import run_at_once
    from dicttui.tui.news import interrupted
    from dicttui.tui.opening import Opened

    kept = Kept()

    def opened() -> "Opened":
        kept.recording, experiment = _recorded(preset)
        news = partial(interrupted, experiments())
        return Opened(preset=experiment, news=news, **kept.told_to_the_app())

    try:
        status = run_and_save(lambda: run_at_once(opened, preset, state_directory()), kept)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    lost = finish()
    return silence(lost) if lost else status


def _recorded(name: str) -> "tuple[Recorder, Preset]":
    """What records a shipped preset, and that."""
    from dicttui.preset.reading import read
    from dicttui.record.recorder import Recorder

    preset = read(name)
    return Recorder.begin(preset, experiments()), preset
