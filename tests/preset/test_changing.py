"""A preset's keys are changed as its file would be, and what it cannot say is refused in words."""

import pytest

from dicttui.preset.changing import changed, changed_run
from dicttui.preset.problems import PresetError
from dicttui.preset.reading import read


@pytest.fixture(scope="module")
def sparse():
    return read("article-sparse")


def _runs(preset):
    return {run.name: run for run in preset.runs}


def test_a_run_is_changed_and_the_others_are_not(sparse):
    after = changed(
        sparse,
        [("lr", "0.3"), ("betas", "[0.5, 0.9]"), ("network.penalty", '"mean"')],
        "adam",
    )
    adam = _runs(after)["adam"]
    assert (adam.lr, adam.arguments.betas, adam.network.penalty) == (0.3, (0.5, 0.9), "mean")
    assert _runs(after)["sgd"] == _runs(sparse)["sgd"]
    assert after.network == sparse.network
    assert (after.source, after.data) == (sparse.source, sparse.data)
    again = changed_run(_runs(sparse)["adam"], [("lr", "0.3"), ("betas", "[0.5, 0.9]")])
    assert (again.lr, again.arguments) == (adam.lr, adam.arguments)


def test_without_a_run_every_run_that_has_the_key_is_changed(sparse):
    after = changed(
        sparse,
        [
            ("data.scaling", '"standardize"'),
            ("training.steps", "7"),
            ("network.init", '"data"'),
            ("lr", "0.5"),
            ("momentum", "0.9"),
        ],
    )
    assert (after.data.scaling, after.training.steps) == ("standardize", 7)
    assert after.training.steps_per_second == sparse.training.steps_per_second
    assert {run.lr for run in after.runs} == {0.5}
    assert {after.network.init, *(run.network.init for run in after.runs)} == {"data"}
    assert _runs(after)["sgd"].arguments.momentum == 0.9
    assert _runs(after)["adam"].arguments == _runs(sparse)["adam"].arguments


def test_another_kind_of_network_keeps_what_both_kinds_have(sparse):
    after = changed(sparse, [("network.kind", '"topk"'), ("network.k", "2")], "adam")
    network = _runs(after)["adam"].network
    assert (network.kind, network.dict_size, network.init, network.k) == ("topk", 5, "article", 2)


def test_another_optimizer_keeps_the_arguments_that_both_have(sparse):
    settings = [("eps", "1e-4"), ("betas", "[0.8, 0.9]"), ("constraint", '"unit_norm"')]
    adam = _runs(changed(sparse, settings, "adam"))["adam"]
    rmsprop = changed_run(adam, [("optimizer", '"RMSprop"')])
    assert (rmsprop.arguments.eps, rmsprop.arguments.alpha) == (1e-4, 0.99)
    assert (rmsprop.lr, rmsprop.constraint) == (adam.lr, "unit_norm")
    # Adafactor's eps is a pair: another thing of the same name.
    assert changed_run(adam, [("optimizer", '"Adafactor"')]).arguments.eps == (None, 1e-3)


@pytest.mark.parametrize(
    ("settings", "run", "words"),
    [
        ([("lr", '"fast"')], "adam", 'article-sparse: lr: "fast" is not allowed; allowed: a num'),
        ([("lr", "2\nlr = 3")], "adam", "lr: '2\\nlr = 3' is no value as TOML has it"),
        ([("lr", "1"), ("lr", "2")], "adam", "lr: stands there twice"),
        ([("lr", "1")], "eve", 'no run is called "eve"; allowed: "adam", "sgd"'),
        ([("momentum", "0.9")], "adam", "momentum: unknown key of a run with Adam"),
        ([("momentums", "0.9")], None, "momentums: no run of this preset has such a key"),
        ([("name", '"eve"')], "adam", "name: tells runs apart"),
        ([("optimizer", '["SGD"]')], None, 'optimizer: ["SGD"] is not known'),
        ([("optimizer", '"Adamm"')], "adam", 'did you mean "Adam"?'),
        ([("network.k", "4")], "adam", 'network.k: unknown key of kind "sparse"; allowed: with'),
        ([("network.kind", '"wormhole"')], None, 'network.kind: "wormhole" is not known'),
        ([("network.kind", '"user"'), ("network.factory", '"a:b"')], "adam", "a person's own code"),
        ([("resample_every", "9")], "sgd", "resample_every: this network's atoms cannot be"),
        ([("data.scaling", '"none"')], "adam", 'all runs share it, so that "adam" cannot'),
        ([("data.batch_size", "101")], None, "data.batch_size: 101 is more than there are samples"),
        ([("data.batch_size", "5"), ("optimizer", '"Rprop"')], None, "optimizer: Rprop goes by"),
    ],
)
def test_what_cannot_be_is_refused_in_words(sparse, settings, run, words):
    with pytest.raises(PresetError) as refused:
        changed(sparse, settings, run)
    assert words in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once(sparse):
    with pytest.raises(PresetError) as refused:
        changed(sparse, [("lr", "-1"), ("eps", "true"), ("network.init", '"odd"')], "adam")
    places = [line.split(": ")[1] for line in refused.value.errors]
    assert sorted(places) == ["eps", "lr", "network.init"]
