"""Steps as a CUDA graph: the same training as eager's, up to rounding, whatever is done to the run.

On a machine without a GPU, a tape of operations on the simulated device stands for the graph:
recording changes nothing, and running it does the same operations on the same memory again. What
Python would have decided anew in a step is then as fixed as in a graph. With a GPU, the same tests
run on it too.
"""

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dicttui.training import devices, divergence, moments
from dicttui.training.checkpoint import Checkpoint
from dicttui.training.engines import cuda_graph, fixed
from dicttui.training.engines.eager import EagerEngine
from dicttui.training.engines.engine import CannotCaptureError, StepError
from dicttui.training.engines.graphs import CudaGraphs
from dicttui.training.interventions import Fork, MoveToDevice, SetLearningRate, Undo
from dicttui.training.simulated_device import Counters, SimulatedTensor
from dicttui.training.trainable import Rates

CPU, SIM = torch.device("cpu"), torch.device("sim", 0)
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")

PRESET = """
[data]
kind = "gaussian"
n = 64
{data}
[network]
kind = "{network}"
dict_size = 24
[training]
device = "{device}"
steps = 60
[[runs]]
name = "run"
optimizer = "{optimizer}"
lr = 0.01
dictionary_lr_scale = 0.5
{more}
"""
MINIBATCHES = "batch_size = 8"


class Tape(TorchDispatchMode):
    """The operations of a step on the simulated device."""

    def __init__(self):
        super().__init__()
        self.operations = []
        self._former = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.ops.aten._local_scalar_dense.default or on_host((args, kwargs)):
            raise RuntimeError("operation not permitted when stream is capturing")
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                given = args[place] if place < len(args) else kwargs.get(argument.name)
                memory = [storage(tensor) for tensor in simulated(given)]
                self._former += [(held, held.clone()) for held in memory]
        result = func(*args, **kwargs)
        assert not on_host(result)
        self.operations.append((func, args, kwargs, result))
        return result

    def take_back(self):
        for held, former in reversed(self._former):
            held.copy_(former)

    @torch.no_grad()
    def run(self):
        for func, args, kwargs, result in self.operations:
            again = func(*args, **kwargs)
            for kept, new in zip(simulated(result), simulated(again), strict=True):
                if storage(kept).data_ptr() != storage(new).data_ptr():
                    kept.held.copy_(new.held)


def simulated(values):
    return [value for value in tree_leaves(values) if isinstance(value, SimulatedTensor)]


def on_host(values):
    tensors = [value for value in tree_leaves(values) if isinstance(value, torch.Tensor)]
    return len(tensors) > len(simulated(values))


def storage(tensor):
    return tensor.held.untyped_storage()


class SimulatedGraphs:
    """Graphs of the simulated device."""

    examined_on = CPU

    def __init__(self, device):
        assert device == SIM

    def warm_up(self, work):
        work()

    try_out = warm_up

    def record(self, work):
        tape = Tape()
        with tape:
            work()
        tape.take_back()
        return tape.run

    def host(self, count):
        return torch.full((count,), math.nan)

    def wait(self):
        pass

    def same_memory(self, one, other):
        return one.held.data_ptr() == other.held.data_ptr()

    def share(self, tensor, memory):
        tensor.held = memory.held


@pytest.fixture(params=["sim:0", pytest.param("cuda:0", marks=needs_gpu)])
def device(request):
    return request.param


@pytest.fixture
def run(open_session, device):
    return starter(open_session, device)


@pytest.fixture
def simulated_run(open_session):
    return starter(open_session, "sim:0")


def starter(open_session, device):
    def start(optimizer="Adam", network="relu", data=MINIBATCHES, more="", on=device):
        text = PRESET.format(optimizer=optimizer, network=network, data=data, more=more, device=on)
        session = open_session(text)
        session.advance(0)
        run = session._trainer.experiment.runs[0]
        EagerEngine().advance(run.trainable, 0, 2)
        run.step = 2
        return run

    return start


