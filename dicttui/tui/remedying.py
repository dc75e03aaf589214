"""Applying a finding's remedy: what can be done with it, and what a person is told first."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dicttui.preset.values import MOST_RUNS
from dicttui.training.finding import Finding, Remedy
from dicttui.training.interventions import Fork, ResetOptimizer, SetLearningRate
from dicttui.training.snapshot import RunSnapshot, Snapshot
from dicttui.tui.numbers import count, learning_rate, memory
from dicttui.tui.screens.remedy import Offer, RemedyDialog

if TYPE_CHECKING:
    from dicttui.tui.app import DicttuiApp


@dataclass(frozen=True, slots=True)
class SavePreset:
    """Write the preset with the remedy in it."""

    run: RunSnapshot
    finding: Finding
    remedy: Remedy


Applied = Fork | SetLearningRate | ResetOptimizer | SavePreset
"""What can be done with a remedy."""


def ask(app: "DicttuiApp") -> None:
    """Ask what is to be done with the remedy of the finding that the screen shows, and do it."""
    from dicttui.tui.screens.why import WhyScreen

    screen = app.screen
    run = app.showing.run(app.snapshot)
    finding = screen.chosen() if isinstance(screen, WhyScreen) else None
    if run is None or finding is None:
        app.say("nothing has been found yet, so there is nothing to remedy")
    elif finding.remedy is None:
        app.say("there is no remedy for this")
    else:
        app.ask(dialog(app, run, finding, finding.remedy), lambda answer: _do(app, answer))


def dialog(
    app: "DicttuiApp", run: RunSnapshot, finding: Finding, remedy: Remedy
) -> RemedyDialog[Applied]:
    """Says what the remedy is, what can be done with it, and why all else cannot."""
    why_not = app.controls.refused() or _impossible(run, app.latest(), remedy)
    offers = [] if why_not else _changes(run, finding, remedy)
    if remedy.settings and (remedy.of_all_runs or not run.parent):
        offers.append(_saving(run, finding, remedy))
    body = "\n".join([_sentence(remedy.text), *map(str, remedy.settings)])
    if why_not:
        body += f"\n\n{_sentence(why_not)}"
    return RemedyDialog(f"A remedy for {run.name}", body, offers)


def _impossible(run: RunSnapshot, snapshot: Snapshot, remedy: Remedy) -> str:
    """Why no run can be made or changed with this remedy; empty: one can."""
    if remedy.of_all_runs:
        return "All runs share this, so that no single one of them can have it."
    if not remedy.settings and not remedy.resets_optimizer:
        return "No setting says this, so that it cannot be done from here."
    if run.catching_up is not None:
        return f"{run.name} is catching up with its recording; ask again when it has."
    if run.state == "failed":
        return f"{run.name} has failed, and a failed run cannot be forked."
    if remedy.settings and len(snapshot.runs) >= MOST_RUNS:
        return f"There are {len(snapshot.runs)} runs already, and there may be no more."
    return ""


def _changes(run: RunSnapshot, finding: Finding, remedy: Remedy) -> list[Offer[Applied]]:
    """What can be done to the training."""
    if not remedy.settings:
        return [_reset(run)]
    offers = [_fork(run, finding, remedy)]
    rate = _rate(remedy)
    if rate is not None and run.lr is not None and run.state not in ("diverged", "stopped"):
        offers.append(_set_rate(run, rate))
    return offers


def _fork(run: RunSnapshot, finding: Finding, remedy: Remedy) -> Offer[Applied]:
    anew = remedy.begins == "step_0"
    takes = f" It takes {memory(run.fork_bytes)}." if run.fork_bytes else ""
    tried = f" It was tried: {_ended(finding.effect.sentence)}" if finding.effect else ""
    if anew:
        begins, where = "from step 0, with the same batches", "from step 0"
    elif run.state == "diverged" or remedy.begins == "last_finite":
        begins = where = f"from {run.name}'s last finite state"
    else:
        where = f"from step {count(run.step)}"
        begins = f"{where} on, with the same weights, optimizer state and batches"
    return Offer(
        f"open the tested fork, {where}" if finding.effect else f"a new run beside it, {where}",
        f"A new run beside {run.name}, {begins}, and with this remedy. {run.name} goes on as it "
        f"is.{takes}{tried}",
        Fork(run.name, settings=remedy.settings, begins="step_0" if anew else "now"),
    )


def _set_rate(run: RunSnapshot, rate: float) -> Offer[Applied]:
    now = learning_rate(run.base_lr if run.base_lr is not None else run.lr)
    return Offer(
        f"this run: lr {now} → {learning_rate(rate)}",
        f"{run.name} itself goes on with lr {learning_rate(rate)} in place of {now}; `u` takes it "
        "back.",
        SetLearningRate(run.name, lr=rate),
    )


def _reset(run: RunSnapshot) -> Offer[Applied]:
    return Offer(
        "this run: forget the optimizer's moments",
        f"The optimizer of {run.name} forgets its moments, and the run goes on; `u` takes it back.",
        ResetOptimizer(run.name),
    )


def _rate(remedy: Remedy) -> float | None:
    """The learning rate, where that is all that is different, from now on."""
    if remedy.begins != "now" or [setting.key for setting in remedy.settings] != ["lr"]:
        return None
    try:
        return float(remedy.settings[0].value)
    except ValueError:
        return None


def _saving(run: RunSnapshot, finding: Finding, remedy: Remedy) -> Offer[Applied]:
    whose = "for all its runs" if remedy.of_all_runs else f"for its run {run.name}"
    return Offer(
        "save a preset with it",
        f"The preset with this remedy {whose} is saved as a file in the current directory, to be "
        "trained by itself; nothing here changes.",
        SavePreset(run, finding, remedy),
    )


def _sentence(words: str) -> str:
    """With a capital letter and a full stop."""
    return _ended(words[:1].upper() + words[1:])


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _do(app: "DicttuiApp", answer: Applied) -> None:
    from dicttui.tui.screens.why import WhyScreen

    if isinstance(answer, SavePreset):
        from dicttui.tui.preset_saving import save

        save(app, answer.run, answer.finding, answer.remedy)
    else:
        app.submit(answer)
        if isinstance(answer, Fork) and isinstance(app.screen, WhyScreen):
            app.back()  # to where the new card is
