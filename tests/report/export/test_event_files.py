"""TensorBoard's own reader gets every value, run by run."""

import math
from array import array

import pytest
from handmade_experiment import BEGAN, HOSTILE, diverged, handmade, hostile

from dicttui.report import event_file
from dicttui.report.export import formats

accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator",
    reason="tensorboard is not installed (an extra)",
)


def read(directory):
    events = accumulator.EventAccumulator(
        str(directory), size_guidance={accumulator.SCALARS: 0, accumulator.TENSORS: 0}
    )
    return events.Reload()


@pytest.fixture
def exported(tmp_path):
    def export(experiment, **options):
        formats.export(experiment, "tensorboard", tmp_path / "out", **options)
        return tmp_path / "out"

    return export


def test_every_value_of_every_run(exported):
    experiment = diverged()
    out = exported(experiment)
    assert {path.name for path in out.iterdir()} == {"adam", "sgd", "adam-sgd"}
    for run in ("adam", "sgd", "adam-sgd"):
        events = read(out / run)
        losses = events.Scalars("loss")
        curve = experiment.losses(run)
        assert [event.step for event in losses] == curve.steps
        assert repr(array("f", [event.value for event in losses])) == repr(curve.losses)
        for name, values in experiment.metrics(run).items():
            found = [(event.step, event.value) for event in events.Scalars(name)]
            known = [(step, array("f", [v])[0]) for step, v in values if v is not None]
            assert found == known
    derived = read(out / "sgd").Scalars("explained_variance")
    fvu = dict(experiment.metrics("sgd")["fvu"])
    assert [event.value for event in derived] == pytest.approx([1 - fvu[e.step] for e in derived])


def test_interventions_and_preset_are_texts(exported):
    tensors = read(exported(handmade()) / "adam")
    first, second = tensors.Tensors("interventions")
    assert first.step == 400
    assert first.wall_time == BEGAN.timestamp() + 2
    words = first.tensor_proto.string_val[0].decode()
    assert words.replace("\\", "").startswith("#1 lr × 2: lr 0.01 → 0.02")
    assert second.step == 400
    preset = tensors.Tensors("preset")[0].tensor_proto.string_val[0].decode()
    assert '"optimizer": "Adam"' in preset


def test_times_lie_between_those_that_are_known(exported):
    losses = read(exported(handmade()) / "sgd").Scalars("loss")
    began = BEGAN.timestamp()
    assert losses[0].wall_time == began
    assert losses[500].wall_time == pytest.approx(began + 6.25)
    times = [event.wall_time for event in losses]
    assert times == sorted(times)


def test_hostile_words_are_no_markup(exported):
    text = read(exported(hostile()) / "adam").Tensors("preset")[0].tensor_proto.string_val[0]
    assert all(line.startswith(b"    ") for line in text.splitlines())


def test_every_name_of_a_run_is_a_directory_inside():
    assert event_file.directory_of("adam-0.01") == "adam-0.01"
    assert event_file.directory_of("..") == "__"
    assert event_file.directory_of("../../etc") == ".._.._etc"
    assert "/" not in event_file.directory_of(HOSTILE)


def test_nothing_is_written_where_a_quantity_was_not_to_be_had(exported):
    dead = read(exported(handmade()) / "sgd").Scalars("dead_fraction")
    assert dead[0].step == 500
    assert all(not math.isnan(event.value) for event in dead)
