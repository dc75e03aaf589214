"""`dicttui diagnose` and `dicttui sweep`: what they write, and their exit statuses."""

import json

QUICK = ("--no-tests", "--tier", "economy")


def test_a_healthy_run(dicttui):
    ended = dicttui(
        "diagnose", "article-simple", "--run", "adam", "--steps", "600", "--json", *QUICK
    )
    assert ended.status == 0
    assert ended.err == ""
    found = json.loads(ended.out)
    assert found["experiment"]["verdict"] == "none"
    (run,) = found["runs"]
    assert run["run"] == "adam"
    assert [finding["cause"] for finding in run["findings"]] == ["healthy"]


def test_the_articles_sparse_network(dicttui):
    ended = dicttui("diagnose", "article-sparse", "--steps", "60", *QUICK)
    assert ended.status == 3
    assert ended.err == ""
    first = ended.out.splitlines()[0]
    assert first.startswith("Is it the optimizer?")
    assert "penalty is summed over the batch" in ended.out
    assert 'penalty = "mean"' in ended.out


def test_a_remedy_that_was_tried(dicttui, small, monkeypatch):
    from dicttui.diagnosis import trials

    for name in ("FEWEST_STEPS", "FEWEST_ANEW", "FEWEST_FALLING"):
        monkeypatch.setattr(trials, name, 20)
    ended = dicttui("diagnose", small(60), "--run", "adam", "--json", "--tier", "economy")
    assert ended.status == 3
    (run,) = json.loads(ended.out)["runs"]
    assert {finding["status"] for finding in run["findings"]} <= {
        "suspected", "confirmed", "refuted",
    }  # fmt: skip
    tried = [finding for finding in run["findings"] if finding["effect"]]
    assert tried
    assert tried[0]["effect"]["steps"] > 0


def test_a_recorded_experiment_and_a_run_of_it(dicttui, small, listed):
    dicttui("train", small(60))
    (recorded,) = listed()
    name = recorded["id"]
    both = dicttui("diagnose", name, "--json", *QUICK)
    assert both.status == 3
    assert [run["run"] for run in json.loads(both.out)["runs"]] == ["adam", "sgd"]
    one = dicttui("diagnose", f"{name}/sgd", *QUICK)
    assert one.status == 3
    assert "sgd, after 60 steps" in one.out
    assert "adam, after" not in one.out
    nobody = dicttui("diagnose", f"{name}/nobody", *QUICK)
    assert nobody.status == 2
    assert nobody.err == (
        f"{name}: no run is called 'nobody' at its newest checkpoint; allowed: adam, sgd\n"
    )
    trained = dicttui("diagnose", name, "--steps", "5")
    assert trained.status == 2
    assert "--steps" in trained.err
    assert listed() == [recorded]


def test_what_cannot_be_diagnosed(dicttui):
    neither = dicttui("diagnose", "article-simpel")
    assert neither.status == 2
    assert neither.out == ""
    assert 'did you mean "article-simple"?' in neither.err
    assert "no recorded experiment 'article-simpel'" in neither.err
    nobody = dicttui("diagnose", "article-simple", "--run", "nobody")
    assert nobody.status == 2
    assert nobody.err == 'command line: --run: no run is called "nobody"; allowed: adam, sgd\n'
    nowhere = dicttui("diagnose", "article-simple", "--device", "cuda:99")
    assert nowhere.status == 2
    assert nowhere.err.startswith("article-simple: device 'cuda:99'")


def test_runs_that_all_fail(dicttui, tmp_path):
    (tmp_path / "broken.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self, d_in):\n"
        "        super().__init__()\n"
        "        self.dictionary = torch.nn.Parameter(torch.randn(3, d_in))\n"
        "        self.steps = 0\n"
        "    def forward(self, x):\n"
        "        code = x @ self.dictionary.T\n"
        "        return code @ self.dictionary, code\n"
        "    def loss_terms(self, x, output):\n"
        "        self.steps += 1\n"
        "        if self.steps > 3: raise RuntimeError('enough')\n"
        "        return {'error': (x - output[0]).square().mean()}\n"
    )
    path = tmp_path / "broken.toml"
    path.write_text(
        '[network]\nkind = "user"\nfactory = "broken:Net"\n[training]\nsteps = 20\n'
        '[[runs]]\noptimizer = "SGD"\nlr = 0.01\n'
    )
    ended = dicttui("diagnose", str(path), *QUICK)
    assert ended.status == 1
    assert "enough" in ended.err


def test_a_sweep(dicttui, small):
    ended = dicttui("sweep", small(10), "--rates", "2", "--seeds", "1", "--json")
    assert ended.status == 0
    found = json.loads(ended.out)
    assert (found["steps"], found["seeds"], found["measure"]) == (10, [0], "loss")
    assert [run["run"] for run in found["runs"]] == ["adam", "sgd"]
    shown = dicttui("sweep", small(10), "--run", "sgd", "--rates", "2", "--seeds", "1", "--ascii")
    assert shown.status == 0
    assert shown.out.isascii()
    assert "loss against learning rate:   o sgd" in shown.out
    assert dicttui("sweep", small(10), "--run", "nobody").status == 2
