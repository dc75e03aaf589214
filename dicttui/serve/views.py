"""What several clients want to see, together; and of a picture for all, what one of them does."""

from collections.abc import Iterable
from dataclasses import replace

from dicttui.training.snapshot import Ghost, RunSnapshot, Series, Snapshot, View


def together(views: Iterable[View]) -> View:
    """A view that shows everybody what they want to see."""
    wanted = list(views)
    if not wanted:
        return View()
    return View(
        refresh=max(view.refresh for view in wanted),
        series=_union(view.series for view in wanted),
        rows_of=_union(view.rows_of for view in wanted),
        pages=tuple(dict.fromkeys(page for view in wanted for page in view.pages)),
        firing=any(view.firing for view in wanted),
        atoms=tuple(dict.fromkeys(part for view in wanted for part in view.atoms)),
        samples=tuple(dict.fromkeys(sample for view in wanted for sample in view.samples)),
        why=_union(view.why for view in wanted),
    )


def for_one(snapshot: Snapshot, view: View) -> Snapshot:
    """What one client wants to see of a picture."""
    return replace(snapshot, runs=tuple(_run(run, view) for run in snapshot.runs))


def _union(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _run(run: RunSnapshot, view: View) -> RunSnapshot:
    rows = run.rows if run.name in view.rows_of else ()
    pages = tuple(page for page in run.pages if page.request in view.pages)
    series = _series(run.series, view)
    ghosts = tuple(_ghost(ghost, view) for ghost in run.ghosts)
    atoms = tuple(part for part in run.atoms if part.asked in view.atoms)
    samples = tuple(sample for sample in run.samples if sample.asked in view.samples)
    parts = (rows, pages, series, atoms, samples)
    all_of_them = (run.rows, run.pages, run.series, run.atoms, run.samples)
    if [*map(len, parts)] == [*map(len, all_of_them)] and ghosts == run.ghosts:
        return run
    return replace(
        run, rows=rows, pages=pages, series=series, ghosts=ghosts, atoms=atoms, samples=samples
    )


def _ghost(ghost: Ghost, view: View) -> Ghost:
    series = _series(ghost.series, view)
    return ghost if len(series) == len(ghost.series) else replace(ghost, series=series)


def _series(series: dict[str, Series], view: View) -> dict[str, Series]:
    """The histories asked for; those on held-out samples come with them, and the losses always."""
    wanted = {"loss", *view.series}
    return {
        name: values
        for name, values in series.items()
        if name in wanted or name.removeprefix("held_out_") in wanted
    }
