"""Reading presets: what is said although something else is wrong in the same place."""

import pytest

RUN = '[[runs]]\noptimizer = "Adam"\n'
NETWORK = '[network]\nkind = "simple"\n'
NAMED = '[[runs]]\nname = "a"\noptimizer = "Adam"\n'


@pytest.mark.parametrize(
    ("kind", "rest", "places"),
    [
        (
            'kind = "spares"',
            'dict_size = -1\nl1_coefficient = "a"\nfoo = 3\npenalty = "sun"',
            ["dict_size", "foo", "l1_coefficient", "penalty"],
        ),
        # d_sae and factory are keys of other kinds than the one that is meant.
        ('kind = "spares"', 'd_sae = 0\nfactory = "nowhere"', ["d_sae", "factory"]),
        ('kind = "spares"', 'd_sae = 3\nfactory = "m:f"', []),
        ('kind = "usr"', "init = 1", ["init"]),
        ('kind = "simple-sparse"', 'dict_size = 2.5\npenalty = "mean"', ["dict_size"]),
        ("kind = 3", "dict_size = 0\nl1_coefficient = 1", ["dict_size"]),
        ("", "dict_size = 0\nl1_coefficient = 1", ["dict_size"]),
    ],
)
def test_values_are_checked_although_the_kind_is_not_known(errors, kind, rest, places):
    told = errors(f"[network]\n{kind}\n{rest}\n{RUN}")
    assert told[0].startswith("mine.toml: network.kind: ")
    assert sorted(line.split(": ")[1] for line in told[1:]) == [f"network.{key}" for key in places]


def test_a_value_is_refused_in_the_words_of_the_kind_that_is_meant(errors):
    assert errors('[network]\nkind = "spares"\nl1_coefficient = "a"\n' + RUN)[1:] == [
        'mine.toml: network.l1_coefficient: "a" is not allowed; allowed: a number, at least 0'
    ]


@pytest.mark.parametrize(
    ("rest", "places"),
    [
        ("n = 0\nnoise = -1", ["n", "noise"]),
        ("held_out = 1.5", ["held_out"]),
        # What several keys must keep together depends on the kind, which is not known.
        ("mean_l0 = 500\nfresh = true", []),
        ("batch_size = 100000", []),
    ],
)
def test_only_single_values_are_checked_where_the_kind_of_data_is_not_known(errors, rest, places):
    told = errors(f'[data]\nkind = "plantd"\n{rest}\n{NETWORK}{RUN}')
    assert told[0].startswith('mine.toml: data.kind: "plantd" is not known')
    assert [line.split(": ")[1] for line in told[1:]] == [f"data.{key}" for key in places]


def test_values_of_a_runs_own_network_are_checked_although_the_kind_is_not_known(errors):
    told = errors(
        '[network]\nkind = "spares"\n'
        '[[runs]]\noptimizer = "Adam"\nnetwork.dict_size = 0\n'
        '[[runs]]\noptimizer = "Adam"\nnetwork.kind = "rel"\nnetwork.dict_size = "many"\n'
    )
    assert [line.split(": ")[1] for line in told] == [
        "network.kind", "runs[0].network.dict_size", "runs[1].network.kind",
        "runs[1].network.dict_size",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "others"),
    [
        (NETWORK + NAMED * 2 + RUN + "lr = -1\n", ["runs[2].lr"]),
        (NETWORK + NAMED + "lr = -1\n" + NAMED, ["runs[0].lr"]),
        (NETWORK + NAMED + NAMED + 'eps = "a"\n', ["runs[1].eps"]),
        (NETWORK + NAMED + NAMED + "network.dict_size = 0\n", ["runs[1].network.dict_size"]),
        (NETWORK + NAMED + NAMED.replace("Adam", "Adma"), ["runs[1].optimizer"]),
        ('[network]\nkind = "spares"\n' + NAMED * 2, ["network.kind"]),
        (NETWORK + (NAMED + "lr = [0.1, -1]\n") * 2, ["runs[0].lr[1]", "runs[1].lr[1]"]),
    ],
)
def test_a_name_given_twice_is_told_beside_other_errors(errors, text, others):
    told = [line.split(": ")[1] for line in errors(text)]
    assert sorted(told) == sorted([*others, "runs[1].name"])


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (NETWORK + (NAMED + "lr = [0.1, 0.1]\n"), ["runs[0].lr[1]"]),
        (NETWORK + (NAMED + 'lr = ["x", "y"]\n'), ["runs[0].lr[0]", "runs[0].lr[1]"]),
        (
            NETWORK + NAMED.replace('"a"', '"a b"') + NAMED.replace('"a"', '"c d"'),
            ["runs[0].name", "runs[1].name"],
        ),
    ],
)
def test_wrong_values_are_not_told_as_names_given_twice(errors, text, places):
    assert [line.split(": ")[1] for line in errors(text)] == places
