"""Facts about the machine, for the system line."""

import time
from collections.abc import Callable

import psutil
import torch

from dicttui.training import devices
from dicttui.training.snapshot import DeviceChoice, System

FRESH_FOR = 1.0
"""Seconds between two looks."""


class SystemFacts:
    """Looks at most once a second.

    Args:
        choices: the devices that there are. To ask for a GPU's name sets CUDA up in this process.

    """

    def __init__(self, choices: Callable[[], tuple[DeviceChoice, ...]] = devices.choices) -> None:
        self._find_choices = choices
        self._process = psutil.Process()
        # The first answer of either is meaningless: it covers no time.
        self._process.cpu_percent()
        psutil.cpu_percent()
        self._looked = float("-inf")
        self._device = torch.device("cpu")
        self._facts: System | None = None
        self._choices: tuple[DeviceChoice, ...] = ()

    def look(self, device: torch.device) -> tuple[System, tuple[DeviceChoice, ...]]:
        """The facts now, with those of the device a run trains on, and the devices there are."""
        now = time.monotonic()
        if self._facts is None or now - self._looked >= FRESH_FOR or device != self._device:
            first = self._facts is None
            self._looked, self._device = now, device
            self._choices = self._find_choices()
            self._facts = self._gather(device, first)
        return self._facts, self._choices

    def _gather(self, device: torch.device, first: bool) -> System:
        load = self._process.cpu_percent()
        used, total, device_load = self._of_device(device)
        return System(
            device=str(device),
            device_memory_used=used,
            device_memory_total=total,
            device_load=device_load,
            process_memory=self._process.memory_info().rss,
            processor_load=None if first else load / 100,
            threads=torch.get_num_threads(),
            torch=torch.__version__,
        )

    @staticmethod
    def _of_device(device: torch.device) -> tuple[int | None, int | None, float | None]:
        if device.type == "cpu":
            memory = psutil.virtual_memory()
            return memory.total - memory.available, memory.total, psutil.cpu_percent() / 100
        if device.type != "cuda":
            return None, None, None
        handle = devices.nvml_handle(device.index or 0)
        if handle is None:
            free, total = torch.cuda.mem_get_info(device)
            return total - free, total, None
        import pynvml

        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        try:
            load = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
        except pynvml.NVMLError:
            load = None
        return int(memory.used), int(memory.total), load
