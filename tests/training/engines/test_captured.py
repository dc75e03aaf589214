"""Steps without Python: the same numbers as plain PyTorch's, and who gets them."""

import re
import textwrap

import pytest
import torch
from reading_state import weights

from dicttui.training import courtesy
from dicttui.training.engines import flat
from dicttui.training.engines.choice import NOT_READY
from dicttui.training.interventions import (
    Fork,
    MoveToDevice,
    ResetOptimizer,
    Restart,
    SetLearningRate,
    Undo,
)
from dicttui.training.snapshot import View

RUNS = {
    "sgd": 'optimizer = "SGD"',
    "momentum": 'optimizer = "SGD"\nmomentum = 0.9\ndampening = 0.1\nweight_decay = 0.01',
    "nesterov": 'optimizer = "SGD"\nmomentum = 0.9\nnesterov = true',
    "maximize": 'optimizer = "SGD"\nmaximize = true\nlr = 1e-6',
    "adam": 'optimizer = "Adam"\ndictionary_lr_scale = 0.3',
    "adam-decay": 'optimizer = "Adam"\nweight_decay = 0.01\nschedule = "cosine"\nwarmup_steps = 20',
    "adamw": 'optimizer = "AdamW"\nclip_grad_norm = 0.5',
    "amsgrad": 'optimizer = "AdamW"\namsgrad = true\nconstraint = "unit_norm"',
    "rmsprop": 'optimizer = "RMSprop"\nconstraint = "max_norm"\nmax_norm = 0.9',
    "centered": 'optimizer = "RMSprop"\ncentered = true\nmomentum = 0.5\nproject = "gradient"\n'
    'constraint = "unit_norm"',
    "adagrad": 'optimizer = "Adagrad"\nlr_decay = 0.01\nproject = "update"',
    "adagrad-warm": 'optimizer = "Adagrad"\nschedule = "linear"\nwarmup_steps = 5\n'
    "clip_grad_norm = 0.1",
}
NETWORKS = {
    "full batch": '[network]\nkind = "sparse"\n',
    "minibatches": '[data]\nn = 90\nd_in = 7\nbatch_size = 13\n[network]\nkind = "relu"\n'
    "dict_size = 33\nl1_coefficient = 0.1\n",
    "fresh samples": '[data]\nkind = "planted"\nfresh = true\nd_in = 8\nn_atoms = 16\n'
    'batch_size = 16\n[network]\nkind = "relu"\ndict_size = 16\nl1_coefficient = 0.1\n',
}


def preset(network: str, engine: str, runs: dict[str, str], steps: int = 10_000) -> str:
    lines = [network, f'[training]\nsteps = {steps}\nseed = 3\nengine = "{engine}"\n']
    for name, keys in runs.items():
        lr = "" if "\nlr" in keys else "lr = 0.01\n"
        lines.append(f'[[runs]]\nname = "{name}"\n{lr}{keys}\n')
    return "".join(lines)


def captured(session, most: int = 60):
    """The session, once all its runs that can have the faster engine have it."""
    for _ in range(most):
        session.advance(1)
        runs = session.latest().runs
        if not any(run.engine_detail in ("", NOT_READY) for run in runs
                   if run.engine == "eager"):  # fmt: skip
            return session
    raise AssertionError([(run.name, run.engine, run.engine_detail) for run in runs])


def both(open_session, network: str, runs: dict[str, str]):
    """Two sessions of one preset at the same step: with the faster engine, and without."""
    fast = captured(open_session(preset(network, "auto", runs)))
    slow = open_session(preset(network, "eager", runs))
    slow.advance(fast.latest().runs[0].step)
    return fast, slow


def assert_same(fast, slow, *, fired: bool = True):
    for one, other in zip(
        fast._trainer.experiment.runs, slow._trainer.experiment.runs, strict=True
    ):
        assert one.step == other.step
        # As text, in which nan is nan.
        last = [repr(run.past.losses.series().last) for run in (one, other)]
        assert last[0] == last[1], one.name
        assert repr(weights(one)) == repr(weights(other)), one.name
        last_fired = [run.trainable.deadness.last_fired for run in (one, other)]
        assert not fired or torch.equal(*last_fired), one.name


