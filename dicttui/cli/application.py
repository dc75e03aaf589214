"""The commands together.

A first word that is no command is the preset to open the app on.
"""

import contextlib
import errno
import gc
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from dicttui import __version__
from dicttui.cli.attach import attach
from dicttui.cli.bench import bench
from dicttui.cli.data import data
from dicttui.cli.diagnose import diagnose
from dicttui.cli.export import export
from dicttui.cli.log import install_hooks
from dicttui.cli.open import open_app
from dicttui.cli.output import BAD_USAGE, finish, prepare, put, silence
from dicttui.cli.places import config_file, experiments, log_file
from dicttui.cli.presets import presets
from dicttui.cli.replay import replay
from dicttui.cli.report import report
from dicttui.cli.resume import resume
from dicttui.cli.runs import runs
from dicttui.cli.start import start
from dicttui.cli.stop import stop
from dicttui.cli.sweep import sweep
from dicttui.cli.train import train
from dicttui.visible import visible

COMMANDS = (
    "open", "train", "presets", "data", "runs", "resume", "replay", "start", "attach", "stop",
    "export", "report", "diagnose", "sweep", "bench",
)  # fmt: skip
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
OWN_OPTIONS = ("--help", "-h", "--version")


class Commands(TyperGroup):
    """The program's commands; its help shows the app's options, and where its files are."""

    def make_context(self, *args: Any, **options: Any) -> Any:
        """Read the program's own options."""
        with _errors_made_visible():
            return super().make_context(*args, **options)

    def invoke(self, ctx: Any) -> Any:
        """Read a command's options, and run it."""
        with _errors_made_visible():
            return super().invoke(ctx)

    def resolve_command(self, *args: Any, **options: Any) -> Any:
        """Find a command; all but the app's first picture is made with garbage collected."""
        found = super().resolve_command(*args, **options)
        if found[0] != "open":
            gc.enable()
        return found

    def format_usage(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the two forms of a call."""
        formatter.write_usage("dicttui", "[OPTIONS] [PRESET]")
        formatter.write_usage("dicttui", "COMMAND [ARGS]...", prefix="       ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the app's options as well."""
        opening = self.commands["open"]
        records = [record for option in opening.params if (record := option.get_help_record(ctx))]
        with formatter.section("The app"):
            formatter.write_dl(records)
        super().format_options(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write where the program's files are."""
        with formatter.section("Files"):
            files = {"settings": config_file(), "experiments": experiments(), "log": log_file()}
            formatter.write_dl([(name, str(path)) for name, path in files.items()])


@contextlib.contextmanager
def _errors_made_visible() -> Iterator[None]:
    """An error of the command line repeats what was given, which a terminal may obey."""
    try:
        yield
    except Exception as error:
        message = getattr(error, "message", None)
        if isinstance(message, str):
            vars(error)["message"] = visible(message)
        raise


def _application() -> typer.Typer:
    application = typer.Typer(
        cls=Commands,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    application.callback()(dicttui)
    application.command("open", hidden=True)(open_app)
    application.command("train")(train)
    application.add_typer(presets, name="presets")
    application.add_typer(data, name="data")
    application.add_typer(runs, name="runs")
    application.command("resume")(resume)
    application.command("replay")(replay)
    application.command("start")(start)
    application.command("attach")(attach)
    application.command("stop")(stop)
    application.command("export")(export)
    application.command("report")(report)
    application.command("diagnose")(diagnose)
    application.command("sweep")(sweep)
    application.command("bench")(bench)
    return application


def _say_version(wanted: bool) -> None:
    if wanted:
        put(f"dicttui {__version__}")
        raise typer.Exit


def dicttui(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version."),
    ] = False,
) -> None:
    """Train dictionary networks, one optimizer beside another, and watch.

    Without a command, opens the app on PRESET: a shipped preset's name, or the path of a file
    (with a / in it, or ending in .toml). Without PRESET: article-sparse.
    """


def rewritten(arguments: Sequence[str]) -> list[str]:
    """The arguments with the command they mean in front."""
    match list(arguments):
        case ["help", *rest]:
            return rewritten([*rest, "--help"])
        case [first, *_] if first in COMMANDS or first in OWN_OPTIONS:
            return list(arguments)
    return ["open", *arguments]


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    if not prepare():
        return BAD_USAGE
    install_hooks()
    given = sys.argv[1:] if arguments is None else arguments
    command = get_command(_application())
    try:
        command.main(args=rewritten(given), prog_name="dicttui")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except OSError as error:
        # The help is written by typer, and to nothing but stdout.
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        return silence(error)
    lost = finish()
    return silence(lost) if lost else status
