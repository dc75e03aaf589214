"""A preset with a finding's remedy in it, as a file of a person's own."""

import contextlib
import logging
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dicttui.training.finding import Finding, Remedy
from dicttui.training.snapshot import Recording, RunSnapshot
from dicttui.tui.saving import exclusively, plain_name, reason, where
from dicttui.tui.screens.confirm import ConfirmDialog

if TYPE_CHECKING:
    from dicttui.preset.model import Preset
    from dicttui.tui.app import DicttuiApp

log = logging.getLogger(__name__)


def save(app: "DicttuiApp", run: RunSnapshot, finding: Finding, remedy: Remedy) -> None:
    """Write the file in a thread of its own, and tell where it is and what to do with it."""
    app.say("saving the preset…")
    app.run_worker(
        partial(_save, app, run.name, finding, remedy, app.latest().recording),
        thread=True,
        group="save",
        exit_on_error=False,
    )


def _save(
    app: "DicttuiApp", run: str, finding: Finding, remedy: Remedy, recording: Recording | None
) -> None:
    try:
        path = written(
            _preset(app.preset, recording), run, finding, remedy,
            where(app.state_directory, None),
        )  # fmt: skip
        heading, body = "Saved", _what_to_do(path)
    except Exception as error:
        # Whatever is wrong with a preset or a disk, the app and its training go on.
        log.exception("the preset could not be saved")
        heading, body = "The preset could not be saved", reason(error)
    with contextlib.suppress(RuntimeError):  # the app has been left meanwhile
        app.call_from_thread(_tell, app, heading, body)


def _tell(app: "DicttuiApp", heading: str, body: str) -> None:
    app.say(f"{heading}: {body.splitlines()[0]}")
    app.ask(ConfirmDialog(heading, body, (("close", None),)), lambda _closed: None)


def _preset(preset: "Preset | None", recording: Recording | None) -> "Preset":
    """What is trained. Raises LookupError where it is not known here, RecordError where it cannot
    be read.
    """
    if preset is not None:
        return preset
    if recording is None:
        raise LookupError(
            "This screen does not know the preset: the training is another process's, and it is "
            "not recorded."
        )
    from dicttui.record.reading import Recorded

    return Recorded.open(Path(recording.directory)).preset()


def written(
    preset: "Preset", run: str, finding: Finding, remedy: Remedy, directories: list[Path]
) -> Path:
    """Write the preset with a remedy for one of its runs, in the first directory that takes it,
    under a name that was free.

    Raises PresetError where the preset cannot be so, OSError where the file cannot be written.
    """
    from dicttui.preset.changing import changed, with_absolute_paths
    from dicttui.report.preset_toml import toml

    settings = [(setting.key, setting.value) for setting in remedy.settings]
    shared = [setting for setting in settings if setting[0].startswith(("data.", "training."))]
    own = [setting for setting in settings if setting not in shared]
    preset = changed(preset, shared) if shared else preset
    preset = changed(preset, own, run) if own else preset
    head = [
        f"# {_plain(preset.source)}, with a remedy for {finding.cause}:",
        *(f"#     {_plain(key)} = {_plain(value)}" for key, value in settings),
    ]
    text = "\n".join([*head, "", toml(with_absolute_paths(preset))])
    name = plain_name(f"{Path(preset.source).name.removesuffix('.toml')}-{finding.cause}")
    if any(one.network.kind == "user" for one in preset.runs):
        # Its own code is looked for beside it.
        directories = [preset.directory, *directories]
    failure: OSError = FileNotFoundError("there is no directory to write it in")
    for directory in directories:
        try:
            return exclusively(directory, name, ".toml", text)
        except OSError as error:
            failure = error
    raise failure


def _plain(text: str) -> str:
    """In a comment, which ends with its line."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _what_to_do(path: Path) -> str:
    shown = str(path)
    with contextlib.suppress(OSError):  # the current directory may have been removed
        if path.parent == Path.cwd():
            shown = f"./{path.name}"
    return f"{path.name}\nin {path.parent}\n\nTrain it with\ndicttui {shlex.quote(shown)}"
