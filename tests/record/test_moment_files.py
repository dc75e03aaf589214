"""Moments as files: whole and to the bit, or an error."""

import pickle
import struct
from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dicttui.record import files, moment_files
from dicttui.record.error import RecordError
from dicttui.training.moment import Moment

MOMENT = Moment(
    "adam",
    17,
    {"name": "adam", "lr": 0.01},
    {"segment": 2, "words": "λ → ∞", "rates": [0.1, 0.2]},
    {
        "parameter.weight": torch.arange(12, dtype=torch.float32).reshape(3, 4),
        "half": torch.tensor([1.5, float("nan"), float("inf")], dtype=torch.bfloat16),
        "double": torch.tensor(1 / 3, dtype=torch.float64),
        "small": torch.tensor([1.0], dtype=torch.float16),
        "counts": torch.tensor([[2**62], [-1]]),
        "random_state": torch.arange(255, dtype=torch.uint8),
        "flags": torch.tensor([True, False]),
        "nothing": torch.empty(0, 5),
    },
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A moment's file."""
    digest = moment_files.digest_of(MOMENT)
    path = tmp_path_factory.mktemp("moments") / moment_files.name_of(MOMENT, digest)
    moment_files.write(MOMENT, digest, path)
    return path


def same(one: Moment, other: Moment) -> bool:
    return (
        replace(one, tensors={}) == replace(other, tensors={})
        and one.tensors.keys() == other.tensors.keys()
        and all(
            tensor.dtype == other.tensors[name].dtype
            and tensor.shape == other.tensors[name].shape
            and moment_files._bytes(tensor).tobytes()
            == moment_files._bytes(other.tensors[name]).tobytes()
            for name, tensor in one.tensors.items()
        )
    )


def test_what_is_read_is_what_was_written(whole):
    assert same(moment_files.read(whole), MOMENT)
    moment_files.verify(whole)
    assert moment_files.is_file_name(whole.name)


def test_safetensors_own_library_reads_it(whole):
    from safetensors.torch import load_file

    assert torch.equal(load_file(whole)["parameter.weight"], MOMENT.tensors["parameter.weight"])


def test_its_tensors_are_its_own(whole, tmp_path):
    path = tmp_path / whole.name
    path.write_bytes(whole.read_bytes())
    moment = moment_files.read(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert same(moment, MOMENT)


def test_equal_moments_have_one_name_and_others_have_not():
    again = replace(MOMENT, tensors={k: v.clone() for k, v in MOMENT.tensors.items()})
    assert moment_files.digest_of(again) == moment_files.digest_of(MOMENT)
    for other in (
        replace(MOMENT, step=18),
        replace(MOMENT, facts={}),
        replace(MOMENT, tensors=MOMENT.tensors | {"flags": torch.tensor([True, True])}),
        replace(MOMENT, tensors=MOMENT.tensors | {"nothing": torch.empty(5, 0)}),
    ):
        assert moment_files.digest_of(other) != moment_files.digest_of(MOMENT)


def test_numbers_that_have_no_form_are_refused():
    odd = replace(MOMENT, tensors={"z": torch.zeros(1, dtype=torch.complex64)})
    with pytest.raises(RecordError, match="complex64"):
        moment_files.digest_of(odd)


def refused(path):
    for look in (moment_files.verify, moment_files.read):
        with pytest.raises(RecordError) as caught:
            look(path)
        assert str(path) in str(caught.value)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_bit_that_is_flipped_is_noticed(whole, tmp_path, data):
    content = bytearray(whole.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / whole.name
    path.write_bytes(content)
    refused(path)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_file_that_is_cut_off_or_goes_on_is_noticed(whole, tmp_path, data):
    content = whole.read_bytes()
    path = tmp_path / whole.name
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    refused(path)
    path.write_bytes(content + data.draw(st.binary(min_size=1, max_size=20)))
    refused(path)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=400), header=st.booleans())
def test_any_bytes_are_an_error(tmp_path, content, header):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(content)) + content if header else content)
    refused(path)


class Trap:
    def __reduce__(self):
        return (open, (str(Trap.file), "w"))


def test_nothing_is_unpickled(tmp_path):
    Trap.file = tmp_path / "sprung"
    path = tmp_path / "x.safetensors"
    for content in (pickle.dumps(Trap()), b""):
        path.write_bytes(content)
        refused(path)
    torch.save({"trap": Trap()}, path)
    refused(path)
    assert not Trap.file.exists()


def test_a_directory_and_nothing_at_all(tmp_path):
    refused(tmp_path / "absent.safetensors")
    refused(tmp_path)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        moment_files.write(MOMENT, "0" * 32, tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []
