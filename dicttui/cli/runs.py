"""`dicttui runs`: the recorded experiments."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dicttui.cli.options import settings
from dicttui.cli.output import note, put, put_json, refuse
from dicttui.cli.recording import Id, RecordedIn, directory, place, recorded

if TYPE_CHECKING:
    from datetime import datetime

    from dicttui.record.facts import RecordedRun
    from dicttui.record.reading import Recorded

runs = typer.Typer(
    help="Recorded experiments: list them, show one, remove some.",
    rich_markup_mode=None,
    invoke_without_command=True,
)
HEAD = ("id", "preset", "began", "state", "steps", "best losses")
LISTED_RUNS = 3
"""Of one experiment, in the list: more do not fit a line; `runs show` has all."""
LATEST_EVENTS = 20


@runs.callback()
def list_runs(
    context: typer.Context,
    record: RecordedIn = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the recorded experiments, the newest first; show one, say where it is, remove it."""
    where = directory(record, settings())
    context.obj = where
    if context.invoked_subcommand is not None:
        return
    from dicttui.cli.summary import table
    from dicttui.record.error import RecordError
    from dicttui.record.finding import everything

    rows: list[tuple[str, ...]] = []
    listed: list[dict[str, Any]] = []
    for experiment in everything(where, note):
        try:
            if json:
                listed.append(_as_json(experiment))
            else:
                rows.append(_row(experiment))
        except RecordError as error:
            note(str(error))
    if json:
        put_json(listed)
    elif rows:
        for line in table([HEAD, *rows], words=(0, 1, 2, 3, 5)):
            put(line)
    else:
        put(f"nothing is recorded in {where}")


