"""Reading presets: what is said about a wrong one."""

import pytest

from dicttui.preset.reading import Overrides, PresetError, read

RUN = '[[runs]]\noptimizer = "Adam"\n'
NETWORK = '[network]\nkind = "simple"\n'


def test_every_error_is_told_at_once(errors):
    told = errors("""
        titel = "x"
        [data]
        kind = "planted"
        n = "5"
        mean_l0 = 100
        fresh = true
        path = "x.npy"
        [network]
        kind = "sparse"
        dict_size = true
        foo = 3
        [training]
        steps = 1.5
        sed = 3
        [display]
        y = "logarithmic"
        [[runs]]
        optimzer = "Adam"
        [[runs]]
        optimizer = "adam"
        lr = -1
        [[runs]]
        optimizer = "Adam"
        name = "a b"
        betas = [0.9, 1.5]
        lr = [0.1, "x"]
        [runs.network]
        l1_coefficient = -1
    """)
    places = [line.removeprefix("mine.toml: ").split(": ")[0] for line in told]
    assert sorted(places) == sorted([
        "titel", "data.n", "data.mean_l0", "data.fresh", "data.path", "network.dict_size",
        "network.foo", "training.steps", "training.sed", "display.y", "runs[0].optimzer",
        "runs[1].optimizer", "runs[1].lr", "runs[2].name", "runs[2].betas", "runs[2].lr[1]",
        "runs[2].network.l1_coefficient",
    ])  # fmt: skip
    assert all(line.startswith("mine.toml: ") for line in told)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            NETWORK + '[[runs]]\noptimzer = "Adam"\n',
            'runs[0].optimzer: unknown key; did you mean "optimizer"?',
        ),
        (
            NETWORK + "[[runs]]\nlr = 1\n",
            "runs[0].optimizer: missing; allowed: SGD, Adam",
        ),
        (
            NETWORK + '[[runs]]\noptimizer = "Adma"\n',
            'runs[0].optimizer: "Adma" is not known; did you mean "Adam"? allowed: "SGD", "Adam"',
        ),
        (
            NETWORK + RUN + 'lr = "0.01"\n',
            'runs[0].lr: "0.01" is not allowed; allowed: a number, at least 1e-12 and at most 1000',
        ),
        (NETWORK + RUN + "lr = true\n", "runs[0].lr: true is not allowed; allowed: a number"),
        (NETWORK + RUN + "lr = nan\n", "runs[0].lr: nan is not allowed; allowed: a number"),
        (NETWORK + RUN + "lr = []\n", "runs[0].lr: an empty list makes no run"),
        (NETWORK + RUN + "lr = [1, 1]\n", "runs[0].lr[1]: 1 stands in the list twice"),
        (
            NETWORK + RUN + "momentum = 0.9\n",
            'runs[0].momentum: unknown key of a run with Adam; allowed: "betas"',
        ),
        (
            NETWORK + RUN + "amsgrad = 1\n",
            "runs[0].amsgrad: 1 is not allowed; allowed: true or false",
        ),
        (
            NETWORK + RUN + 'schedule = "warmup"\n',
            'runs[0].schedule: "warmup" takes no steps; allowed: with warmup_steps of at least 1',
        ),
        (
            NETWORK + (RUN + 'name = "a"\n') * 2,
            'runs[1].name: "a" is the name of runs[0] too; allowed: each name once',
        ),
        (NETWORK + RUN + "network = 3\n", "runs[0].network: 3 is not allowed; allowed: a table"),
        (
            NETWORK + "[runs]\n",
            "runs: a table is not allowed; allowed: one or more tables, [[runs]]",
        ),
        (NETWORK, "runs: missing; allowed: one or more tables, [[runs]]"),
        ("runs = [3]\n" + NETWORK, "runs[0]: 3 is not allowed; allowed: a table, [[runs]]"),
        (NETWORK + RUN * 17, "runs: 17 runs; allowed: at most 16"),
        (RUN, 'network: missing; allowed: a table with kind = "simple", "sparse"'),
        ("[network]\n" + RUN, 'network.kind: missing; allowed: "simple", "sparse"'),
        (
            '[network]\nkind = "spares"\n' + RUN,
            'network.kind: "spares" is not known; did you mean "sparse"? allowed: "simple"',
        ),
        (
            NETWORK + "d_sae = 3\n" + RUN,
            'network.d_sae: unknown key of kind "simple"; allowed: with kind = "relu"',
        ),
        (
            '[network]\nkind = "relu"\nd_sae = 3\ndict_size = 4\n' + RUN,
            'network.dict_size: "d_sae" and "dict_size" are the same; allowed: one of them',
        ),
        (
            '[network]\nkind = "user"\nfactory = "nowhere"\n' + RUN,
            'network.factory: "nowhere" is not allowed; '
            'allowed: a text in quotes of the form "package.module:callable"',
        ),
        (
            '[network]\nkind = "user"\n' + RUN,
            "network.factory: missing; allowed: a text in quotes of the form",
        ),
        (
            "[data]\nbatch_size = 101\n" + NETWORK + RUN,
            "data.batch_size: 101 is more than there are samples; "
            "allowed: 0 (full batch) to n (100)",
        ),
        (
            '[data]\nkind = "digits"\nbatch_size = 1700\nheld_out = 0.1\n' + NETWORK + RUN,
            "data.batch_size: 1700 is more than is left of 1797 samples",
        ),
        (
            '[data]\nkind = "patches"\nn = 50\nheld_out = 50\n' + NETWORK + RUN,
            "data.held_out: 50 leaves nothing to train on; allowed: fewer than n (50)",
        ),
        (
            "[data]\nheld_out = 1.5\n" + NETWORK + RUN,
            "data.held_out: 1.5 is neither; allowed: a share below 1 or a whole number",
        ),
        (
            '[data]\nkind = "planted"\nn_atoms = 4\nmean_l0 = 5\n' + NETWORK + RUN,
            "data.mean_l0: 5 is more than there are atoms; allowed: at most n_atoms (4)",
        ),
        (
            '[data]\nkind = "planted"\namplitude_min = 2\n' + NETWORK + RUN,
            "data.amplitude_min: 2 is above amplitude_max; allowed: at most 1.5",
        ),
        ("data = 3\n" + NETWORK + RUN, "data: 3 is not allowed; allowed: a table, [data]"),
        (
            "[data]\nbatch_size = 10\n" + NETWORK + '[[runs]]\noptimizer = ["Adam", "Rprop"]\n',
            "runs[0].optimizer: Rprop goes by the signs of whole gradients",
        ),
        (
            "[training]\nseed = 9223372036854775808\n" + NETWORK + RUN,
            "training.seed: 9223372036854775808 is not allowed; allowed: a whole number",
        ),
        (
            '[training]\ndevice = "GPU 1"\n' + NETWORK + RUN,
            'training.device: "GPU 1" is not allowed; allowed: a text in quotes such as "auto"',
        ),
        ("title = 1979-05-27\n" + NETWORK + RUN, "title: 1979-05-27 is not allowed"),
        (
            NETWORK + RUN + '[display]\nchart = "los"\n',
            'display.chart: "los" is not known; did you mean "loss"? allowed: "loss", "mse", "fvu"',
        ),
        (
            NETWORK + RUN + '[display]\nchart = "sharpness"\n',
            'display.chart: "sharpness" is not known; allowed: "loss", "mse", "fvu"',
        ),
        (
            NETWORK + RUN + "[display]\nchart = 3\n",
            'display.chart: 3 is not allowed; allowed: "loss", "mse", "fvu"',
        ),
        (
            NETWORK + RUN + 'schedule = "cosin"\n',
            'runs[0].schedule: "cosin" is not known; did you mean "cosine"? allowed: "constant"',
        ),
        (
            NETWORK + '[[runs]]\noptimizer = "Muon"\nadjust_lr_fn = "orginal"\n',
            'runs[0].adjust_lr_fn: "orginal" is not known; did you mean "original"? '
            'allowed: "original", "match_rms_adamw"',
        ),
        (
            RUN + "[runs.network]\ndict_size = 3\n",
            'network: missing; allowed: a table with kind = "simple", "sparse"',
        ),
    ],
)
def test_one_error(errors, text, expected):
    (line,) = errors(text)
    assert line.startswith(f"mine.toml: {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[data\n", "line 1, column 6: not valid TOML: "),
        ("a = 1\nb = \n", "line 2, column 5: not valid TOML: "),
        ("a = 1\na = 2\n", "line 2, column 6: not valid TOML: "),
        ('a = """x', "line 1, column 9: not valid TOML: "),
        (b"a = '\xff'\n", "byte 5: not UTF-8; allowed: a text file in UTF-8"),
        (b"", "empty; a preset has at least [network] and [[runs]]"),
        (b"# only a comment\n", "empty; a preset has at least [network] and [[runs]]"),
        ("a = " + "[" * 100_000, "not valid TOML: nested too deeply"),
    ],
)
def test_a_file_that_is_no_table(errors, text, expected):
    (line,) = errors(text)
    assert line.startswith(f"mine.toml: {expected}")


