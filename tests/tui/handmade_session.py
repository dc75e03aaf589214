"""A session that trains nothing."""

from dataclasses import replace

from handmade_runs import decay, rows, series

from dicttui.training.interventions import (
    CHANGE_THE_TRAINING,
    Advance,
    Change,
    Continue,
    Fork,
    Intervention,
    Keep,
    MoveToDevice,
    Pause,
    Receipt,
    ResetOptimizer,
    Restart,
    Resume,
    SetLearningRate,
    SetPace,
    Stop,
    Undo,
    kind_of,
)
from dicttui.training.snapshot import (
    Ghost,
    RowsPage,
    RowsRequest,
    RunSnapshot,
    Series,
    Snapshot,
    View,
)


class HandmadeSession:
    """A session that trains nothing: it keeps what was submitted and answers when told to."""

    def __init__(self, snapshot: Snapshot, *, answer: bool = True) -> None:
        self.snapshot = snapshot
        self.answer = answer
        """Whether each intervention is answered at once, with its effect on the snapshot."""
        self.submitted: list[Intervention] = []
        self.views: list[View] = []
        self.started = 0
        self.closed = 0
        self._receipts: list[Receipt] = []
        self._past: list[tuple[str, tuple[RunSnapshot, ...]]] = []
        """What was done to the training, oldest first: its words, and the runs before it."""

    def start(self) -> None:
        """Nothing to start; counted."""
        self.started += 1

    def close(self) -> None:
        """Nothing to end; counted."""
        self.closed += 1

    def submit(self, intervention: Intervention) -> int:
        """Keep the intervention, and answer it if that is how this session was made."""
        self.submitted.append(intervention)
        number = len(self.submitted)
        self._receipts.append(self._receipt(number, intervention, "requested"))
        if self.answer:
            self.apply(number)
        return number

    def apply(self, number: int) -> None:
        """Write the receipt of an applied intervention, and show its effect."""
        intervention = self.submitted[number - 1]
        if isinstance(intervention, Undo | Fork | Keep):
            self._apply_to_all(number, intervention)
            return
        touched = [run for run in self.snapshot.runs if _targets(intervention, run.name)]
        after = {run.name: _effect(intervention, run) for run in touched}
        changes = tuple(
            Change(run.name, run.step, *_before_after(intervention, run, after[run.name]))
            for run in touched
        )
        self._receipts.append(
            replace(self._receipt(number, intervention, "applied"), changes=changes)
        )
        if isinstance(intervention, CHANGE_THE_TRAINING):
            done = changes[0].after
            self._past.append((done, self.snapshot.runs))
            after = {
                name: replace(run, undoable=f"{done} at step {run.step:,}", undo_label=done)
                for name, run in after.items()
            }
        pace = self.snapshot.pace
        if isinstance(intervention, SetPace):
            pace = intervention.steps_per_second
        self.show(
            replace(
                self.snapshot,
                pace=pace,
                runs=tuple(after.get(run.name, run) for run in self.snapshot.runs),
            )
        )

    def _apply_to_all(self, number: int, intervention: Undo | Fork | Keep) -> None:
        """What changes which runs there are, or none of them."""
        applied = self._receipt(number, intervention, "applied")
        runs = self.snapshot.runs
        match intervention:
            case Keep():
                change = Change("all runs", runs[0].step, "", "kept in kept-1.json")
            case Fork(run=parent, lr=lr):
                old = next(run for run in runs if run.name == parent)
                words = f"fork of {parent}"
                self._past.append((words, runs))
                new = replace(
                    old,
                    name=f"{parent}-{len(runs) + 1}",
                    parent=parent,
                    forked_at=old.step,
                    lr=lr if lr is not None else old.lr,
                    base_lr=lr if lr is not None else old.base_lr,
                    undoable=f"{words} at step {old.step:,}",
                    undo_label="fork",
                )
                runs = (*runs, new)
                change = Change(new.name, old.step, "", words)
            case Undo(run=name) if self._past:
                words, before = self._past.pop()
                runs = tuple(_taken_back(run, words, self.snapshot.runs) for run in before)
                change = Change(name or "all runs", before[0].step, words, "taken back")
            case _:
                self.refuse(number, "nothing to take back")
                return
        self._receipts.append(replace(applied, changes=(change,)))
        self.show(replace(self.snapshot, runs=runs))

    def refuse(self, number: int, reason: str) -> None:
        """Write the receipt of an intervention that failed."""
        intervention = self.submitted[number - 1]
        self._receipts.append(replace(self._receipt(number, intervention, "failed"), reason=reason))

    def receipts(self, since: int) -> list[Receipt]:
        """As the seam has it."""
        return self._receipts[since:]

    def latest(self) -> Snapshot:
        """As the seam has it."""
        return self.snapshot

    def view(self, request: View) -> None:
        """Give the histories and rows that are asked for, as the trainer would."""
        self.views.append(request)
        for name in request.series:
            histories = {name: series(decay(2.0, 0.2, 400), 4_200)}
            runs = tuple(replace(run, series=histories | run.series) for run in self.snapshot.runs)
            self.show(replace(self.snapshot, runs=runs))
        if request.atoms or request.samples:
            from handmade_closeups import answered

            self.show(answered(self.snapshot, request))
        if request.pages:
            self.show(replace(self.snapshot, runs=tuple(
                replace(run, pages=tuple(_page(p, run) for p in request.pages if p.run == run.name))
                for run in self.snapshot.runs
            )))  # fmt: skip
        if not request.rows_of:
            return
        runs = tuple(
            replace(
                run,
                rows=rows(run.norms.count if run.norms else 5, 64 if _known(run) else 0),
                rows_step=run.step,
            )
            if run.name in request.rows_of
            else replace(run, rows=())
            for run in self.snapshot.runs
        )
        self.show(replace(self.snapshot, runs=runs))

    def show(self, snapshot: Snapshot) -> None:
        """Make this the newest snapshot."""
        self.snapshot = replace(snapshot, sequence=self.snapshot.sequence + 1)

    def _receipt(self, number: int, intervention: Intervention, status: str) -> Receipt:
        return Receipt(
            id=number,
            kind=kind_of(intervention),
            target=getattr(intervention, "run", None) or "all runs",
            status=status,  # type: ignore[arg-type]
            request=words(intervention),
            seconds=float(number),
        )


