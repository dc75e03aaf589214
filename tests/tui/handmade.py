"""Snapshots made by hand, one for each state a screen should be seen in."""

import math
from collections.abc import Callable
from dataclasses import fields, replace

from handmade_runs import (
    DEVICES,
    GPU_SYSTEM,
    SYSTEM,
    adam,
    decay,
    firing,
    norms_of,
    rows,
    series,
    sgd,
    wavy,
)
from handmade_session import HandmadeSession

from dicttui.training.snapshot import (
    Alert,
    Ghost,
    Mark,
    Recording,
    RunSnapshot,
    RunState,
    Series,
    Snapshot,
)

__all__ = ["SYSTEM", "HandmadeSession", "adam", "rows", "series", "sgd"]


def snapshot(*runs: RunSnapshot, sequence: int = 1) -> Snapshot:
    """A session that is ready, with these runs."""
    return Snapshot(
        sequence=sequence,
        state="ready",
        title="Adam beside SGD on the article's sparse network",
        about="What to look for.",
        source="article-sparse",
        data="gaussian 100 × 10, full batch",
        seed=0,
        pace=None,
        runs=runs,
        system=SYSTEM,
        devices=DEVICES,
        seconds=1.5 * sequence,
    )


def two_runs() -> Snapshot:
    """Two runs in training."""
    return snapshot(adam(), sgd())


def two_paused() -> Snapshot:
    """Two runs, both paused."""
    return snapshot(adam(state="paused"), sgd(state="paused"))


def at_the_start() -> Snapshot:
    """Two runs before their first step."""
    return snapshot(
        replace(adam(0, state="paused"), metrics={}, terms={}, ripple=None, rising_share=None),
        replace(sgd(0, state="paused"), metrics={}, terms={}, ripple=None, rising_share=None),
    )


def measured_earlier() -> Snapshot:
    """Two runs whose metrics are of an earlier step than their loss."""
    return snapshot(replace(adam(), metrics_step=3_999), replace(sgd(), metrics_step=4_063))


def two_finished() -> Snapshot:
    """Two runs at their end."""
    return snapshot(adam(10_000, state="finished"), sgd(10_000, state="finished"))


def one_run() -> Snapshot:
    """One run only."""
    return snapshot(adam())


def one_diverged() -> Snapshot:
    """SGD's loss left the finite numbers; Adam goes on."""
    history = series(lambda step: math.exp(step / 20) if step < 1_300 else math.inf, 1_321, 0.0)
    return snapshot(
        adam(),
        replace(
            sgd(1_320, state="diverged"),
            lr=3.0,
            dictionary_lr=3.0,
            loss=math.nan,
            best_loss=history.low[0],
            best_step=history.steps[0],
            loss_series=history,
            state_detail="loss is nan at step 1320; decoder.weight went first",
            metrics={"mse": None, "l1": None, "l0": None, "fvu": None, "dead_fraction": None},
            ripple=None,
            alerts=(Alert("diverged", "loss is nan at step 1320; decoder.weight went first"),),
        ),
    )


def one_failed() -> Snapshot:
    """A run whose trainer raised an error; the other goes on."""
    return snapshot(
        adam(),
        replace(
            sgd(17, state="failed"),
            state_detail="the optimizer could not step: out of memory",
            alerts=(Alert("failed", "the optimizer could not step: out of memory"),),
        ),
    )


def loading(detail: str = "loading torch…") -> Snapshot:
    """Before the trainer has anything to show."""
    return Snapshot(sequence=0, state="loading", detail=detail, title="", source="article-sparse")


def session_failed() -> Snapshot:
    """The session could not be built."""
    return Snapshot(
        sequence=1,
        state="failed",
        detail="samples.npy: not found. Give a path that exists, relative to the preset's file.",
        source="./mine.toml",
    )


def no_metrics() -> Snapshot:
    """Runs of which nothing is known but the loss."""
    bare = replace(
        adam(),
        settings="",
        metrics={},
        terms={},
        metrics_step=None,
        ripple=None,
        rising_share=None,
        loss_floor=None,
        loss_floor_label="",
        l1_coefficient=None,
        lambda_field=None,
        norms=None,
        atom_norms=None,
        steps_per_second=None,
    )
    return snapshot(bare, replace(bare, name="sgd", optimizer="SGD"))


