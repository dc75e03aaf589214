"""Where the rows of Hugging Face's .safetensors lie.

The format: eight bytes with the header's length, the header (JSON: for each tensor its type, shape
and place), the numbers (https://github.com/huggingface/safetensors#format).
"""

import json
import struct
from math import prod
from pathlib import Path

from dicttui.data.activations.stored import ITEM_BYTES, StoredRows, one_piece
from dicttui.data.error import DataError
from dicttui.data.formats.safetensors import TYPE_NAMES

LARGEST_HEADER = 100_000_000
"""Bytes, as the format's own reader allows."""


def locate_safetensors(path: Path) -> tuple[StoredRows, ...]:
    """The tensors of a .safetensors file, by name; its header alone is read."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > min(LARGEST_HEADER, size - 8):
            raise DataError("is truncated, or no .safetensors file: its header does not fit in it")
        header = json.loads(stream.read(length))
    begin = 8 + length
    found = []
    for name in sorted(header.keys() - {"__metadata__"}):
        entry = header[name]
        shape, dtype = tuple(entry["shape"]), TYPE_NAMES.get(entry["dtype"], entry["dtype"])
        first, last = entry["data_offsets"]
        if begin + last > size:
            raise DataError(
                f"is truncated: tensor {name!r} ends at byte {begin + last} and the file at {size}"
            )
        if dtype in ITEM_BYTES and last - first != ITEM_BYTES[dtype] * prod(shape):
            raise DataError(f"is damaged: tensor {name!r} has another size than its shape says")
        found.append(one_piece(name, shape, dtype, begin + first))
    return tuple(found)