@runs.command("show")
def show(
    context: typer.Context,
    experiment_id: Id,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what ran, in what, what was changed, and how it ended."""
    from dicttui.record.error import RecordError

    experiment = recorded(experiment_id, context.obj)
    try:
        if json:
            put_json(_as_json(experiment) | _details(experiment))
        else:
            for line in _told(experiment):
                put(line)
    except RecordError as error:
        refuse([str(error)])


@runs.command("path")
def path(context: typer.Context, experiment_id: Id) -> None:
    """Print an experiment's directory."""
    put(str(place(experiment_id, context.obj).directory))


@runs.command("rm")
def remove(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids or directories.")],
) -> None:
    """Remove recorded experiments for good; one that is being trained is not removed."""
    experiments = [place(experiment_id, context.obj) for experiment_id in ids]
    from dicttui.record.error import RecordError
    from dicttui.record.removing import remove as remove_all

    try:
        remove_all(experiments, lambda gone: put(f"{gone.id} has been removed"))
    except RecordError as error:
        refuse([str(error)])


def _row(experiment: "Recorded") -> tuple[str, ...]:
    found = [run for run in experiment.runs() if run.present]
    steps = {run.steps for run in found}
    best = [_best(run) for run in found[:LISTED_RUNS]]
    more = [f"+{len(found) - LISTED_RUNS}"] if len(found) > LISTED_RUNS else []
    return (
        experiment.id,
        experiment.preset_name,
        _when(experiment.began),
        experiment.state,
        f"{max(steps, default=0):,}",
        ", ".join([*best, *more]),
    )


def _best(run: "RecordedRun") -> str:
    from dicttui.cli.summary import number

    return f"{run.name} {number(run.best_loss)}"


def _when(at: "datetime") -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _as_json(experiment: "Recorded") -> dict[str, Any]:
    return {
        "id": experiment.id,
        "directory": str(experiment.directory),
        "preset": experiment.preset_name,
        "title": experiment.title,
        "state": experiment.state,
        "began": experiment.began.isoformat(),
        "ended": None if experiment.ended is None else experiment.ended.isoformat(),
        "runs": [
            {
                "name": run.name,
                "state": run.state,
                "steps": run.steps,
                "target": run.target,
                "best_loss": run.best_loss,
                "best_step": run.best_step,
                "parent": run.parent or None,
                "forked_at": run.forked_at,
                "present": run.present,
            }
            for run in experiment.runs()
        ],
    }


def _details(experiment: "Recorded") -> dict[str, Any]:
    from dicttui.training.plain import plain

    return {
        "environment": experiment.environment(),
        "interventions": [
            {
                "id": item.id,
                "at": item.at.isoformat(),
                "intervention": plain(item.intervention),
                "before": item.before,
                "receipt": plain(item.receipt),
            }
            for item in experiment.interventions()
        ],
        "checkpoints": [
            {"file": checkpoint.path.name, "kept": checkpoint.kept}
            for checkpoint in experiment.checkpoints()
        ],
        "events": [
            {"at": event.at.isoformat(), "kind": event.kind, "text": event.text}
            for event in experiment.events()
        ],
    }


def _told(experiment: "Recorded") -> list[str]:
    from dicttui.cli.summary import number, table
    from dicttui.tui.receipts import outcome

    lines = [
        f"{experiment.id}  {experiment.title}",
        f"preset     {experiment.preset().source}, seed {experiment.preset().training.seed}",
        f"state      {experiment.state}{_by_signal(experiment)}",
        f"began      {_when(experiment.began)}",
        *([f"ended      {_when(experiment.ended)}"] if experiment.ended else []),
        f"directory  {experiment.directory}",
        *_environment(experiment.environment()),
        "",
        *table(
            [
                ("run", "state", "steps", "best loss", "at step", "parent"),
                *(
                    (
                        run.name,
                        run.state if run.present else "taken back",
                        f"{run.steps:,}",
                        number(run.best_loss),
                        "n/a" if run.best_step is None else f"{run.best_step:,}",
                        f"{run.parent} at {run.forked_at:,}" if run.forked_at is not None else "",
                    )
                    for run in experiment.runs()
                ),
            ]
        ),
    ]
    interventions = experiment.interventions()
    if interventions:
        lines += ["", "interventions"]
    for item in interventions:
        became = outcome(item.receipt)
        asked = f"{item.receipt.request}: " if item.receipt.status == "applied" else ""
        lines.append(f"  {_when(item.at)}  {asked}{became}")
    events = experiment.events()
    lines += ["", "checkpoints", *(f"  {c.path.name}" for c in experiment.checkpoints())]
    lines += ["", "events"]
    if len(events) > LATEST_EVENTS:
        lines.append(f"  … {len(events) - LATEST_EVENTS:,} earlier ones")
    lines += [
        f"  {_when(event.at)}  {event.kind}  {event.text}" for event in events[-LATEST_EVENTS:]
    ]
    return lines


def _by_signal(experiment: "Recorded") -> str:
    return f" by {experiment.signal}" if experiment.signal else ""


def _environment(found: dict[str, Any]) -> list[str]:
    if not found:
        return []
    packages = found.get("packages")
    versions = [f"dicttui {found.get('dicttui')}", f"Python {found.get('python')}"]
    if isinstance(packages, dict):
        versions += [f"{name} {version}" for name, version in packages.items()]
    devices = found.get("devices")
    machine = [str(found.get("platform"))]
    if isinstance(devices, list):
        machine.append(", ".join(map(str, devices)))
    if found.get("processor"):
        machine.append(str(found["processor"]))
    if found.get("threads"):
        machine.append(f"{found['threads']} threads" if found["threads"] != 1 else "1 thread")
    lines = [f"versions   {', '.join(versions)}", f"machine    {', '.join(machine)}"]
    code = found.get("code")
    for own in code if isinstance(code, list) else ():
        if isinstance(own, dict):
            git = own.get("git")
            commit = f", git {git.get('commit')}" if isinstance(git, dict) else ""
            dirty = ", changed since" if isinstance(git, dict) and git.get("dirty") else ""
            lines.append(f"own code   {own.get('factory')} in {own.get('file')}{commit}{dirty}")
    return lines