def _taken_back(before: RunSnapshot, words: str, now: tuple[RunSnapshot, ...]) -> RunSnapshot:
    """A run as it was, with what it has trained since as a ghost."""
    left = next((run for run in now if run.name == before.name), before)
    if left.loss_series == before.loss_series:
        return before
    ghost = Ghost(before.step, words, {"loss": left.loss_series})
    return replace(before, ghosts=(*before.ghosts, ghost))


def words(intervention: Intervention) -> str:
    """What an intervention asks for."""
    match intervention:
        case SetLearningRate(factor=factor) if factor is not None:
            return f"lr × {factor:g}"
        case SetLearningRate(lr=lr, group=group):
            return f"lr {lr:g}" + ("" if group == "both" else f" ({group})")
        case MoveToDevice(device=device):
            return f"device {device}"
        case Advance(steps=steps):
            return f"{steps} steps"
        case SetPace(steps_per_second=pace):
            return "as fast as it goes" if pace is None else f"{pace:g} steps/s"
        case _:
            return kind_of(intervention).replace("_", " ")


def _page(request: RowsRequest, run: RunSnapshot) -> RowsPage:
    """The rows that a run would give."""
    total = run.norms.count if run.norms else 5
    made = rows(total, 64 if _known(run) else 0)
    key = request.sort
    ordered = sorted(made, key=lambda row: _last(getattr(row, key), request.descending))
    place = None
    first = request.first
    if request.at is not None:
        place = next(i for i, row in enumerate(ordered) if row.index == request.at)
        first = place - request.count // 2
    first = max(0, min(first, total - request.count))
    return RowsPage(
        request, total, first, tuple(ordered[first : first + request.count]), run.step, place
    )


def _last(value: float | None, descending: bool) -> tuple[bool, float]:
    return value is None, 0.0 if value is None else -value if descending else value


def _known(run: RunSnapshot) -> bool:
    return "mmcs" in run.metrics


def _targets(intervention: Intervention, name: str) -> bool:
    return getattr(intervention, "run", None) in (None, name)


def _effect(intervention: Intervention, run: RunSnapshot) -> RunSnapshot:
    match intervention:
        case Pause() | Advance():
            return replace(run, state="paused", steps_per_second=None)
        case Resume() | Continue():
            return replace(run, state="running")
        case Stop():
            return replace(run, state="stopped", steps_per_second=None)
        case SetLearningRate(lr=lr, factor=factor):
            rate = (run.base_lr or 0.0) * factor if factor is not None else lr
            return replace(run, lr=rate, base_lr=rate, dictionary_lr=rate)
        case MoveToDevice(device=device):
            return replace(run, device=device)
        case Restart():
            return replace(run, step=0, state="paused", loss=None, loss_series=Series())
        case _:
            return run


def _before_after(
    intervention: Intervention, before: RunSnapshot, after: RunSnapshot
) -> tuple[str, str]:
    match intervention:
        case SetLearningRate():
            return f"lr {before.lr:g}", f"lr {after.lr:g}"
        case MoveToDevice():
            return before.device, after.device
        case ResetOptimizer():
            return "moments kept", "moments forgotten"
        case _:
            return before.state, after.state
