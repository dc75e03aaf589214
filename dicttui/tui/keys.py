"""Every key once: bindings, footer, help screen and command palette are made from this table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from dicttui.preset.values import MOST_RUNS
from dicttui.training.snapshot import Snapshot
from dicttui.tui.display import ENDED, Display, is_training
from dicttui.tui.playing import PLAYED

Where = Literal["everywhere", "main", "tables", "replay", "atoms", "sample", "why"]
Group = Literal["Training", "Learning rate and device", "Runs", "Chart", "Screens", "The app"]
Label = Callable[[Snapshot, Display], str]
Use = Callable[[Snapshot, Display], bool]


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table."""

    keys: tuple[str, ...]
    """As Textual names them, or the character itself."""
    name: str
    """What it does: a method of `Controls`; empty where the focused table answers by itself."""
    group: Group
    help: str
    """One line for the help screen and the command palette."""
    label: Label
    """Its present meaning, short enough for the footer."""
    where: Where = "everywhere"
    also: tuple[Where, ...] = ()
    """Other screens on which it works."""
    control: bool = False
    """Whether it changes the training, so that `--readonly` refuses it."""
    shown: str = ""
    """How the keys are written, where that is not the first key."""
    footer: int = 0
    """The footer drops the highest first; 0: never in the footer."""
    use: Use | None = None
    """Whether it can do anything now; None: always."""

    @property
    def written(self) -> str:
        """How the key is written on the screen."""
        return self.shown or self.keys[0]


def _always(text: str) -> Label:
    return lambda _snapshot, _display: text


def _some_may_train(snapshot: Snapshot, _display: Display) -> bool:
    return any(run.state not in ENDED for run in snapshot.runs)