def captured(trainable, first=2, graphs=None):
    graphs = graphs or (SimulatedGraphs if trainable.device == SIM else CudaGraphs)
    slices = cuda_graph.capture(trainable, first, graphs)
    while True:
        try:
            next(slices)
        except StopIteration as done:
            return done.value


def state(trainable):
    optimizers = trainable.optimizers
    kept = [v for o in optimizers for s in o.state.values() for v in s.values()]
    tensors = [*trainable.module_tensors(), *(v for v in kept if isinstance(v, torch.Tensor))]
    return [tensor.detach().to(CPU, copy=True) for tensor in tensors]


def assert_alike(one, other, losses=(), expected=()):
    assert losses == pytest.approx(list(expected), rel=cuda_graph.LOSS_TOLERANCE)
    for mine, its in zip(state(one), state(other), strict=True):
        off, size = (mine - its).double().norm(), its.double().norm()
        assert float(off) <= cuda_graph.WEIGHT_TOLERANCE * float(size)
    assert torch.equal(one.deadness.last_fired.cpu(), other.deadness.last_fired.cpu())


@pytest.mark.parametrize(
    ("optimizer", "more"),
    [
        ("SGD", "momentum = 0.5\nnesterov = true"),
        ("Adam", "amsgrad = true"),
        ("NAdam", ""),
        ("RAdam", ""),
        ("RMSprop", "momentum = 0.5\ncentered = true"),
        ("Adagrad", "lr_decay = 0.1"),
        ("ASGD", ""),
        ("Rprop", ""),
    ],
)
def test_it_trains_as_eager_does(run, optimizer, more):
    data = "" if optimizer == "Rprop" else MINIBATCHES
    trained = run(optimizer, data=data, more=more).trainable
    reference = devices.copied(trained, trained.device)
    engine = captured(trained)
    seen = []
    losses, expected = [], []
    for first, count, observe in (
        (2, 4, None), (6, 4, lambda x, *_: seen.append(x)), (10, 1, None), (11, 9, None),
    ):  # fmt: skip
        losses += engine.advance(trained, first, count, observe)
        expected += EagerEngine().advance(reference, first, count)
        assert_alike(trained, reference, losses, expected)
    assert len(losses) == 18
    (x,) = seen
    assert torch.equal(x.cpu(), trained.samples.batch(9, CPU))


@pytest.mark.parametrize(
    ("network", "data", "more"),
    [
        (
            "relu",
            MINIBATCHES,
            'constraint = "max_norm"\nproject = "update"\nschedule = "cosine"\nwarmup_steps = 9',
        ),
        (
            "simple",
            "",
            'constraint = "unit_norm"\nproject = "gradient"\nclip_grad_norm = 0.1\n'
            'schedule = "linear"',
        ),
    ],
)
def test_what_surrounds_the_optimizers_step_is_in_the_graph(run, monkeypatch, network, data, more):
    monkeypatch.setattr(fixed, "MOST_STEPS", 3)  # a chunk takes several times what is at hand
    trained = run(network=network, data=data, more=more).trainable
    reference = devices.copied(trained, trained.device)
    losses = captured(trained).advance(trained, 2, 20)
    assert_alike(trained, reference, losses, EagerEngine().advance(reference, 2, 20))


def test_what_is_done_to_a_run_between_chunks_is_trained_on_from(run):
    runs = run("NAdam"), run("NAdam")
    engine = captured(runs[0].trainable)
    advances = (engine.advance, EagerEngine().advance)
    for one, advance in zip(runs, advances, strict=True):
        trainable = one.trainable
        advance(trainable, 2, 5)
        early = moments.taken(one)
        trainable.rates = Rates(0.001, 0.02)
        advance(trainable, 7, 5)
        one.reset_optimizer()
        advance(trainable, 12, 5)
        checkpoint = Checkpoint()
        checkpoint.take(trainable, 17)
        advance(trainable, 17, 5)
        checkpoint.restore(trainable)
        advance(trainable, 17, 3)
        moments.put(one, early)
        advance(trainable, 7, 5)
    assert_alike(runs[0].trainable, runs[1].trainable)
    for one, advance in zip(runs, advances, strict=True):
        one.restart()
        advance(one.trainable, 0, 6)
    assert_alike(runs[0].trainable, runs[1].trainable)
    twin = devices.copied(runs[0].trainable, runs[0].trainable.device)
    before = state(twin)
    engine.advance(runs[0].trainable, 6, 5)
    for kept, now in zip(before, state(twin), strict=True):
        assert torch.equal(kept, now), "a fork shares no memory with its parent's graph"