def test_a_chunk_ends_early_where_somebody_cannot_wait_and_all_runs_at_one_step(
    open_session, monkeypatch
):
    runs = {name: RUNS[name] for name in ("adam", "momentum")}
    fast, slow = both(open_session, NETWORKS["full batch"], runs)
    trainer = fast._trainer
    chunks, whole = [], trainer._chunk_of_steps
    monkeypatch.setattr(
        trainer, "_chunk_of_steps", lambda *a, **k: chunks.append(whole(*a, **k)) or chunks[-1]
    )
    monkeypatch.setattr(trainer._chunks, "size", 100)
    monkeypatch.setattr(courtesy, "stand_aside", lambda: 0.0)
    courtesy.ask()
    try:
        fast.advance(100)
    finally:
        courtesy.done()
    assert sum(chunks) == 100
    assert len(chunks) > 2
    slow.advance(100)
    assert_same(fast, slow)


def test_pictures_come_though_somebody_always_asks(open_session, monkeypatch):
    session = captured(open_session(preset(NETWORKS["full batch"], "auto", {"adam": RUNS["adam"]})))
    trainer = session._trainer
    monkeypatch.setattr(trainer._chunks, "size", 100)
    monkeypatch.setattr(courtesy, "stand_aside", lambda: 0.0)
    session.view(View(refresh=50.0))
    before, seen = session.latest(), []
    courtesy.ask()

    def closing():
        seen.append(session.latest())
        return measured_later() or len(seen) > 100_000

    def measured_later():
        then, now = before.runs[0].metrics_step, seen[-1].runs[0].metrics_step
        return seen[-1].sequence > before.sequence + 3 and now > then

    monkeypatch.setattr(type(trainer._mailbox), "closing", property(lambda _: closing()))
    trainer.train()
    courtesy.done()
    assert measured_later()


FAMILIES = {
    "relu": "l1_warm_up_steps = 30\nscale_sparsity_penalty_by_decoder_norm = true",
    "topk": "k = 2\nauxk_alpha = 1.0\nk_aux = 3",
    "batch_topk": "k = 2",
    "matryoshka": "k = 2\nwidths = [4, 8]\nauxk_alpha = 0.1",
    "jump_relu": "pre_act_loss_coefficient = 0.1",
    "gated": "l1_coefficient = 0.5",
    "lista": "iterations = 3",
    "lista-learned": "iterations = 3\ntied = false",
}


def test_every_family_is_captured_with_what_it_counts_from_step_to_step(open_session):
    of_runs = {
        name: f'optimizer = "Adam"\nema_decay = 0.9\nresample_every = 50\n[runs.network]\n'
        f'kind = "{name.removesuffix("-learned")}"\n{keys}'
        for name, keys in FAMILIES.items()
    }
    data = NETWORKS["fresh samples"].replace("l1_coefficient = 0.1\n", "")
    window = "[training]\ndead_feature_window = 10\n"
    texts = [
        preset(data, engine, of_runs).replace("[training]\n", window)
        for engine in ("auto", "eager")
    ]
    fast, slow = captured(open_session(texts[0])), open_session(texts[1])
    fast.advance(60)  # past a resampling
    slow.advance(fast.latest().runs[0].step)
    assert {run.engine for run in fast.latest().runs} == {"captured"}
    assert_same(fast, slow)
    for one, other in zip(
        fast._trainer.experiment.runs, slow._trainer.experiment.runs, strict=True
    ):
        kept = [dict(run.trainable.network.named_buffers()) for run in (one, other)]
        assert kept[0].keys() == kept[1].keys() != set()
        assert all(torch.equal(kept[0][key], kept[1][key]) for key in kept[0]), one.name


