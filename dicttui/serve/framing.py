"""Messages on a stream of bytes: one byte for how it is written, four for its length, then JSON.

What a server sends is one deflated stream, so that the names and words that come back in every
message cost next to nothing. What a client sends is as it is. Whoever reads sets how long a message
may be, deflated or not, and reads nothing of one that says it is longer.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

from dicttui.serve.error import WireError
from dicttui.training.plain import Json, PlainError, parsed, text

REQUEST_LIMIT = 64 * 1024
"""Bytes of a message from a client."""
ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of a message from a server, inflated."""
_HEAD = struct.Struct(">BI")
_PLAIN, _DEFLATED = 0, 1


class Packer:
    """Writes messages for one stream, in order."""

    def __init__(self, *, deflated: bool) -> None:
        self._deflating = zlib.compressobj(6) if deflated else None

    def pack(self, message: Json) -> bytes:
        """The bytes of a message; they have to be sent, or those that follow cannot be read."""
        body = text(message).encode("ascii")
        if self._deflating is None:
            return _HEAD.pack(_PLAIN, len(body)) + body
        body = self._deflating.compress(body) + self._deflating.flush(zlib.Z_SYNC_FLUSH)
        return _HEAD.pack(_DEFLATED, len(body)) + body


class Unpacker:
    """Reads the messages of one stream, whatever pieces they come in.

    Args:
        limit: bytes that a message may have.
        deflated: whether messages may be deflated.

    """

    def __init__(self, limit: int, *, deflated: bool) -> None:
        self._limit = limit
        self._inflating = zlib.decompressobj() if deflated else None
        self._read = bytearray()

    def feed(self, piece: bytes) -> Iterator[Any]:
        """The messages that are whole now. Raises WireError; nothing can be read after that."""
        self._read += piece
        while len(self._read) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._read)
            if kind not in (_PLAIN, _DEFLATED) or (kind == _DEFLATED and not self._inflating):
                raise WireError(f"a message of the unknown kind {kind}")
            if length > self._limit:
                raise WireError(f"a message of {length:,} bytes; at most {self._limit:,} are read")
            end = _HEAD.size + length
            if len(self._read) < end:
                return
            body = bytes(self._read[_HEAD.size : end])
            del self._read[:end]
            try:
                yield parsed(self._inflated(body) if kind == _DEFLATED else body)
            except PlainError as error:
                raise WireError(str(error)) from error

    def _inflated(self, body: bytes) -> bytes:
        assert self._inflating is not None
        try:
            inflated = self._inflating.decompress(body, self._limit + 1)
        except zlib.error as error:
            raise WireError(f"a message that cannot be inflated: {error}") from error
        if len(inflated) > self._limit:
            raise WireError(f"a message of more than {self._limit:,} bytes, inflated")
        return inflated