def test_a_run_that_is_being_captured_does_not_notice(simulated_run):
    watched, other = simulated_run().trainable, simulated_run().trainable
    slices = cuda_graph.capture(watched, 2, SimulatedGraphs)
    for step in range(2, 12):
        next(slices)
        assert EagerEngine().advance(watched, step, 1) == EagerEngine().advance(other, step, 1)
    for mine, its in zip(state(watched), state(other), strict=True):
        assert torch.equal(mine, its)
    slices.close()


def test_nothing_waits_for_the_device_step_by_step(simulated_run):
    trained = simulated_run("Adam").trainable
    engine = captured(trained)
    counts = []
    for first, count in ((2, 10), (12, 10), (22, 40)):
        trained.samples.batches(first, count, SIM)
        before = Counters.reads, Counters.to_host, Counters.to_device
        engine.advance(trained, first, count)
        after = Counters.reads, Counters.to_host, Counters.to_device
        counts.append([b - a for a, b in zip(before, after, strict=True)])
    assert counts[1] == counts[2]
    assert counts[2][0] == 0
    assert sum(counts[2]) <= 5


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ({"optimizer": "Adafactor"}, "the Adafactor of torch"),
        ({"optimizer": "Muon"}, "the Muon of torch"),
    ],
)
def test_an_optimizer_that_cannot_be_recorded_stays_eager(simulated_run, start, reason):
    with pytest.raises(CannotCaptureError, match=reason):
        captured(simulated_run(**start).trainable)


def test_a_cpu_has_no_graphs(simulated_run):
    with pytest.raises(CannotCaptureError, match="it is on cpu, which has no CUDA graphs"):
        captured(simulated_run(on="cpu").trainable, graphs=CudaGraphs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda x: torch.nn.functional.dropout(x, 0.5), "draws random numbers"),
        (lambda x: x * 2 if x.sum() > 0 else x, "looks at a number"),
    ],
)
def test_a_network_whose_steps_differ_stays_eager(run, monkeypatch, change, reason):
    trained = run().trainable
    kind = type(trained.network)
    forward = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: forward(self, change(x)))
    with pytest.raises(CannotCaptureError, match=reason):
        captured(trained)