@pytest.mark.parametrize(("place", "network"), enumerate(NETWORKS))
def test_losses_weights_and_firing_are_eagers_to_the_bit(open_session, monkeypatch, place, network):
    monkeypatch.setattr(flat, "BLOCK", 64)  # so that these small networks have several
    # A third of them each: every option meets one of the ways in which batches come.
    some = dict(list(RUNS.items())[place :: len(NETWORKS)])
    fast, slow = both(open_session, NETWORKS[network], some)
    assert {run.engine for run in fast.latest().runs} == {"captured"}
    assert {run.engine for run in slow.latest().runs} == {"eager"}
    for count in (1, 2, 37, 120):
        fast.advance(count)
        slow.advance(count)
    assert_same(fast, slow)


def test_what_a_person_does_meanwhile_changes_nothing_of_that(open_session):
    some = {name: RUNS[name] for name in ("momentum", "adam")}
    fast, slow = both(open_session, NETWORKS["minibatches"], some)
    for intervention in (
        SetLearningRate("adam", lr=0.003, group="dictionary"),
        SetLearningRate(None, factor=0.5, group="both"),
        ResetOptimizer("adam"),
        Undo("adam"),
        Fork("adam", lr=0.02),
        Fork("momentum", optimizer="RMSprop"),
        Restart("momentum"),
        Undo("momentum"),
    ):
        for session in (fast, slow):
            session.submit(intervention)
            session.advance(25)
    captured(fast)
    slow.advance(fast.latest().runs[0].step - slow.latest().runs[0].step)
    for session in (fast, slow):
        session.advance(50)
    assert {run.engine for run in fast.latest().runs} == {"captured"}
    answers = {receipt.id: receipt.status for receipt in fast.receipts(0)}
    assert list(answers.values()) == ["applied"] * 8
    assert_same(fast, slow)


def test_a_divergence_is_found_at_the_same_step_with_the_same_words(open_session):
    wild = {"wild": 'optimizer = "SGD"\nlr = 0.05\nmomentum = 0.999'}
    fast, slow = both(open_session, NETWORKS["full batch"], wild)
    for session in (fast, slow):
        session.submit(SetLearningRate("wild", lr=900.0))
        session.advance(400)
    one, other = fast.latest().runs[0], slow.latest().runs[0]
    assert one.state == other.state == "diverged"
    assert (one.step, one.state_detail) == (other.step, other.state_detail)
    assert_same(fast, slow)


def test_the_gradient_of_an_l1_penalty_is_added_in_one_operation(open_session):
    fast, slow = both(open_session, NETWORKS["full batch"], {"adam": RUNS["adam"]})
    run = fast._trainer.experiment.runs[0]
    source = run.engine.now(run.trainable)._script.source
    coefficient = torch.tensor(run.trainable.network.l1_coefficient).item()
    (signs,) = re.findall(r"aten\.sgn\(v\d+, out=(v\d+)\)", source)
    assert re.search(rf"aten\.add\(v\d+, {signs}, alpha={coefficient}", source)
    assert source.count(signs) == 3  # where it lies, is made, and is added
    for session in (fast, slow):
        session.advance(50)
    assert_same(fast, slow)


def test_a_run_that_ended_too_soon_says_so(open_session):
    session = open_session(preset(NETWORKS["full batch"], "auto", {"adam": RUNS["adam"]}, steps=3))
    session.advance(3)
    run = session.latest().runs[0]
    assert (run.state, run.engine) == ("finished", "eager")
    assert run.engine_detail == "it ended before a faster engine was ready"


OWN = """
import torch
from torch import nn
from torch.nn.functional import mse_loss
from dicttui.networks.protocol import Output


class Own(nn.Module):
    def __init__(self, d_in):
        super().__init__()
        self.dictionary = nn.Parameter(torch.randn(6, d_in))
        self.encoder = nn.Linear(d_in, 6)
        self.drop, self.norm = nn.Dropout(0.1), nn.BatchNorm1d(6)
        self.calls, self.scale = 0, torch.ones(6)
        self.other_way = self.dictionary.detach()

    def forward(self, x):
        code = self.code(self.encoder(x))
        return Output(code @ self.dictionary, code)

    def loss_terms(self, x, output):
        return {"error": mse_loss(output.reconstruction, x)}

    def code(self, z):
        return torch.relu(z)

"""