def _this_may_train(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    return run is not None and run.state not in ENDED


def _some_can_go_on(snapshot: Snapshot, display: Display) -> bool:
    return _all_have_finished(snapshot) or _some_may_train(snapshot, display)


def _all_have_finished(snapshot: Snapshot) -> bool:
    """Nothing trains until a person continues."""
    states = {run.state for run in snapshot.runs}
    return "finished" in states and states <= ENDED


def _may_be_faster(snapshot: Snapshot, display: Display) -> bool:
    return snapshot.pace is not None and _some_may_train(snapshot, display)


def _has_rate(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    return (
        run is not None
        and run.lr is not None
        and not _catching_up(snapshot)
        and run.state not in ("stopped", "diverged", "failed")
    )


def _can_move(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    return (
        run is not None
        and run.state != "failed"
        and not _catching_up(snapshot)
        and any(device.name != run.device for device in snapshot.devices)
    )


def _has_curves(_snapshot: Snapshot, display: Display) -> bool:
    return not display.chart.scatter


def _has_held_out(snapshot: Snapshot, display: Display) -> bool:
    return _has_curves(snapshot, display) and any(
        name.startswith("held_out_") for run in snapshot.runs for name in run.series
    )


def _has_rows(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    if run is None or run.norms is None:
        return False
    # A recording has them where somebody looked at them then.
    return snapshot.playback is None or bool(run.rows or run.pages)


def _has_norms(snapshot: Snapshot, _display: Display) -> bool:
    return any(run.norms is not None for run in snapshot.runs)


def _has_pictures(snapshot: Snapshot, _display: Display) -> bool:
    return bool(snapshot.picture and snapshot.runs) and snapshot.playback is None


def _has_samples(snapshot: Snapshot, _display: Display) -> bool:
    return bool(snapshot.runs) and snapshot.playback is None


def _is_examined(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    return run is not None and run.diagnosis is not None


def _catching_up(snapshot: Snapshot) -> bool:
    """Whether changes are made again, during which no other is accepted."""
    return any(run.catching_up is not None for run in snapshot.runs)


def _has_something_to_take_back(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    return run is not None and bool(run.undoable) and not _catching_up(snapshot)


def _can_be_forked(snapshot: Snapshot, display: Display) -> bool:
    run = display.run(snapshot)
    room = len(snapshot.runs) < MOST_RUNS and not _catching_up(snapshot)
    return run is not None and run.state != "failed" and room


def _is_recorded(snapshot: Snapshot, _display: Display) -> bool:
    return snapshot.recording is not None


def _several_runs(snapshot: Snapshot, _display: Display) -> bool:
    return len(snapshot.runs) > 1


def _pause_all(snapshot: Snapshot, _display: Display) -> str:
    if snapshot.playback is not None:
        return "pause" if snapshot.playback.playing else "play"
    return "pause" if is_training(snapshot) else "resume"


def _pause_one(snapshot: Snapshot, display: Display) -> str:
    run = display.run(snapshot)
    return "pause run" if run is None or run.state == "running" else "resume run"


def _undo(snapshot: Snapshot, display: Display) -> str:
    run = display.run(snapshot)
    if run is None or not run.undoable:
        return "nothing to take back"
    return f"undo {run.undo_label}"


def _continue(snapshot: Snapshot, _display: Display) -> str:
    return "continue" if _all_have_finished(snapshot) else "more steps"


def _enlarge(_snapshot: Snapshot, display: Display) -> str:
    return "all cards" if display.enlarged else "enlarge"


def _freeze(_snapshot: Snapshot, display: Display) -> str:
    return "unfreeze" if display.frozen else "freeze"


def _y_axis(_snapshot: Snapshot, display: Display) -> str:
    return "linear" if display.chart.log_y else "log"


def _x_axis(_snapshot: Snapshot, display: Display) -> str:
    chart = display.chart
    return "x linear" if (chart.log_l0 if chart.scatter else chart.log_x) else "x log"


def _x_unit(_snapshot: Snapshot, display: Display) -> str:
    return "steps" if display.chart.seconds else "seconds"


def _smoothing(_snapshot: Snapshot, display: Display) -> str:
    return f"smooth {display.chart.next_smoothing().smoothing}"


def _samples(_snapshot: Snapshot, display: Display) -> str:
    return display.chart.next_samples().samples


def _atom_order(_snapshot: Snapshot, display: Display) -> str:
    return f"by {display.closeup.other_order(1).order}"


def _atom_scale(_snapshot: Snapshot, display: Display) -> str:
    return "own scales" if display.closeup.one_scale else "one scale"


CLOSEUPS: tuple[Where, ...] = ("atoms", "sample", "why")
"""Screens of what a person looks at closely."""

KEYS: tuple[Key, ...] = (
    Key(("space",), "pause_all", "Training", "Pause all; resume all that were not stopped",
        _pause_all, control=True, footer=1, use=_some_may_train),
    Key(("p",), "pause_run", "Training", "Pause or resume the selected run",
        _pause_one, control=True, footer=9, use=_this_may_train),
    Key((".",), "one_step", "Training", "One step of every run, then pause",
        _always("step"), control=True, footer=6, use=_some_may_train),
    Key(("n",), "steps", "Training", "Some steps, then pause",
        _always("some steps"), control=True, footer=11, use=_some_may_train),
    Key(("c",), "go_on", "Training", "Go on past the end, as many steps again",
        _continue, control=True, footer=12, use=_some_can_go_on),
    Key(("<",), "slower", "Training", "Fewer steps per second",
        _always("slower"), control=True, footer=13, use=_some_may_train),
    Key((">",), "faster", "Training", "More steps per second, up to full speed",
        _always("faster"), control=True, footer=14, use=_may_be_faster),
    Key(("b",), "restart", "Training", "Back to step 0 with the selected run",
        _always("restart"), control=True, footer=19),
    Key(("x",), "stop", "Training", "Stop the selected run for good",
        _always("stop"), control=True, footer=20, use=_this_may_train),
    Key(("u",), "undo", "Training", "Take back the selected run's last change",
        _undo, control=True, footer=6, use=_has_something_to_take_back),
    Key(("k",), "keep", "Training", "Keep a checkpoint of this moment, with a note",
        _always("checkpoint"), control=True, footer=18, use=_is_recorded),
    Key(("+", "="), "double_rate", "Learning rate and device",
        "Double the selected run's learning rate",
        _always("lr ×2"), control=True, shown="+", footer=4, use=_has_rate),
    Key(("-",), "halve_rate", "Learning rate and device",
        "Halve the selected run's learning rate",
        _always("lr ÷2"), control=True, footer=5, use=_has_rate),
    Key(("l",), "learning_rate", "Learning rate and device",
        "Set learning rates: of which runs and groups",
        _always("set lr"), control=True, footer=7, use=_has_rate),
    Key(("d",), "device", "Learning rate and device", "Move this run or all to another device",
        _always("device"), control=True, footer=10, use=_can_move),
    Key(("o",), "reset_optimizer", "Learning rate and device",
        "Forget the optimizer's moments",
        _always("reset opt."), control=True, footer=21, use=_has_rate),
    Key(("f",), "fork", "Runs", "Fork the selected run, and change something",
        _always("fork"), control=True, footer=9, use=_can_be_forked),
    Key(tuple("123456789"), "select", "Runs", "Select a run by its number",
        _always("select"), where="main", also=CLOSEUPS, shown="1-9"),
    Key(("tab",), "next_run", "Runs", "Select the next run",
        _always("next run"), where="main", also=CLOSEUPS, footer=15, use=_several_runs),
    Key(("shift+tab",), "previous_run", "Runs", "Select the previous run",
        _always("previous run"), where="main", also=CLOSEUPS),
    Key(("enter",), "enlarge", "Runs", "Enlarge the selected card, and back",
        _enlarge, where="main", footer=16),
    Key(("y",), "y_axis", "Chart", "y axis: logarithmic or linear",
        _y_axis, where="main", footer=17),
    Key(("g",), "x_axis", "Chart", "x axis: logarithmic or linear",
        _x_axis, where="main", footer=22),
    Key(("t",), "x_unit", "Chart", "x axis: steps or seconds of training",
        _x_unit, where="main", footer=23, use=_has_curves),
    Key(("m",), "smoothing", "Chart", "Smoothing: off, light, strong",
        _smoothing, where="main", footer=24, use=_has_curves),
    Key(("h",), "samples", "Chart", "Train samples, held-out, or both",
        _samples, where="main", footer=25, use=_has_held_out),
    Key(("j",), "metric", "Chart", "What the chart shows: loss, mse, …",
        _always("chart"), where="main", footer=18),
    Key(("v",), "freeze", "Chart", "Freeze the display; training goes on",
        _freeze, footer=26),
    Key(("r",), "rows", "Screens", "Every row of the selected run's dictionary",
        _always("rows"), footer=8, use=_has_rows),
    Key(("z",), "dead", "Screens", "How often atoms fire, and which are dead",
        _always("dead atoms"), footer=9, use=_has_norms),
    Key(("e",), "events", "Screens", "What was asked for, and what became of it",
        _always("events"), footer=8),
    Key(("a",), "atoms", "Screens", "The atoms as pictures, live, run beside run",
        _always("atoms"), footer=8, use=_has_pictures),
    Key(("i",), "sample", "Screens", "One sample, its reconstruction, the atoms used",
        _always("sample"), footer=24, use=_has_samples),
    Key(("w",), "why", "Screens", "Why it does not converge, and what mends it",
        _always("why?"), footer=7, use=_is_examined),
    Key(("enter",), "remedy", "Screens", "Apply the finding's remedy; asks first",
        _always("remedy"), where="why", footer=1, use=_is_examined),
    Key(("O",), "next_order", "Screens", "Atoms by use, norm, age (steps silent), index",
        _atom_order, where="atoms", footer=4, use=_has_pictures),
    Key(("A",), "one_scale", "Screens", "All atoms on one scale of colours, or each on its own",
        _atom_scale, where="atoms", footer=4, use=_has_pictures),
    Key(("]",), "next_sample", "Screens", "The next sample",
        _always("next sample"), where="sample", footer=4, use=_has_samples),
    Key(("[",), "previous_sample", "Screens", "The sample before",
        _always("previous"), where="sample", footer=4, use=_has_samples),
    Key(("}",), "tenth_sample", "Screens", "Ten samples on",
        _always("10 on"), where="sample", footer=22),
    Key(("{",), "tenth_sample_back", "Screens", "Ten samples back",
        _always("10 back"), where="sample"),
    Key(("s",), "save", "Screens", "Save this screen as SVG, and the report",
        _always("save"), footer=26),
    Key(("T",), "theme", "Screens", "The next theme",
        _always("theme"), footer=27),
    Key(("ctrl+p",), "palette", "Screens", "Search everything the app can do",
        _always("palette"), shown="ctrl+p", footer=28),
    Key(("?",), "help", "The app", "This list",
        _always("help"), footer=2),
    Key(("escape",), "back", "The app", "One layer out",
        _always("back"), shown="esc"),
    Key(("q",), "quit", "The app", "Quit; asks first if a training would end",
        _always("quit"), footer=3),
    Key(("ctrl+c",), "interrupt", "The app", "The same; a second time leaves at once",
        _always("quit"), shown="ctrl+c"),
    Key(("left", "right", "shift+left", "shift+right", "home", "end"), "scrub", "The app",
        "Recording: back and on; with shift by ten",
        _always("scrub"), where="replay", shown="left right", footer=2),
    Key(("up", "down", "pageup", "pagedown"), "", "The app",
        "Move in a table; left, right: sort by another column",
        _always("move"), where="tables", also=CLOSEUPS, shown="arrows"),
    Key(("/",), "", "The app", "Search in a table",
        _always("search"), where="tables"),
)  # fmt: skip

BY_NAME = {key.name: key for key in KEYS if key.name}


def groups() -> Iterator[tuple[Group, list[Key]]]:
    """The table by group, in the table's order."""
    for group in dict.fromkeys(key.group for key in KEYS):
        yield group, [key for key in KEYS if key.group == group]


def is_there(key: Key, snapshot: Snapshot) -> bool:
    """Whether a key has anything to do with this: a training, or a recording of one."""
    if snapshot.playback is None:
        return key.where != "replay"
    return not key.control or _plays(key, snapshot)


def _plays(key: Key, snapshot: Snapshot) -> bool:
    """Whether it is a key of the training that plays a recording."""
    return snapshot.playback is not None and key.name in PLAYED


def works_on(key: Key, screen: str) -> bool:
    """Whether a key works on a screen of this kind."""
    return key.where in ("everywhere", screen) or screen in key.also


def footer_keys(
    on_main: bool, snapshot: Snapshot, display: Display, here: Where = "everywhere"
) -> list[Key]:
    """What the footer may show, in the table's order: only keys that can do something now; on
    another screen than the main one those that work everywhere, and those of that screen.
    """
    offered = [
        key
        for key in KEYS
        if key.footer
        and (key.where not in CLOSEUPS if on_main else works_on(key, here))
        and is_there(key, snapshot)
        and not (key.control and display.only_looks and snapshot.playback is None)
        and (key.use is None or key.use(snapshot, display) or _plays(key, snapshot))
    ]
    if snapshot.playback is not None:
        return [replace(key, footer=1) if key.name in PLAYED else key for key in offered]
    if not _all_have_finished(snapshot):
        return offered
    return [replace(key, footer=1) if key.name == "go_on" else key for key in offered]


def fitting(keys: list[Key], labels: list[str], width: int) -> list[int]:
    """The places of the keys that fit `width` columns, two columns apart, most needed first."""
    room = width
    kept: list[int] = []
    for place in sorted(range(len(keys)), key=lambda place: keys[place].footer):
        needed = len(keys[place].written) + 1 + len(labels[place]) + (2 if kept else 0)
        if needed <= room:
            kept.append(place)
            room -= needed
    return sorted(kept)