def test_problems_of_the_common_network_are_told_once(errors):
    told = errors('[network]\nkind = "simple"\ndict_size = 0\n' + RUN * 3)
    assert told == [
        "mine.toml: network.dict_size: 0 is not allowed; allowed: a whole number, at least 1"
    ]


def test_a_rule_is_checked_although_another_key_is_wrong(errors):
    told = errors(
        '[data]\nkind = "planted"\nn_atoms = 4\nmean_l0 = 5\nnoise = -1\n' + NETWORK + RUN
    )
    assert [line.split(": ")[1] for line in told] == ["data.noise", "data.mean_l0"]


def test_a_rule_about_a_wrong_value_stays_silent(errors):
    (line,) = errors('[data]\nkind = "planted"\nn_atoms = "4"\nmean_l0 = 500\n' + NETWORK + RUN)
    assert "data.n_atoms" in line


def test_errors_of_the_command_line_stand_beside_those_of_the_file(errors):
    told = errors(
        NETWORK + "[training]\nsteps = 0\n" + RUN,
        Overrides(seed=-1, lr=1e9, run_lr={"adm": 0.1}, engine="fast", device="?"),
    )
    assert [line.partition(" is not")[0] for line in told] == [
        "command line: --lr: 1000000000.0",
        'command line: --lr: no run is called "adm"; did you mean "adam"? allowed: "adam"',
        "mine.toml: training.steps: 0",
        "command line: --seed: -1",
        'command line: --device: "?"',
        'command line: --engine: "fast"',
    ]