class ForgetfulGraphs(SimulatedGraphs):
    """Leaves the last operations out."""

    def record(self, work):
        tape = Tape()
        with tape:
            work()
        tape.take_back()
        del tape.operations[: len(tape.operations) // 2]
        return tape.run


class IdleGraphs(SimulatedGraphs):
    def record(self, work):
        return lambda: None


@pytest.mark.parametrize("graphs", [ForgetfulGraphs, IdleGraphs])
def test_a_graph_that_trains_otherwise_is_not_used(simulated_run, graphs):
    with pytest.raises(CannotCaptureError, match="a graph of its step gives"):
        captured(simulated_run("SGD").trainable, graphs=graphs)


def test_a_device_that_fails_in_a_chunk_says_so_and_keeps_what_was_made(simulated_run):
    class Failing(SimulatedGraphs):
        fails = False

        def wait(self):
            if self.fails:
                raise RuntimeError("CUDA error: an illegal memory access")

    one = simulated_run("Adam")
    engine = captured(one.trainable, graphs=Failing)
    one.reset_optimizer()
    Failing.fails = True
    with pytest.raises(StepError, match="illegal memory access") as raised:
        engine.advance(one.trainable, 2, 5)
    assert len(raised.value.losses) == 1


def test_it_fits_the_network_and_the_device_that_it_was_made_for(run):
    one = run()
    engine, device = captured(one.trainable), one.trainable.device
    assert (engine.name, engine.exact) == ("cuda_graph", False)
    assert engine.fits(one.trainable)
    one.move(CPU)
    assert not engine.fits(one.trainable)
    one.move(device)
    assert not engine.fits(one.trainable)


def test_a_run_that_diverges_in_a_graph_goes_back_and_on(run):
    trained = run("Adam").trainable
    engine = captured(trained)
    trained.rates = Rates(1e6, 1e6)
    checkpoint = Checkpoint()
    checkpoint.take(trained, 2)
    losses = engine.advance(trained, 2, 40)
    assert len(losses) == 40
    bad = next(place for place, loss in enumerate(losses) if not math.isfinite(loss))
    found = divergence.trace(trained, checkpoint, 2 + bad, losses[bad])
    assert 2 <= found.step <= 2 + bad
    assert divergence.finite_parameters(trained)
    checkpoint.restore(trained)
    trained.rates = Rates(0.01, 0.005)
    reference = devices.copied(trained, trained.device)
    losses = engine.advance(trained, 2, 5)
    assert_alike(trained, reference, losses, EagerEngine().advance(reference, 2, 5))


# -- on a GPU alone ------------------------------------------------------------------------------


@needs_gpu
@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
def test_another_precision_is_in_the_graph(open_session, precision):
    trained = starter(open_session, "cuda:0")(more=f'precision = "{precision}"').trainable
    reference = devices.copied(trained, trained.device)
    losses = captured(trained).advance(trained, 2, 20)
    assert_alike(trained, reference, losses, EagerEngine().advance(reference, 2, 20))


@needs_gpu
def test_a_failed_recording_leaves_the_device_as_it_was(open_session):
    trained = starter(open_session, "cuda:0")().trainable
    graphs = CudaGraphs(trained.device)
    numbers = torch.zeros(3, device=trained.device)
    with pytest.raises(RuntimeError):
        graphs.record(lambda: numbers.sum().item())
    assert torch.cuda.current_stream(trained.device) == torch.cuda.default_stream(trained.device)
    torch.nn.functional.dropout(numbers, 0.5)
    again = graphs.record(lambda: numbers.add_(1))
    again()
    assert numbers.tolist() == [1, 1, 1]
    captured(trained)


@needs_gpu
def test_a_step_that_waits_for_the_device_is_noticed_before_it_is_recorded(open_session):
    trained = starter(open_session, "cuda:0")().trainable
    graphs = CudaGraphs(trained.device)
    with pytest.raises(RuntimeError, match="synchroniz"):
        graphs.try_out(lambda: torch.ones(3, device=trained.device).sum().item())
    assert torch.cuda.get_sync_debug_mode() == 0


@needs_gpu
def test_a_session_takes_up_a_graph_on_a_gpu_and_lays_it_down(open_session):
    text = PRESET.format(
        optimizer="Adam", network="simple", data="", more="", device="cpu"
    ).replace("steps = 60", "steps = 4000")
    graphed = open_session(text)
    eager = open_session(text.replace("[training]", '[training]\nengine = "eager"'))

    def done(*interventions):
        for session in (graphed, eager):
            for intervention in interventions:
                session.submit(intervention)
            for _ in range(60):  # each is an opportunity to go on with a capture
                session.advance(1)
            session.advance(40)
        mine, its = (session.latest().runs[0] for session in (graphed, eager))
        assert mine.loss_series.last == pytest.approx(its.loss_series.last, rel=1e-2)
        return mine.engine

    assert done() != "cuda_graph"
    assert done(MoveToDevice("cuda:0", "run")) == "cuda_graph"
    assert done(SetLearningRate(lr=0.003, run="run")) == "cuda_graph"
    assert done(Undo("run")) == "cuda_graph"
    assert done(Fork("run", name="fork", lr=0.02)) == "cuda_graph"
    assert [run.engine for run in graphed.latest().runs] == ["cuda_graph", "cuda_graph"]
    assert done(MoveToDevice("cpu")) != "cuda_graph"
    assert done(MoveToDevice("cuda:0")) == "cuda_graph"
