"""What a preset may say of a learner that is no torch optimizer."""

import inspect

import pytest
from sklearn.decomposition import MiniBatchDictionaryLearning

from dicttui.preset.learners import LEARNERS
from dicttui.preset.problems import PresetError
from dicttui.preset.reading import Overrides, read
from dicttui.preset.resolved import dumped, loaded
from dicttui.report.preset_toml import toml

BESIDE_ADAM = """
[network]
kind = "relu"
dict_size = 12
l1_coefficient = 0.1
[[runs]]
name = "adam"
optimizer = "Adam"
[[runs]]
name = "reference"
optimizer = "MiniBatchDictionaryLearning"
alpha = 0.2
"""


@pytest.fixture
def read_text(tmp_path):
    def read_it(text, **overrides):
        path = tmp_path / "preset.toml"
        path.write_text(text)
        return read(str(path), Overrides(**overrides))

    return read_it


@pytest.fixture
def refusal(read_text):
    def refused(text, **overrides):
        with pytest.raises(PresetError) as error:
            read_text(text, **overrides)
        return str(error.value)

    return refused


def test_names_and_defaults_are_scikit_learns():
    theirs = {
        key: parameter.default
        for key, parameter in inspect.signature(MiniBatchDictionaryLearning).parameters.items()
    }
    ours = LEARNERS["MiniBatchDictionaryLearning"]
    assert ours.decided.keys() <= theirs.keys()
    settable = {key: value for key, value in theirs.items() if key not in ours.decided}
    assert ours().model_dump() == settable


def test_it_has_no_learning_rate_and_an_objective_of_its_own(read_text):
    preset = read_text(BESIDE_ADAM)
    adam, reference = preset.runs
    assert (adam.lr, reference.lr) == (0.001, None)
    assert preset.charted == "mse"
    assert reference.objective == "½ squared error + 0.2 · l1"
    assert [run.lr for run in read_text(BESIDE_ADAM, lr=0.5).runs] == [0.5, None]


def test_it_is_recorded_and_written_as_a_preset_and_read_back(read_text):
    preset = read_text(BESIDE_ADAM + "[runs.network]\ndict_size = 7\n")
    assert loaded(dumped(preset)) == preset
    assert read_text(toml(preset)).runs == preset.runs


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lr = 0.1", "runs[1].lr: MiniBatchDictionaryLearning has no learning rate"),
        ("lr = [0.1, 0.2]", "runs[1].lr: MiniBatchDictionaryLearning has no learning rate"),
        ('constraint = "unit_norm"', "runs[1].constraint: MiniBatchDictionaryLearning trains by"),
        ('precision = "bfloat16"', "runs[1].precision: MiniBatchDictionaryLearning trains by no"),
        ("clip_grad_norm = 1.0", "runs[1].clip_grad_norm: MiniBatchDictionaryLearning trains by"),
        ("n_components = 3", "runs[1].n_components: is decided by dict_size under [network]"),
        ("random_state = 3", "runs[1].random_state: is decided by seed under [training]"),
        ("transform_alhpa = 3", 'did you mean "transform_alpha"?'),
        ("positive_code = true", "runs[1].fit_algorithm: codes as lars finds them have signs"),
        ("transform_n_nonzero_coefs = 13", "runs[1].transform_n_nonzero_coefs: 13 are more than"),
        ("[runs.network]\nl1_coefficient = 1.0", "runs[1].network.l1_coefficient: MiniBatch"),
    ],
)
def test_what_means_nothing_to_it_is_refused(refusal, line, told):
    assert told in refusal(BESIDE_ADAM + line + "\n")


def test_a_rate_from_the_command_line_is_refused(refusal):
    told = refusal(BESIDE_ADAM, run_lr={"reference": 0.1})
    assert told == 'command line: --lr: run "reference" has no learning rate; allowed: other runs'