def nan_losses() -> Snapshot:
    """Every loss that was seen is NaN or infinite."""
    empty = replace(
        adam(),
        loss=math.nan,
        best_loss=None,
        best_step=None,
        held_out_loss=math.inf,
        loss_series=series(lambda step: math.nan if step % 2 else math.inf, 500),
        ripple=math.nan,
        norms=norms_of([math.nan, math.inf, 0.0, 1.0, 1e30]),
        metrics={"mse": math.nan, "l1": math.inf, "l0": 0.0, "fvu": math.nan},
    )
    return snapshot(empty, replace(empty, name="sgd"))


def long_names() -> Snapshot:
    """The longest names a preset may give."""
    name = "adam-with-a-learning-rate-of-0.00100001"
    settings = "betas (0.95, 0.9999), eps 1e-06, weight_decay 0.01, amsgrad, unit_norm, cosine"
    return snapshot(
        replace(adam(), name=name, settings=settings),
        replace(sgd(), name=name + "2", optimizer="Adafactor", settings=settings),
    )


def with_alerts() -> Snapshot:
    """Runs in trouble of which a person should know."""
    return snapshot(
        replace(
            adam(),
            metrics={**adam().metrics, "dead_fraction": 0.6},
            alerts=(
                Alert("dead_atoms", "dead atoms 0% → 60% by step 3100"),
                Alert("no_new_best", "no new best loss for 2,000 steps"),
            ),
        ),
        sgd(),
    )


def with_marks() -> Snapshot:
    """Runs whose learning rates were changed on the way."""
    marks = (Mark(900, 0.22, "lr 0.02"), Mark(2_000, 0.5, "lr 0.01"), Mark(3_000, 0.75, "reset"))
    return snapshot(
        replace(adam(), marks=marks, dictionary_lr=0.001, schedule="warm-up 40/100"),
        replace(sgd(), marks=marks[:1]),
    )


def planted() -> Snapshot:
    """Samples with a known dictionary: recovery, held-out loss, 128 unit-norm rows."""
    history = series(decay(4.0, 1.9, 800), 4_200, 0.03)
    base = replace(
        adam(),
        name="adam-unit",
        settings="unit_norm",
        network="relu 32 → 128",
        held_out_loss=1.97,
        series={"held_out_loss": series(decay(4.1, 1.97, 800), 4_200)},
        loss_series=history,
        loss=history.last[-1],
        best_loss=1.85,
        best_step=3_984,
        metrics={
            "mse": 0.0051,
            "l1": 3.91,
            "l0": 5.2,
            "fvu": 0.0421,
            "dead_fraction": 0.31,
            "mmcs": 0.981,
            "mmcs_random": 0.512,
            "recovered": 0.97,
            "precision": 0.71,
        },
        l1_coefficient=0.3,
        lambda_field=0.3,
        loss_floor=None,
        loss_floor_label="not informative",
        norms=norms_of(wavy(128, 1.2, 0.7)),
        atom_norms=None,
    )
    return snapshot(
        base, replace(base, name="sgd-unit", optimizer="SGD", lr=0.1, dictionary_lr=0.1)
    )


def large_dictionary(count: int = 16_384) -> Snapshot:
    """A dictionary of more rows than any screen has lines."""
    norms = norms_of(wavy(count))
    return snapshot(
        replace(adam(), network=f"relu 768 → {count}", norms=norms, atom_norms=None),
        replace(sgd(), network=f"relu 768 → {count}", norms=norms, atom_norms=None),
    )


def dying(count: int = 4) -> Snapshot:
    """Minibatches, and atoms that die: one run in which that is not known yet, one of which nothing
    is known.
    """
    runs = []
    for place, run in enumerate(many_runs(count).runs):
        found = firing(dead=None if place == 1 else max(0, 1_270 - 400 * place), offset=2 * place)
        known = None if place == 3 else found
        runs.append(replace(run, batch_size=256, steps_per_epoch=160, firing=known))
    return snapshot(*runs)


def scattered() -> Snapshot:
    """Runs with the way that they have come in l0 and fvu; one has collapsed, one has diverged."""
    runs = []
    for place, run in enumerate(many_runs(4).runs):
        l0 = series(decay(900.0, 20.0 * 2**place, 500), 4_200)
        fvu = series(decay(1.2, 0.3 / (1 + place), 700 - 100 * place), 4_200)
        newest = {"l0": l0.last[-1], "fvu": fvu.last[-1]}
        if place == 2:
            newest = {"l0": 0.0, "fvu": 1.0}
        if place == 3:
            newest = {"l0": math.nan, "fvu": math.nan}
        runs.append(
            replace(
                run, metrics=run.metrics | newest, series={"l0": l0, "fvu": fvu},
                steps_per_epoch=None, batch_size=4_096,
            )
        )  # fmt: skip
    return snapshot(*runs)