def own_session(open_session, tmp_path, name: str, code: str, engine: str = "auto"):
    body = textwrap.indent(textwrap.dedent(code), "        ")
    own = OWN
    if "other_way" not in code:
        own = own.replace("        self.other_way = self.dictionary.detach()\n", "")
    (tmp_path / f"{name}.py").write_text(f"{own}    def code(self, z):\n{body}\n")
    network = f'[network]\nkind = "user"\nfactory = "{name}:Own"\n'
    return open_session(preset(network, engine, {"adam": RUNS["adam"]}))


@pytest.mark.parametrize(
    ("name", "code"),
    ids=lambda value: value if value.startswith("own_") else "",
    argvalues=[
        (
            "own_top_k",
            """
            kept = z.topk(3, dim=1)
            return torch.zeros_like(z).scatter_(1, kept.indices, kept.values.relu())
            """,
        ),
        ("own_in_place", "z = z * self.scale\nz.clamp_(min=0.1).mul_(2.0)\nreturn z - 0.2"),
        ("own_where", "return torch.where(z > 0.5, z, torch.zeros_like(z)) + 0 * z.mean()"),
        (
            "own_pieces",
            "a, b = z.chunk(2, dim=1)\nreturn torch.cat([torch.tanh(a), b.abs().sqrt()], dim=1)",
        ),
    ],
)
def test_a_persons_own_network_is_captured_too(open_session, tmp_path, name, code):
    fast = captured(own_session(open_session, tmp_path, name, code))
    assert [run.engine for run in fast.latest().runs] == ["captured"]
    slow = own_session(open_session, tmp_path, name, code, "eager")
    slow.advance(fast.latest().runs[0].step)
    for session in (fast, slow):
        session.advance(100)
    assert_same(fast, slow)


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    ids=lambda value: value if value.startswith("own_") else "",
    argvalues=[
        ("own_dropout", "return self.drop(z)", "random numbers"),
        ("own_norm", "return self.norm(z)", "buffer"),
        ("own_branch", "return z if z.sum() > 0 else -z", "looks at a number"),
        ("own_count", "self.calls += 1\nreturn z", "changes in every step (module.calls)"),
        ("own_shape", "return z * z[z > 0].numel()", "depends on the data"),
        (
            "own_warm_up",
            "n = self.__dict__.setdefault('n', []); n.append(0)\nreturn z * (1 + 0.1 * len(n))",
            "its module changes in every step (module.n, its length)",
        ),
        ("own_view", "return z @ (self.other_way @ self.other_way.T)", "second view"),
        ("own_numpy", "return z * float(z.detach().numpy().max())", "past torch's operations"),
        ("own_list", "return z if max(z.tolist()[0]) < 1e9 else -z", "past torch's operations"),
        (
            "own_listed_view",
            "v = self.__dict__.setdefault('v', [self.dictionary.detach()])\n"
            "return z @ (v[0] @ v[0].T)",
            "second view",
        ),
        (
            "own_gradient_hook",
            "if not self.dictionary._backward_hooks:\n"
            "    self.dictionary.register_hook(lambda g: g / 2)\nreturn z",
            "has hooks",
        ),
        (
            "own_python_random",
            "import random\nreturn z if random.random() < 2 else -z",
            "draws random numbers",
        ),
        (
            "own_class_count",
            "Own.seen = getattr(Own, 'seen', 0) + 1\nreturn z if Own.seen < 1e9 else -z",
            "changes in every step",
        ),
        ("own_product", "return z * z.prod(1, keepdim=True)", "differentiates prod otherwise"),
        ("own_transposed", "w = z.detach().clone(); w.t_()\nreturn z + 0 * w.T", "shape in place"),
    ],
)
def test_what_cannot_be_captured_stays_eager_and_says_why(
    open_session, tmp_path, name, code, reason
):
    session = captured(own_session(open_session, tmp_path, name, code))
    (run,) = session.latest().runs
    assert run.engine == "eager"
    assert reason in run.engine_detail
    session.advance(10)
    assert session.latest().runs[0].state == "running"


