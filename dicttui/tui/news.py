"""What a person is told at the start: which earlier training was interrupted, and what to do."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicttui.record.reading import Recorded

SIGNALS = {"SIGHUP": "connection lost", "SIGTERM": "ended by SIGTERM", "SIGINT": "ended by SIGINT"}


def interrupted(directory: Path) -> str:
    """What was interrupted among the experiments of a directory, the newest in words; each is told
    of once. Empty: nothing.
    """
    from dicttui.record.error import RecordError
    from dicttui.record.finding import interrupted as found
    from dicttui.record.finding import mark_as_told

    try:
        experiments = found(directory)
        told = _told(experiments) if experiments else ""
    except (RecordError, OSError):
        return ""  # `dicttui runs` says what is wrong with them
    for recorded in experiments:
        mark_as_told(recorded)
    return told


def _told(experiments: "list[Recorded]") -> str:
    newest = experiments[0]
    step = max((run.steps for run in newest.runs()), default=0)
    why = SIGNALS.get(newest.signal, newest.signal and f"ended by {newest.signal}") or "killed"
    told = (
        f"{newest.preset_name} was interrupted at step {step:,} ({why}): dicttui resume {newest.id}"
    )
    more = len(experiments) - 1
    return f"{told}; and {more} more: dicttui runs" if more else told
