"""Making a snapshot of an experiment."""

from dicttui.optimizers import schedules
from dicttui.training import alerts, wording
from dicttui.training.experiment import Experiment
from dicttui.training.pace import Pace
from dicttui.training.run import GradientRun
from dicttui.training.snapshot import RunSnapshot, Series, Snapshot, View
from dicttui.training.system import SystemFacts


def snapshot(
    experiment: Experiment,
    pace: Pace,
    view: View,
    system: SystemFacts,
    *,
    sequence: int,
    seconds: float,
) -> Snapshot:
    """The whole experiment at this moment."""
    preset = experiment.preset
    facts, choices = system.look(experiment.runs[0].trainable.device)
    return Snapshot(
        sequence=sequence,
        state="ready",
        title=preset.title or preset.source,
        about=preset.about,
        source=preset.source,
        data=experiment.description,
        seed=preset.training.seed,
        pace=pace.rate,
        runs=tuple(_run(run, experiment, view) for run in experiment.runs),
        system=facts,
        devices=choices,
        seconds=seconds,
    )


def _run(run: GradientRun, experiment: Experiment, view: View) -> RunSnapshot:
    # First, because a person's network is asked for it: where that raises, the run has failed.
    rows = run.row_details(view.row_indices) if run.name in view.rows_of else ()
    trainable, measured = run.trainable, run.measured
    specification = run.specification
    now = trainable.rates_at(run.step)
    samples = experiment.samples
    floor = run.floor
    ripple, rising = run.ripple()
    network = trainable.network
    return RunSnapshot(
        name=run.name,
        optimizer=wording.optimizer(specification),
        settings=wording.settings(specification),
        network=wording.network(specification, trainable.n_atoms, samples.d_in),
        device=str(trainable.device),
        engine=run.engine.name,
        state=run.state,
        state_detail=run.state_detail,
        objective=specification.objective,
        step=run.step,
        target=run.target,
        lr=now.rest,
        dictionary_lr=now.dictionary,
        base_lr=trainable.rates.rest,
        base_dictionary_lr=trainable.rates.dictionary,
        schedule=schedules.place(specification, run.step, trainable.total_steps),
        loss=run.loss,
        best_loss=run.best_loss,
        best_step=run.best_step,
        loss_series=run.losses.series(),
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
        norms=measured.norms if measured else None,
        atom_norms=measured.atom_norms if measured else None,
        rows=rows,
        rows_step=run.rows.step if run.rows is not None else None,
        marks=tuple(run.marks),
        alerts=alerts.of(run),
    )


def _series(run: GradientRun, view: View) -> dict[str, Series]:
    names = ("loss", *view.series)
    wanted = {*view.series, *(f"held_out_{name}" for name in names)}
    found = {name: run.series(name) for name in sorted(wanted)}
    return {name: series for name, series in found.items() if series is not None}
