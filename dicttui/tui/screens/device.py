"""Asking for a device."""

from collections.abc import Iterable

from textual.widget import Widget

from dicttui.training.interventions import MoveToDevice
from dicttui.training.snapshot import DeviceChoice, RunSnapshot
from dicttui.tui.numbers import memory
from dicttui.tui.screens.dialog import Dialog
from dicttui.tui.widgets.choices import ChoiceLine, ChoiceList


class DeviceDialog(Dialog[MoveToDevice]):
    """The devices that are there, with their free memory."""

    heading = "Device"

    def __init__(self, run: RunSnapshot, devices: tuple[DeviceChoice, ...]) -> None:
        super().__init__()
        self._run_name = run.name
        self._here = run.device
        self._devices = devices
        self.body = f"{run.name} now: {run.device}"

    def fields(self) -> Iterable[Widget]:
        """A line a device; this run or all."""
        lines = [
            (
                device.label or device.name,
                "" if device.free is None else f"{memory(device.free)} free",
            )
            for device in self._devices
        ]
        names = [device.name for device in self._devices]
        at = names.index(self._here) if self._here in names else 0
        self._list = ChoiceList(lines, glyphs=self.glyphs, at=at)
        self._list.styles.height = len(lines)
        self._list.styles.margin = (0, 0, 1, 0)
        self._runs = ChoiceLine("runs", (self._run_name, "all"), glyphs=self.glyphs)
        yield self._list
        yield self._runs

    def on_choice_list_taken(self, message: ChoiceList.Taken) -> None:
        """Answer."""
        run = None if self._runs.at else self._run_name
        self.finish(MoveToDevice(self._devices[message.place].name, run))

    def on_choice_line_done(self) -> None:
        """Enter on the runs answers too."""
        self._list.action_take()
