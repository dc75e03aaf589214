"""Reading presets: what comes out of a right one."""

from pathlib import Path

import pytest

from dicttui.preset.networks import ReluNetwork, SimpleNetwork, SparseNetwork
from dicttui.preset.reading import Overrides, PresetError, names, read

RUN = '[[runs]]\noptimizer = "Adam"\n'
NETWORK = '[network]\nkind = "simple"\n'


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_least_preset_takes_every_default(written):
    preset = read(written(NETWORK + RUN))
    assert preset.data.kind == "gaussian"
    assert (preset.data.n, preset.data.d_in) == (100, 10)
    assert isinstance(preset.network, SimpleNetwork)
    assert preset.training.steps == 1000
    (run,) = preset.runs
    assert (run.name, run.optimizer, run.lr) == ("adam", "Adam", 1e-3)
    assert run.arguments.betas == (0.9, 0.999)


def test_learning_rate_that_is_not_given_is_torchs_own(written):
    preset = read(written(NETWORK + '[[runs]]\noptimizer = ["SGD", "Adagrad", "Adadelta"]\n'))
    assert [run.lr for run in preset.runs] == [1e-3, 1e-2, 1.0]


def test_every_pair_of_two_lists_makes_a_run(written):
    text = NETWORK + '[[runs]]\noptimizer = ["Adam", "SGD"]\nlr = [0.01, 3e-4]\n'
    preset = read(written(text))
    assert [(run.name, run.optimizer, run.lr) for run in preset.runs] == [
        ("adam-0.01", "Adam", 0.01),
        ("adam-0.0003", "Adam", 3e-4),
        ("sgd-0.01", "SGD", 0.01),
        ("sgd-0.0003", "SGD", 3e-4),
    ]


def test_a_given_name_stands_in_front_of_what_tells_its_runs_apart(written):
    text = NETWORK + '[[runs]]\nname = "mine"\noptimizer = "SGD"\nlr = [0.1, 1]\n'
    assert [run.name for run in read(written(text)).runs] == ["mine-0.1", "mine-1"]


def test_names_that_nobody_gave_become_unique(written):
    text = NETWORK + (
        '[[runs]]\noptimizer = "SGD"\nlr = 0.1\n'
        '[[runs]]\noptimizer = "SGD"\nlr = 0.3\n'
        '[[runs]]\noptimizer = "SGD"\nlr = 0.3\nmomentum = 0.9\n'
        '[[runs]]\nname = "adam"\noptimizer = "Adam"\n'
        '[[runs]]\noptimizer = "Adam"\nlr = 0.5\n'
    )
    assert [run.name for run in read(written(text)).runs] == [
        "sgd-0.1", "sgd-0.3", "sgd-0.3-2", "adam", "adam-0.5",
    ]  # fmt: skip


def test_a_runs_own_network_lies_over_the_common_one(written):
    text = (
        '[network]\nkind = "sparse"\ndict_size = 7\nl1_coefficient = 0.5\n'
        '[[runs]]\noptimizer = "SGD"\nname = "a"\n'
        '[[runs]]\noptimizer = "SGD"\nname = "b"\nnetwork.penalty = "mean"\n'
        '[[runs]]\noptimizer = "SGD"\nname = "c"\n[runs.network]\nkind = "relu"\nd_sae = 9\n'
        '[[runs]]\noptimizer = "SGD"\nname = "d"\nnetwork.kind = "simple"\n'
    )
    a, b, c, d = (run.network for run in read(written(text)).runs)
    assert a == SparseNetwork(kind="sparse", dict_size=7, l1_coefficient=0.5)
    assert b == SparseNetwork(kind="sparse", dict_size=7, l1_coefficient=0.5, penalty="mean")
    assert c == ReluNetwork(kind="relu", dict_size=9, l1_coefficient=0.5)
    assert d == SimpleNetwork(kind="simple", dict_size=7)


def test_d_sae_is_another_spelling_of_dict_size(written):
    preset = read(written('[network]\nkind = "relu"\nd_sae = 12\n' + RUN))
    assert preset.network.dict_size == 12


def test_a_whole_number_is_welcome_where_a_float_is_meant(written):
    preset = read(written("[data]\nheld_out = 0\n" + NETWORK + RUN + "lr = 1\neps = 0\n"))
    assert preset.runs[0].lr == 1.0
    assert isinstance(preset.runs[0].lr, float)


def test_arguments_for_a_persons_own_code_stay_as_they_are(written):
    text = '[network]\nkind = "user"\nfactory = "m:f"\narguments = { widths = [1, 2] }\n' + RUN
    assert read(written(text)).network.arguments == {"widths": [1, 2]}


