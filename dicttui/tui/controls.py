"""What each key does. Every name of the key table is a method here.

Controls submit interventions or change the app's own state; nothing here touches the training.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from dicttui.preset.values import MOST_RUNS
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
    Undo,
)
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.display import ChartSettings, CloseupSettings, is_training
from dicttui.tui.keys import BY_NAME
from dicttui.tui.pace import faster, slower
from dicttui.tui.playing import A_RECORDING, PLAYED, SCRUBBED

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
        if name == "scrub" or (entry.control and self.app.player is not None):
            self._play(name, key)
        elif entry.control and (why := self.refused()):
            self.app.say(why)
        elif name == "select":
            self.select(int(key))
        else:
            getattr(self, name)()

    def refused(self) -> str:
        """Why nothing can be changed now; empty: it can."""
        latest, showing = self.app.latest(), self.app.showing
        if self.app.player is not None:
            return A_RECORDING
        if showing.readonly:
            return READ_ONLY
        if showing.holder:
            return f"{showing.holder} has the controls; this screen watches"
        if latest.state == "closed":
            return latest.detail or "the training is over"
        return "" if latest.state == "ready" else "not yet: the training is still being built"

    def _play(self, name: str, key: str) -> None:
        """What a key of the training, or an arrow, does to a recording."""
        player = self.app.player
        if player is None:
            return
        if name == "scrub":
            player.scrub(SCRUBBED.get(key, 1))
        elif name in PLAYED:
            PLAYED[name](player)
        else:
            self.app.say(A_RECORDING)
            return
        self.app.look_now()

    def scrub(self) -> None:
        """A picture on; which key it was `press` knows."""
        self._play("scrub", "right")

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
        """The selected run back to the start; it can be taken back."""
        if run := self._run():
            self._submit(Restart(run.name))

    def stop(self) -> None:
        """Stop the selected run for good; it can be taken back."""
        if run := self._run():
            self._submit(Stop(run.name))

    def undo(self) -> None:
        """Take back the last change; whether there is one the trainer knows best."""
        if run := self._run():
            self._submit(Undo(run.name))

    def keep(self) -> None:
        """Ask for a note beside the checkpoint."""
        from dicttui.tui.screens.note import NoteDialog

        if self.app.latest().recording is None:
            self.app.say("nothing is recorded here, so no checkpoint can be kept")
        else:
            self.app.ask(NoteDialog(), self._submit)

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

    def fork(self) -> None:
        """Ask what is to be different in a fork of the selected run."""
        from dicttui.tui.screens.fork import ForkDialog

        runs = len(self.app.latest().runs)
        if runs >= MOST_RUNS:
            self.app.say(f"there are {runs} runs already, and there may be no more")
        elif run := self._run():
            self.app.ask(ForkDialog(run, runs), self._submit)

    def select(self, number: int) -> None:
        """Select a run, counted from 1."""
        runs = self.app.snapshot.runs
        if number <= len(runs):
            self.app.select(runs[number - 1].name)

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
        if chart.scatter:
            self._chart(replace(chart, log_l0=not chart.log_l0))
        else:
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
        self.app.layers.open("rows")

    def dead(self) -> None:
        """How often atoms fire."""
        self.app.layers.open("dead")

    def atoms(self) -> None:
        """The atoms as pictures."""
        self.app.layers.open("atoms")

    def next_order(self) -> None:
        """Atoms in the next order."""
        self.other_order(1)

    def other_order(self, by: int) -> None:
        """Atoms in an order further on."""
        self._closeup(self.app.showing.closeup.other_order(by))

    def one_scale(self) -> None:
        """One scale of colours for all atoms, or one for each."""
        closeup = self.app.showing.closeup
        self._closeup(replace(closeup, one_scale=not closeup.one_scale))

    def sample(self) -> None:
        """One sample and its code."""
        self.app.layers.open("sample")

    def why(self) -> None:
        """Why the selected run does not converge."""
        self.app.layers.open("why")

    def remedy(self) -> None:
        """Ask before the remedy of the chosen finding is applied."""
        from dicttui.tui.remedying import ask

        ask(self.app)

    def next_sample(self) -> None:
        """The next sample."""
        self._step_sample(1)

    def previous_sample(self) -> None:
        """The sample before."""
        self._step_sample(-1)

    def tenth_sample(self) -> None:
        """Ten samples on."""
        self._step_sample(10)

    def tenth_sample_back(self) -> None:
        """Ten samples back."""
        self._step_sample(-10)

    def events(self) -> None:
        """What was asked for."""
        self.app.layers.open("events")

    def help(self) -> None:
        """The key table, on a screen."""
        self.app.layers.open("help")

    def save(self) -> None:
        """The screen as SVG, and the report."""
        from dicttui.tui.saving import save

        save(self.app)

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
        """Quit with an exit status; ask first if a training would end."""
        from dicttui.tui.quitting import quit_app

        quit_app(self.app, status)

    def interrupt(self) -> None:
        """Quit; the second time without asking."""
        self.app.interrupt()

    def _chart(self, chart: ChartSettings) -> None:
        self.app.show_display(replace(self.app.showing, chart=chart))

    def _closeup(self, closeup: CloseupSettings) -> None:
        self.app.show_display(replace(self.app.showing, closeup=closeup))

    def _step_sample(self, by: int) -> None:
        """To another sample, round and round where it is known how many there are."""
        closeup = self.app.showing.closeup
        counts = [one.count for run in self.app.snapshot.runs for one in run.samples if one.count]
        sample = closeup.sample + by
        self._closeup(replace(closeup, sample=sample % min(counts) if counts else max(0, sample)))

    def _step_selection(self, by: int) -> None:
        runs = self.app.snapshot.runs
        if runs:
            place = (self.app.showing.place(self.app.snapshot) + by) % len(runs)
            self.app.select(runs[place].name)

    def _scale_rate(self, factor: float) -> None:
        if (run := self._run()) and self._has_rate(run):
            self._submit(SetLearningRate(run.name, factor=factor))

    def _has_rate(self, run: RunSnapshot) -> bool:
        if run.lr is None and run.base_lr is None:
            self.app.say(f"{run.name} has no learning rate")
            return False
        return True

    def _run(self) -> RunSnapshot | None:
        """The run that is marked on the screen, as it is now."""
        marked = self.app.showing.run(self.app.snapshot)
        if marked is None:
            return self.app.showing.run(self.app.latest())
        now = next((run for run in self.app.latest().runs if run.name == marked.name), None)
        if now is None:
            self.app.say(f"{marked.name} is no longer there")
        return now

    def _submit(self, intervention: Intervention) -> None:
        self.app.submit(intervention)


def _measured(snapshot: Snapshot) -> float | None:
    """The fastest run's steps/s."""
    return max((run.steps_per_second or 0.0 for run in snapshot.runs), default=0.0) or None
