"""The preset in a report is a file that gives the experiment again."""

import pytest

from dicttui.preset.reading import Overrides, names, read
from dicttui.preset.resolved import dumped
from dicttui.report.preset_toml import toml


def again(preset, tmp_path):
    path = tmp_path / "again.toml"
    path.write_text(toml(preset), encoding="utf-8")
    return read(str(path))


def same(preset):
    table = dumped(preset)
    # Where a preset came from is not what it says; a file's display may say what is the default.
    return {key: table[key] for key in ("title", "about", "data", "network", "training", "runs")}


@pytest.mark.parametrize("name", names())
def test_every_shipped_preset_comes_back(name, tmp_path):
    preset = read(name, Overrides(seed=7, steps=123, lr=0.025))
    assert same(again(preset, tmp_path)) == same(preset)


def test_words_that_would_be_syntax_stay_words(tmp_path):
    preset = read("article-simple").model_copy(
        update={"title": 'a "b" \\ c\x07\u202e # [d]', "about": 'one\n"""two"""\n\\three'}
    )
    assert same(again(preset, tmp_path)) == same(preset)


def test_a_network_of_ones_own_with_arguments(tmp_path):
    (tmp_path / "mine.toml").write_text(
        '[network]\nkind = "user"\nfactory = "mynet:tied"\n'
        'arguments = { n_atoms = 48, "a key" = [1, 2.5, true], deep = { x = "y" } }\n'
        '[[runs]]\noptimizer = ["Adam", "Adafactor"]\nlr = 0.01\n'
        '[[runs]]\noptimizer = "SGD"\nlr = 0.1\n[runs.network]\nkind = "relu"\n'
    )
    preset = read(str(tmp_path / "mine.toml"))
    assert same(again(preset, tmp_path)) == same(preset)