def test_an_operation_that_torchscript_cannot_write_to_given_memory_is_captured_too(
    open_session, tmp_path
):
    session = captured(own_session(open_session, tmp_path, "own_max", "return z / z.abs().max()"))
    assert session.latest().runs[0].engine == "captured"


def test_a_captured_step_that_fails_is_found_by_eager_steps(open_session, tmp_path):
    code = """
    reached = (self.encoder.weight.detach().abs().max() * 3).long().reshape(1)
    return z + self.scale.index_select(0, reached)
    """
    ended = []
    for engine in ("auto", "eager"):
        session = own_session(open_session, tmp_path, f"own_failing_{engine}", code, engine)
        if engine == "auto":
            captured(session)
            before = session.latest().runs[0].step
        else:
            session.advance(before)
        session.submit(SetLearningRate("adam", lr=3.0))
        session.advance(200)
        ended.append(session)
    one, other = (session.latest().runs[0] for session in ended)
    assert other.state == "failed"
    assert (one.state, one.step, one.state_detail) == ("failed", other.step, other.state_detail)
    assert "failed" in one.engine_detail
    # Which atoms fired is written down at the end of a chunk, which this run did not see.
    assert_same(*ended, fired=False)


def test_looking_for_a_faster_engine_draws_nothing_from_the_random_stream(open_session, tmp_path):
    sessions = [
        own_session(open_session, tmp_path, "own_dropout_2", "return self.drop(z)", engine)
        for engine in ("auto", "eager")
    ]
    for session in sessions:
        for _ in range(20):
            session.advance(1)
    assert_same(*sessions)


def test_buffers_that_a_restart_writes_to_are_the_runs_own(open_session, tmp_path):
    code = """
    if torch.is_grad_enabled() and not self.calls:
        self.calls = 1
        self.norm.running_mean.copy_(z.detach().mean(0) + 1)
    return z - self.norm.running_mean
    """
    fast = captured(own_session(open_session, tmp_path, "own_offset", code))
    assert fast.latest().runs[0].engine == "captured"
    slow = own_session(open_session, tmp_path, "own_offset_2", code, "eager")
    slow.advance(fast.latest().runs[0].step)
    for session in (fast, slow):
        session.submit(Restart("adam"))
        session.advance(50)
    assert_same(fast, slow)


def test_optimizers_that_are_not_known_stay_eager(open_session):
    session = captured(
        open_session(preset(NETWORKS["full batch"], "auto", {"r": 'optimizer = "Rprop"'}))
    )
    assert "Rprop" in session.latest().runs[0].engine_detail


def test_eager_can_be_asked_for(open_session):
    session = open_session(preset(NETWORKS["full batch"], "eager", {"sgd": RUNS["sgd"]}))
    for _ in range(20):
        session.advance(2)
    (run,) = session.latest().runs
    assert (run.engine, run.engine_detail) == ("eager", "as asked for")


def test_a_run_that_comes_back_from_another_device_is_captured_anew(open_session):
    some = {"adam": RUNS["adam"], "sgd": RUNS["sgd"]}
    fast, slow = both(open_session, NETWORKS["minibatches"], some)
    for device, engine in (("sim:0", "eager"), ("cpu", "captured")):
        for session in (fast, slow):
            session.submit(MoveToDevice(device, "adam"))
            session.advance(5)
        captured(fast)
        slow.advance(fast.latest().runs[0].step - slow.latest().runs[0].step)
        assert [run.engine for run in fast.latest().runs] == [engine, "captured"]
    for session in (fast, slow):
        session.advance(50)
    assert_same(fast, slow)
