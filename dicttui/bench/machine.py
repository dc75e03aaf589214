"""The machine: what it is, and what else it does meanwhile."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import psutil

from dicttui.bench.process import Process


@dataclass(frozen=True, slots=True)
class Machine:
    """What the figures depend on."""

    processor: str
    cores: int
    """Those that this process may use."""
    system: str
    python: str
    torch: str
    textual: str
    dicttui: str


def machine() -> Machine:
    """The one that this runs on."""
    from dicttui import __version__

    return Machine(
        processor=_processor(),
        cores=cores(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        torch=metadata.version("torch"),
        textual=metadata.version("textual"),
        dicttui=__version__,
    )


def cores() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _processor() -> str:
    """The processor's name, as far as the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (named or [platform.processor() or platform.machine()])[0]


@dataclass(slots=True)
class Others:
    """Processor time that others on this machine took while something was measured."""

    _seconds: float = 0.0
    _taken: float = 0.0
    _own: psutil.Process = field(default_factory=psutil.Process)

    @property
    def cores(self) -> float:
        """How many cores they kept busy."""
        return max(0.0, self._taken / self._seconds) if self._seconds else 0.0

    @contextmanager
    def counted(self, process: Process) -> Iterator[None]:
        """While this lasts, whatever is neither this process nor ourselves is counted."""
        before = self._look(process)
        yield
        seconds, taken = (b - a for a, b in zip(before, self._look(process), strict=True))
        self._seconds += seconds
        self._taken += taken

    def _look(self, process: Process) -> tuple[float, float]:
        """Seconds since some time: of a clock, and that others have computed."""
        every = psutil.cpu_times(percpu=True)
        times = psutil.cpu_times()
        own = self._own.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # `guest` is a part of `user`.
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        whole = sum(times) - guests
        busy = whole - idle - own.user - own.system - process.processor_seconds()
        return whole / len(every), busy