def many_runs(count: int) -> Snapshot:
    """As many runs, of different optimizers and in different states."""
    optimizers = ("Adam", "SGD", "AdamW", "RMSprop", "Adagrad", "NAdam", "RAdam", "Adamax")
    states: tuple[RunState, ...] = ("running", "running", "paused", "finished")
    runs = []
    for index in range(count):
        history = series(decay(5.2, 0.36 + 0.1 * index, 300), 4_200, 0.01)
        best = min(history.low)
        run = replace(
            adam(4_200, 10_000, states[index % 4]),
            name=f"{optimizers[index % 8].lower()}-{index + 1}",
            optimizer=optimizers[index % 8],
            loss=history.last[-1],
            best_loss=best,
            best_step=history.steps[history.low.index(best)],
            loss_series=history,
        )
        runs.append(run)
    return snapshot(*runs)


def on_a_gpu() -> Snapshot:
    """Two runs on a GPU."""
    runs = tuple(replace(run, device="cuda:0") for run in (adam(), sgd()))
    return replace(snapshot(*runs), system=GPU_SYSTEM)


RECORDING = Recording("3f2a9c", "/state/experiments/2026-11-24_article-sparse_3f2a9c")
DISK_FULL = replace(RECORDING, trouble="disk full")


def recorded(snapshot: Snapshot, recording: Recording = RECORDING) -> Snapshot:
    """The same training, recorded."""
    return replace(snapshot, recording=recording)


def forked() -> Snapshot:
    """A run, and forks of it and of its fork."""
    first = replace(
        adam(), undoable="lr 0.02 at step 2,000", undo_label="lr 0.02", fork_bytes=12_400
    )
    history = series(decay(5.2, 0.36, 300), 4_200, 0.004)
    fork = replace(
        first, name="adam-lr0.005", parent="adam", forked_at=1_200, lr=0.005, base_lr=0.005,
        dictionary_lr=0.005, base_dictionary_lr=0.005,
        loss_series=history, undoable="fork of adam at step 1,200", undo_label="fork",
    )  # fmt: skip
    again = replace(fork, name="adam-sgd", parent=fork.name, optimizer="SGD", forked_at=3_100)
    return recorded(snapshot(first, sgd(), fork, again))


def with_ghosts() -> Snapshot:
    """A run of which two pieces were taken back, one of them far above what is there now."""
    base = adam(2_600)
    far = _from(series(lambda step: 0.5 * math.exp((step - 1_000) / 60), 1_700), 1_000)
    near = _from(series(decay(5.2, 0.9, 260), 4_000), 1_400)
    ghosts = (
        Ghost(1_000, "lr 0.02", {"loss": far}),
        Ghost(1_400, "constraint", {"loss": near}),
    )
    return recorded(snapshot(replace(base, ghosts=ghosts), sgd(2_600)))


def _from(history: Series, step: int) -> Series:
    """A history from a step on."""
    at = next(place for place, last in enumerate(history.steps) if last >= step)
    return Series(*(getattr(history, f.name)[at:] for f in fields(Series)))


def catching_up() -> Snapshot:
    """A resumed training that repeats its last steps."""
    runs = (replace(adam(3_100), catching_up=4_200), sgd(3_300))
    return replace(recorded(snapshot(*runs)), pace=20.0)


def not_recorded() -> Snapshot:
    """A training whose recording has no room left."""
    return recorded(two_runs(), DISK_FULL)


SNAPSHOTS: dict[str, Callable[[], Snapshot]] = {
    "two_runs": two_runs,
    "two_paused": two_paused,
    "at_the_start": at_the_start,
    "measured_earlier": measured_earlier,
    "two_finished": two_finished,
    "one_run": one_run,
    "one_diverged": one_diverged,
    "one_failed": one_failed,
    "loading": loading,
    "session_failed": session_failed,
    "no_metrics": no_metrics,
    "nan_losses": nan_losses,
    "long_names": long_names,
    "with_alerts": with_alerts,
    "with_marks": with_marks,
    "planted": planted,
    "large_dictionary": large_dictionary,
    "four_runs": lambda: many_runs(4),
    "eight_runs": lambda: many_runs(8),
    "dying": dying,
    "scattered": scattered,
    "on_a_gpu": on_a_gpu,
    "forked": forked,
    "with_ghosts": with_ghosts,
    "catching_up": catching_up,
    "not_recorded": not_recorded,
}