def test_a_missing_file_and_a_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PresetError, match=r"^none\.toml: no such file$"):
        read("none.toml")
    with pytest.raises(PresetError, match=r'^digits\.toml: no such file; .*"digits"$'):
        read("digits.toml")
    with pytest.raises(PresetError, match=r"^\./: a directory; allowed: a TOML file$"):
        read("./")


def test_a_misspelt_name_brings_the_nearest():
    with pytest.raises(
        PresetError, match=r'^article-sprase: no such preset; did you mean "article-sparse"\?'
    ):
        read("article-sprase")


def test_a_persons_code_only_runs_from_a_preset_given_by_path(tmp_path, monkeypatch):
    (tmp_path / "own.toml").write_text('[network]\nkind = "user"\nfactory = "m:f"\n' + RUN)
    monkeypatch.setattr("dicttui.preset.shipped.directory", lambda: tmp_path)
    with pytest.raises(
        PresetError, match=r"^own: network\.kind: .* only in a preset given by path"
    ):
        read("own")
    assert read(str(tmp_path / "own.toml")).trusted_code


def test_what_is_said_before_a_persons_code_is_imported(tmp_path):
    from dicttui.preset.trust import code_notice

    path = tmp_path / "own.toml"
    path.write_text('[network]\nkind = "user"\nfactory = "mynet:make"\n' + RUN)
    notice = code_notice(read(str(path)))
    assert "mynet:make" in notice
    assert str(tmp_path) in notice
    assert code_notice(read("digits")) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("optimzer", "optimizer"), ("OPTIMIZER", "optimizer"), ("l", "lr"), ("lrs", "lr"),
        ("adma", "Adam"), ("clip_gradient_norm", "clip_grad_norm"), ("foo", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_misspelt_word_stands_for(word, meant):
    from dicttui.preset.wording import nearest

    known = ["optimizer", "lr", "Adamax", "Adam", "clip_grad_norm"]
    assert nearest(word, known) == meant


def test_escape_codes_of_a_preset_are_shown_and_not_obeyed(tmp_path):
    path = tmp_path / "codes.toml"
    path.write_text('"\\u001b[31m" = 1\n[network]\nkind = "simple"\n')
    with pytest.raises(PresetError) as caught:
        read(str(path))
    told = str(caught.value)
    assert "\x1b" not in told
    assert r"\x1b[31m: unknown key" in told
