"""The batch of a step: a function of (seed, step) alone."""

import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from dicttui.data import samples as samples_module
from dicttui.data.samples import PROBE_SAMPLES, Samples
from dicttui.data.scaling import Unchanged
from dicttui.data.seeds import derive, generator

CPU = torch.device("cpu")
ELSEWHERE = torch.device("meta")
NONE = Unchanged()


def numbered(n: int, d_in: int = 3) -> Tensor:
    """Samples whose first feature is their index."""
    x = torch.randn(n, d_in, generator=generator(0, "numbered"))
    x[:, 0] = torch.arange(n)
    return x


def make(n: int, batch_size: int, seed: int = 0, held_out: int = 0) -> Samples:
    x = numbered(n + held_out)
    return Samples(
        x[:n], x[n:] if held_out else None, None, batch_size=batch_size, seed=seed, scaling=NONE
    )


def indices(batch: Tensor) -> list[int]:
    return batch[:, 0].int().tolist()


@given(
    n=st.integers(1, 40),
    batch_size=st.integers(0, 45),
    seed=st.integers(0, 2**63 - 1),
    steps=st.lists(st.integers(0, 200), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_batch_does_not_depend_on_what_was_asked_before(n, batch_size, seed, steps):
    wandering = make(n, batch_size, seed)
    seen = {step: wandering.batch(step, CPU) for step in steps}
    for step, batch in seen.items():
        assert torch.equal(make(n, batch_size, seed).batch(step, CPU), batch)


@given(n=st.integers(2, 40), data=st.data(), epoch=st.integers(0, 5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_an_epoch_shows_every_sample_once_but_for_the_incomplete_batch(n, data, epoch):
    batch_size = data.draw(st.integers(1, n - 1))
    samples = make(n, batch_size)
    per_epoch = n // batch_size
    seen: list[int] = []
    for step in range(epoch * per_epoch, (epoch + 1) * per_epoch):
        batch = samples.batch(step, CPU)
        assert batch.shape == (batch_size, 3)
        seen += indices(batch)
    assert len(seen) == len(set(seen)) == per_epoch * batch_size
    assert set(seen) <= set(range(n))


def test_epochs_and_seeds_have_orders_of_their_own():
    samples = make(64, 32)
    first, second = (indices(samples.batch(step, CPU)) for step in (0, 2))
    other_seed = indices(make(64, 32, seed=1).batch(0, CPU))
    assert first != second
    assert first != other_seed


@given(
    n=st.integers(1, 40),
    batch_size=st.integers(0, 45),
    first=st.integers(0, 60),
    count=st.integers(1, 50),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_batches_gathered_at_once_are_those_of_their_steps(n, batch_size, first, count):
    samples = make(n, batch_size)
    steps = range(first, first + count)
    expected = torch.stack([samples.batch(step, CPU) for step in steps])
    assert torch.equal(samples.batches(first, count, CPU), expected)


def test_fresh_batches_can_be_gathered_too():
    samples = Samples(
        numbered(10),
        None,
        None,
        batch_size=4,
        seed=0,
        scaling=NONE,
        fresh=lambda step: torch.full((4, 3), step),
    )
    assert samples.batches(7, 3, CPU)[:, 0, 0].tolist() == [7, 8, 9]


@pytest.mark.parametrize("batch_size", [0, 10, 11])
def test_the_full_batch_is_the_train_set_itself(batch_size):
    samples = make(10, batch_size)
    assert samples.full_batch
    assert samples.batch_size == 10
    assert samples.batch(0, CPU) is samples.train
    assert samples.batch(7, CPU) is samples.train


def test_runs_at_the_same_step_share_one_batch():
    samples = make(10, 4)
    assert samples.batch(5, CPU) is samples.batch(5, CPU)


def test_the_full_batch_is_copied_to_a_device_once():
    samples = make(10, 0)
    copy = samples.batch(0, ELSEWHERE)
    assert copy.device == ELSEWHERE
    assert samples.batch(1, ELSEWHERE) is copy
    samples.release(ELSEWHERE)
    assert samples.batch(1, ELSEWHERE) is not copy


def test_release_drops_everything_of_one_device_and_nothing_of_another():
    samples = make(10, 4, held_out=5)
    kept = samples.batch(0, CPU)
    before = [
        samples.batch(0, ELSEWHERE), samples.probe(ELSEWHERE), samples.fvu_set(ELSEWHERE),
        samples.fvu_mean(ELSEWHERE),
    ]  # fmt: skip
    samples.release(ELSEWHERE)
    after = [
        samples.batch(0, ELSEWHERE), samples.probe(ELSEWHERE), samples.fvu_set(ELSEWHERE),
        samples.fvu_mean(ELSEWHERE),
    ]  # fmt: skip
    assert all(old is not new for old, new in zip(before, after, strict=True))
    assert samples.batch(0, CPU) is kept


def test_a_large_train_set_stays_on_the_cpu_and_gives_the_same_batches(monkeypatch):
    small = make(50, 8)
    monkeypatch.setattr(samples_module, "RESIDENT_BYTES", 50 * 3 * 4)
    large = make(50, 8)
    for step in (0, 3, 17):
        assert torch.equal(large.batch(step, CPU), small.batch(step, CPU))
    transferred: list[tuple[int, ...]] = []
    original = Tensor.to

    def recording_to(self, *args, **kwargs):
        if args and args[0] == ELSEWHERE:
            transferred.append(tuple(self.shape))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Tensor, "to", recording_to)
    assert large.batch(20, ELSEWHERE).shape == (8, 3)
    assert transferred == [(8, 3)]


def test_fresh_batches_come_from_their_step():
    def fresh(step: int) -> Tensor:
        return torch.full((4, 3), float(step))

    samples = Samples(numbered(10), None, None, batch_size=4, seed=0, scaling=NONE, fresh=fresh)
    assert samples.fresh
    assert not samples.full_batch
    assert samples.batch(9, CPU).unique().tolist() == [9.0]
    assert samples.batch(2, CPU).unique().tolist() == [2.0]


def test_fresh_samples_are_no_full_batch_however_many():
    samples = Samples(
        numbered(10),
        None,
        None,
        batch_size=10,
        seed=0,
        scaling=NONE,
        fresh=lambda step: torch.ones(10, 3),
    )
    assert not samples.full_batch
    assert samples.batch(0, CPU) is not samples.train


def test_the_probe_is_held_out_where_there_is_some_and_fixed():
    with_held_out = make(20, 4, held_out=5)
    assert indices(with_held_out.probe(CPU)) == [20, 21, 22, 23, 24]
    assert indices(make(20, 4).probe(CPU)) == list(range(20))


def test_the_probe_of_a_large_set_is_a_fixed_choice_of_its_rows():
    samples = make(PROBE_SAMPLES + 500, 4)
    chosen = indices(samples.probe(CPU))
    assert len(chosen) == len(set(chosen)) == PROBE_SAMPLES
    assert chosen != list(range(PROBE_SAMPLES))
    assert indices(make(PROBE_SAMPLES + 500, 4).probe(CPU)) == chosen


def test_fvu_is_measured_about_the_mean_of_its_own_set():
    for samples in (make(20, 4, held_out=5), make(20, 4)):
        x = samples.fvu_set(CPU)
        torch.testing.assert_close(samples.fvu_mean(CPU), x.mean(dim=0))
    assert torch.equal(make(20, 4).fvu_set(CPU), numbered(20))
    assert indices(make(20, 4, held_out=5).fvu_set(CPU)) == [20, 21, 22, 23, 24]


def test_the_mean_is_of_the_train_set():
    samples = make(20, 4, held_out=5)
    torch.testing.assert_close(samples.mean, samples.train.mean(dim=0))
    assert samples.mean.dtype == torch.float32


def test_batches_leave_the_global_random_stream_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    samples = make(PROBE_SAMPLES + 1, 4)
    samples.batch(0, CPU)
    samples.probe(CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_derived_seeds_are_the_same_in_every_process():
    script = "from dicttui.data.seeds import derive; print(derive(3, 'epoch', 7))"
    # This process hashes texts by another seed, most likely a random one.
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    assert answer == str(derive(3, "epoch", 7))


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**9))
@settings(derandomize=True)
def test_derived_seeds_differ_by_purpose_and_suit_torch(seed, step):
    assert 0 <= derive(seed, "a", step) < 2**63
    assert derive(seed, "a", step) != derive(seed, "b", step)
    assert derive(seed, "a", step) != derive(seed, "a", step + 1)


def test_the_room_itself_imports_nothing_heavy():
    script = (
        "import sys, dicttui.data; "
        "print([m for m in ('torch', 'numpy', 'sklearn', 'pydantic') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
