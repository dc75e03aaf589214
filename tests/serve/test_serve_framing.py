"""Messages come through whatever pieces they are cut into; what is no message is an error."""

import contextlib
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicttui.serve.error import WireError
from dicttui.serve.framing import Packer, Unpacker

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.lists(json_values, max_size=6), st.booleans(), st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_through_in_order_whatever_the_pieces(messages, deflated, cuts):
    packer, unpacker = Packer(deflated=deflated), Unpacker(10**6, deflated=True)
    stream = b"".join(packer.pack(message) for message in messages)
    heard = []
    while stream:
        cut = cuts[len(heard) % len(cuts)]
        heard += unpacker.feed(stream[:cut])
        stream = stream[cut:]
    assert heard == messages


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_messages_or_an_error_or_wait_for_more(content, deflated):
    unpacker = Unpacker(1000, deflated=deflated)
    with contextlib.suppress(WireError):
        list(unpacker.feed(content))


@settings(deadline=None)
@given(st.lists(json_values, min_size=1, max_size=4), st.data())
def test_damage_is_an_error_or_another_message(messages, data):
    packer = Packer(deflated=True)
    stream = bytearray(b"".join(packer.pack(message) for message in messages))
    position = data.draw(st.integers(0, len(stream) - 1))
    stream[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(WireError):
        list(Unpacker(10**6, deflated=True).feed(bytes(stream)))


def test_a_length_that_is_too_long_is_refused_before_anything_is_read():
    with pytest.raises(WireError, match="4,294,967,295 bytes"):
        list(Unpacker(1000, deflated=False).feed(struct.pack(">BI", 0, 2**32 - 1)))


def test_little_that_inflates_to_much_is_refused():
    bomb = zlib.compressobj(9)
    body = bomb.compress(b" " * 50_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH)
    assert len(body) < 100_000
    with pytest.raises(WireError, match="more than 1,000,000 bytes, inflated"):
        list(Unpacker(1_000_000, deflated=True).feed(struct.pack(">BI", 1, len(body)) + body))


def test_a_client_may_not_deflate():
    with pytest.raises(WireError, match="unknown kind 1"):
        list(Unpacker(1000, deflated=False).feed(Packer(deflated=True).pack({})))


def test_what_is_no_json_is_refused():
    with pytest.raises(WireError, match="no JSON"):
        list(Unpacker(1000, deflated=False).feed(struct.pack(">BI", 0, 3) + b"NaN"))
