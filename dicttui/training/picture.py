"""Making a snapshot of an experiment."""

from collections.abc import Callable
from dataclasses import replace

from dicttui.optimizers import schedules
from dicttui.training import alerts, details, wording
from dicttui.training.experiment import Experiment
from dicttui.training.finding import Diagnosis, Verdict
from dicttui.training.pace import Pace
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import Ghost, Recording, RunSnapshot, Series, Snapshot, View
from dicttui.training.system import SystemFacts


def snapshot(
    experiment: Experiment,
    pace: Pace,
    view: View,
    system: SystemFacts,
    *,
    sequence: int,
    seconds: float,
    recording: Recording | None = None,
    catching_up: Callable[[str], int | None] = lambda _run: None,
    diagnosis: Callable[[str], Diagnosis | None] = lambda _run: None,
    verdict: Verdict | None = None,
) -> Snapshot:
    """The whole experiment at this moment; `catching_up` says until which step a run of a name
    repeats what it has made before, `diagnosis` what is known of it.
    """
    preset = experiment.preset
    facts, choices = system.look(experiment.runs[0].trainable.device)
    return Snapshot(
        sequence=sequence,
        state="ready",
        title=preset.title or preset.source,
        about=preset.about,
        source=preset.source,
        data=", ".join(filter(None, (experiment.description, experiment.samples.notice))),
        picture=preset.data.picture or (),
        seed=preset.training.seed,
        pace=pace.rate,
        runs=tuple(
            replace(
                _run(run, experiment, view, catching_up(run.name)), diagnosis=diagnosis(run.name)
            )
            for run in experiment.runs
        ),
        system=facts,
        devices=choices,
        seconds=seconds,
        recording=recording,
        verdict=verdict,
    )


def _run(
    run: GradientRun, experiment: Experiment, view: View, catching_up: int | None
) -> RunSnapshot:
    # First, because a person's network is asked for it: where that raises, the run has failed.
    shown = details.of(run, view)
    image = experiment.preset.data.picture
    atoms = run.exhibits.atoms(run, view.atoms, image)
    samples_shown = run.exhibits.samples(run, view.samples, image)
    trainable, measured = run.trainable, run.measured
    engine = run.engine.now(trainable)
    specification = run.specification
    base = trainable.rates
    now = None if base is None else trainable.rates_at(run.step)
    samples = experiment.samples
    floor = run.floor
    past = run.past
    ripple, rising = past.ripple(full_batch=samples.full_batch)
    network = trainable.network
    return RunSnapshot(
        name=run.name,
        optimizer=wording.optimizer(specification),
        settings=wording.settings(specification),
        network=wording.network(specification, trainable.n_atoms, samples.d_in),
        device=str(trainable.device),
        engine=engine.name,
        engine_exact=engine.exact,
        engine_detail=run.engine_detail,
        state=run.state,
        state_detail=run.state_detail or (run.missing if run.state == "paused" else ""),
        objective=specification.objective,
        step=run.step,
        target=run.target,
        lr=now.rest if now else None,
        dictionary_lr=now.dictionary if now else None,
        base_lr=base.rest if base else None,
        base_dictionary_lr=base.dictionary if base else None,
        schedule=schedules.place(specification, run.step, trainable.total_steps),
        loss=past.loss,
        best_loss=past.best_loss,
        best_step=past.best_step,
        loss_series=past.losses.series(),
        held_out_loss=measured.held_out_loss if measured else None,
        series=_series(run, view),
        terms=measured.terms if measured else {},
        metrics=measured.all_metrics if measured else {},
        metrics_step=measured.step if measured else None,
        ripple=ripple,
        rising_share=rising,
        loss_floor=floor.value,
        loss_floor_label=floor.label,
        l1_coefficient=network.l1_coefficient,
        lambda_field=run.lambda_field,
        steps_per_second=run.steps_per_second,
        batch_size=samples.batch_size,
        steps_per_epoch=samples.steps_per_epoch,
        norms=measured.norms if measured else None,
        atom_norms=measured.atom_norms if measured else None,
        rows=shown.rows,
        rows_step=run.rows.step if run.rows is not None and shown.rows else None,
        pages=shown.pages,
        firing=shown.firing,
        atoms=atoms,
        samples=samples_shown,
        marks=tuple(past.marks),
        ghosts=_ghosts(run, view),
        alerts=alerts.of(run),
        constraint=specification.constraint,
        parent=run.parent,
        forked_at=run.forked_at,
        undoable=run.undo[-1].words if run.undo else "",
        undo_label=run.undo[-1].label if run.undo else "",
        fork_bytes=run.trainable.fork_bytes(),
        catching_up=catching_up,
    )


def _series(run: GradientRun, view: View) -> dict[str, Series]:
    histories = run.past.histories
    names = ("loss", *view.series)
    wanted = {*view.series, *(f"held_out_{name}" for name in names)}
    return {name: histories[name].series() for name in sorted(wanted) if name in histories}


def _ghosts(run: GradientRun, view: View) -> tuple[Ghost, ...]:
    wanted = {"loss", *view.series}
    return tuple(
        replace(ghost, series={k: v for k, v in ghost.series.items() if k in wanted})
        for ghost in run.ghosts
    )