@pytest.mark.parametrize(
    ("said", "given"),
    [("", set()), ('chart = "loss"\n', {"chart"}), ('y = "log"\n', {"y"})],
)
def test_it_stays_known_what_of_the_display_was_given(written, said, given):
    display = read(written(NETWORK + RUN + "[display]\n" + said)).display
    assert display.chart == "loss"
    assert display.model_fields_set == given
    assert not read(written(NETWORK + RUN)).display.model_fields_set


def test_relative_paths_start_at_the_presets_directory(written, tmp_path):
    preset = read(written('[data]\nkind = "file"\npath = "x.npy"\n' + NETWORK + RUN))
    assert preset.directory == tmp_path
    assert preset.trusted_code


def test_a_byte_order_mark_is_no_error(tmp_path):
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (NETWORK + RUN).encode())
    assert read(str(path)).runs[0].name == "adam"


def test_the_command_line_changes_what_the_preset_says(written):
    source = written(NETWORK + "[training]\nsteps = 7\n" + RUN + '[[runs]]\noptimizer = "SGD"\n')
    preset = read(
        source,
        Overrides(seed=3, steps=5, device="cpu", lr=0.5, run_lr={"sgd": 0.1}, threads=2),
    )
    training = preset.training
    assert (training.seed, training.steps, training.device, training.threads) == (3, 5, "cpu", 2)
    assert {run.name: run.lr for run in preset.runs} == {"adam": 0.5, "sgd": 0.1}


@pytest.mark.parametrize(("said", "device"), [("", "mps"), ('"auto"', "mps"), ('"cuda"', "cuda")])
def test_a_default_device_stands_where_the_preset_says_auto(written, said, device):
    training = f"[training]\ndevice = {said}\n" if said else ""
    preset = read(written(NETWORK + training + RUN), Overrides(default_device="mps"))
    assert preset.training.device == device


@pytest.mark.parametrize("name", names())
def test_every_shipped_preset_can_be_read(name):
    preset = read(name)
    assert preset.source == name
    assert preset.title
    assert preset.about
    assert not preset.trusted_code
    assert len({run.name for run in preset.runs}) == len(preset.runs)


def test_the_shipped_presets_are_the_ones_that_are_promised():
    assert set(names()) >= {
        "article-simple", "article-sparse", "adam-edge-of-stability", "noise-floor", "collapse",
        "scale-degeneracy", "lr-too-high", "digits", "patches", "optimizer-zoo",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["article-simple", "article-sparse"])
def test_the_articles_presets_have_the_articles_settings(name):
    preset = read(name)
    assert (preset.data.n, preset.data.d_in, preset.data.batch_size) == (100, 10, 0)
    assert (preset.network.dict_size, preset.network.hidden_size) == (5, 8)
    assert preset.training.steps == 100
    assert [(run.optimizer, run.lr) for run in preset.runs] == [("Adam", 0.01), ("SGD", 0.01)]
    assert all(run.constraint == "none" and run.schedule == "constant" for run in preset.runs)
    if name == "article-sparse":
        assert (preset.network.l1_coefficient, preset.network.penalty) == (0.01, "sum")


def test_the_zoo_has_eight_optimizers():
    assert len(read("optimizer-zoo").runs) == 8


def test_reading_works_from_a_relative_path(written, tmp_path, monkeypatch):
    written(NETWORK + RUN)
    monkeypatch.chdir(tmp_path)
    assert read("mine.toml").directory == Path()
    with pytest.raises(PresetError, match="no such preset"):
        read("mine")


@pytest.mark.parametrize(
    ("more", "display", "charted"),
    [
        ("", "", "loss"),
        ('[runs.network]\nkind = "simple"\n', "", "mse"),
        ("[runs.network]\nl1_coefficient = 0.1\n", "", "mse"),
        ("[runs.network]\ndict_size = 7\n", "", "loss"),
        ('[runs.network]\nkind = "simple"\n', '[display]\nchart = "loss"\n', "loss"),
    ],
)
def test_losses_of_different_objectives_are_not_what_the_chart_opens_on(
    tmp_path: Path, more: str, display: str, charted: str
) -> None:
    runs = "".join(f'[[runs]]\nname = "{n}"\noptimizer = "SGD"\nlr = 0.1\n' for n in "ab")
    path = tmp_path / "p.toml"
    path.write_text(f'{display}[network]\nkind = "sparse"\n{runs}{more}')
    assert read(str(path)).charted == charted
