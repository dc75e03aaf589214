"""What each key does. Every name of the key table is a method here.

Controls submit interventions or change the app's own state; nothing here touches the training.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from dicttui.training.interventions import (
    Advance,
    Continue,
    Intervention,
    Pause,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
)
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import ENDED, ChartSettings, is_training
from dicttui.tui.keys import BY_NAME
from dicttui.tui.pace import faster, slower

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp

READ_ONLY = "read only: this screen may look at the training, not change it"


class Controls:
    """The actions of one app."""

    def __init__(self, app: "DicttuiApp") -> None:
        self.app = app

    def press(self, name: str, key: str = "") -> None:
        """Do what the key table says under this name; `key` is the key that was pressed."""
        entry = BY_NAME[name]
        if entry.control and self.app.showing.readonly:
            self.app.say(READ_ONLY)
        elif entry.control and self.app.latest().state != "ready":
            self.app.say("not yet: the training is still being built")
        elif name == "select":
            self.select(int(key))
        else:
            getattr(self, name)()

    # Training

    def pause_all(self) -> None:
        """Pause if any run trains, resume otherwise."""
        self._submit(Pause() if is_training(self.app.latest()) else Resume())

    def pause_run(self) -> None:
        """Pause or resume the selected run."""
        if run := self._run():
            self._submit(Pause(run.name) if run.state == "running" else Resume(run.name))

    def one_step(self) -> None:
        """One step of every run."""
        self._submit(Advance(1))

    def steps(self) -> None:
        """Ask for a number of steps."""
        from dicttui.tui.screens.steps import StepsDialog

        if run := self._run():
            self.app.ask(StepsDialog(run), self._submit)

    def go_on(self) -> None:
        """Go on past the end."""
        self._submit(Continue())

    def slower(self) -> None:
        """One pace down."""
        snapshot = self.app.latest()
        self._submit(SetPace(slower(snapshot.pace, _measured(snapshot))))

    def faster(self) -> None:
        """One pace up."""
        pace = self.app.latest().pace
        if pace is None:
            self.app.say("it already goes as fast as it can")
        else:
            self._submit(SetPace(faster(pace)))

    def restart(self) -> None:
        """Back to the start, once confirmed."""
        self._confirm(
            "Back to the start?",
            "Step 0, the initial weights and the preset's learning rate. What was trained is lost.",
            Restart,
        )

    def stop(self) -> None:
        """Stop for good, once confirmed."""
        self._confirm("Stop for good?", "A stopped run makes no further step.", Stop)

    # Learning rate and device

    def double_rate(self) -> None:
        """Twice the learning rate."""
        self._scale_rate(2.0)

    def halve_rate(self) -> None:
        """Half the learning rate."""
        self._scale_rate(0.5)

    def learning_rate(self) -> None:
        """Ask for a learning rate."""
        from dicttui.tui.screens.learning_rate import LearningRateDialog

        if (run := self._run()) and self._has_rate(run):
            self.app.ask(LearningRateDialog(run), self._submit)

    def device(self) -> None:
        """Ask for a device."""
        from dicttui.tui.screens.device import DeviceDialog

        devices = self.app.latest().devices
        if not devices:
            self.app.say("no devices are known yet")
        elif run := self._run():
            self.app.ask(DeviceDialog(run, devices), self._submit)

    def reset_optimizer(self) -> None:
        """Forget the moments of the selected run's optimizer."""
        if run := self._run():
            self._submit(ResetOptimizer(run.name))

    # Runs

    def select(self, number: int) -> None:
        """Select a run, counted from 1."""
        if number <= len(self.app.snapshot.runs):
            self.app.show_display(replace(self.app.showing, selected=number - 1))

    def next_run(self) -> None:
        """Select the next run."""
        self._step_selection(1)

    def previous_run(self) -> None:
        """Select the previous run."""
        self._step_selection(-1)

    def enlarge(self) -> None:
        """Enlarge the selected card, or show all again."""
        display = self.app.showing
        self.app.show_display(replace(display, enlarged=not display.enlarged))

    # Chart

    def y_axis(self) -> None:
        """Logarithmic or linear y."""
        chart = self.app.showing.chart
        self._chart(replace(chart, log_y=not chart.log_y))

    def x_axis(self) -> None:
        """Logarithmic or linear x."""
        chart = self.app.showing.chart
        self._chart(replace(chart, log_x=not chart.log_x))

    def x_unit(self) -> None:
        """Steps or seconds."""
        chart = self.app.showing.chart
        self._chart(replace(chart, seconds=not chart.seconds))

    def smoothing(self) -> None:
        """The next smoothing."""
        self._chart(self.app.showing.chart.next_smoothing())

    def samples(self) -> None:
        """Train, held-out or both."""
        self._chart(self.app.showing.chart.next_samples())

    def metric(self) -> None:
        """Ask what the chart shows."""
        from dicttui.tui.screens.metric import MetricDialog

        snapshot, chart = self.app.snapshot, self.app.showing.chart
        self.app.ask(
            MetricDialog(snapshot, chart.metric),
            lambda metric: self._chart(replace(self.app.showing.chart, metric=metric)),
        )

    def freeze(self) -> None:
        """Freeze or unfreeze the display."""
        display = replace(self.app.showing, frozen=not self.app.showing.frozen)
        self.app.show_display(display)
        self.app.say("display frozen; training goes on" if display.frozen else "display live again")

    # Screens

    def rows(self) -> None:
        """The rows of the selected run."""
        self.app.open("rows")

    def events(self) -> None:
        """What was asked for."""
        self.app.open("events")

    def help(self) -> None:
        """The key table, on a screen."""
        self.app.open("help")

    def theme(self) -> None:
        """The next theme."""
        self.app.next_theme()

    def palette(self) -> None:
        """Textual's command palette."""
        self.app.action_command_palette()

    # The app

    def back(self) -> None:
        """One layer out."""
        self.app.back()

    def quit(self, status: int = 0) -> None:
        """Quit with an exit status; ask first if a training would be lost."""
        unfinished = [run for run in self.app.latest().runs if run.state not in ENDED]
        if not unfinished:
            self.app.leave(status)
            return
        from dicttui.tui.screens.confirm import ConfirmDialog

        names = ", ".join(run.name for run in unfinished[:4])
        more = f" and {len(unfinished) - 4} more" if len(unfinished) > 4 else ""
        dialog = ConfirmDialog(
            "Quit?",
            f"{names}{more} not finished; what was trained is lost.",
            (("quit", True), ("stay", False)),
        )
        self.app.push_screen(
            dialog, lambda leave: self.app.leave(status) if leave else self.app.stay()
        )

    def interrupt(self) -> None:
        """Quit; the second time without asking."""
        self.app.interrupt()

    def _chart(self, chart: ChartSettings) -> None:
        self.app.show_display(replace(self.app.showing, chart=chart))

    def _step_selection(self, by: int) -> None:
        count = len(self.app.snapshot.runs)
        if count:
            selected = (self.app.showing.selected + by) % count
            self.app.show_display(replace(self.app.showing, selected=selected))

    def _scale_rate(self, factor: float) -> None:
        if (run := self._run()) and self._has_rate(run):
            self._submit(SetLearningRate(run.name, factor=factor))

    def _has_rate(self, run: RunSnapshot) -> bool:
        if run.lr is None and run.base_lr is None:
            self.app.say(f"{run.name} has no learning rate")
            return False
        return True

    def _confirm(self, title: str, body: str, kind: type[Restart] | type[Stop]) -> None:
        from dicttui.tui.screens.confirm import ConfirmDialog

        run = self._run()
        if run is None:
            return
        choices: list[tuple[str, Restart | Stop | None]] = [(f"{run.name} only", kind(run.name))]
        if len(self.app.snapshot.runs) > 1:
            choices.append(("all runs", kind()))
        choices.append(("leave it as it is", None))
        self.app.ask(
            ConfirmDialog(title, body, tuple(choices)),
            lambda choice: self._submit(choice) if choice is not None else None,
        )

    def _run(self) -> RunSnapshot | None:
        return self.app.showing.run(self.app.latest())

    def _submit(self, intervention: Intervention) -> None:
        self.app.submit(intervention)


def _measured(snapshot: Snapshot) -> float | None:
    """The fastest run's steps/s."""
    return max((run.steps_per_second or 0.0 for run in snapshot.runs), default=0.0) or None
