"""Where the rows of a Hugging Face data set lie that `save_to_disk` wrote.

Such a folder holds Arrow's streaming format, in files that its `state.json` names. A column of
lists of equal length (`Sequence`, `Array2D`, …) has its numbers one after the other in each record
batch, so that they are found once and then read as those of any other shard.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dicttui.data.activations.stored import Piece, StoredRows
from dicttui.data.error import DataError

if TYPE_CHECKING:
    import pyarrow as pa

STATE = "state.json"
SPLITS = "dataset_dict.json"
TYPE_NAMES = {"halffloat": "float16", "float": "float32", "double": "float64"}


def is_dataset(path: Path) -> bool:
    """Whether a directory is what `save_to_disk` writes."""
    return (path / STATE).is_file() or (path / SPLITS).is_file()


def dataset_files(path: Path) -> list[Path]:
    """The files of a saved data set, in their order.

    Raises DataError where it has several splits.
    """
    if (path / SPLITS).is_file():
        splits = json.loads((path / SPLITS).read_text()).get("splits", [])
        named = ", ".join(str(path / split) for split in splits)
        raise DataError(f"{path}: holds several splits: give the path of one: {named}")
    state = json.loads((path / STATE).read_text())
    return [path / entry["filename"] for entry in state["_data_files"]]


def locate_arrow(path: Path) -> tuple[StoredRows, ...]:
    """The columns of one file of such a data set."""
    try:
        import pyarrow as pa
        import pyarrow.compute
        import pyarrow.ipc
    except ImportError as error:
        raise DataError(
            "is a file of a Hugging Face data set, which takes pyarrow to read: pip install "
            'pyarrow (or the extra "datasets" of dicttui)'
        ) from error
    with pa.memory_map(str(path)) as mapped:
        whole = mapped.read_buffer()
        mapped.seek(0)
        try:
            batches = _batches(pa, mapped)
            schema = next(batches)
            columns = [_Column(field.name, pa) for field in schema]
            for batch in batches:
                for column, values in zip(columns, batch.columns, strict=True):
                    column.add(values, whole)
        except pa.ArrowInvalid as error:
            raise DataError(f"is truncated or damaged ({error})") from error
        return tuple(column.stored() for column in columns)


def _batches(pa: Any, mapped: Any) -> Iterator[Any]:
    """The schema, then the record batches, none of them copied into memory."""
    reader = pa.ipc.open_stream(mapped)
    yield reader.schema
    yield from reader


class _Column:
    """One column, as its record batches go by."""

    def __init__(self, name: str, pa: Any) -> None:
        self._name = name
        self._pa = pa
        self._dtype = ""
        self._pieces: list[Piece] = []
        self._trouble = ""
        self._inner: set[tuple[int, ...]] = set()
        """Sizes of all dimensions but the first, of each record batch; -1 where they differ."""
        self._outer = 0

    def add(self, values: "pa.Array", whole: "pa.Buffer") -> None:
        """A record batch has been read; `whole` is the whole file."""
        if self._trouble:
            return
        pa, sizes = self._pa, list[int]()
        count = len(values)
        while True:
            if values.null_count:
                self._trouble = "has rows without a value: fill or drop them"
                return
            kind = values.type
            if isinstance(kind, pa.BaseExtensionType):
                values = values.storage
            elif pa.types.is_fixed_size_list(kind):
                sizes.append(kind.list_size)
                values = values.flatten()
            elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
                sizes.append(_length(pa, values))
                values = values.flatten()
            else:
                break
        self._dtype = TYPE_NAMES.get(str(kind), str(kind))
        self._inner.add(tuple(sizes))
        self._outer += count
        if not pa.types.is_primitive(kind) or not sizes or not len(values) or sizes[-1] < 1:
            return
        buffer = values.buffers()[1]
        offset = buffer.address - whole.address + values.offset * kind.bit_width // 8
        if not 0 <= offset < whole.size:
            self._trouble = (
                "does not lie in one piece (is it compressed?): save the data set anew with "
                "save_to_disk"
            )
            return
        self._pieces.append(Piece(offset, len(values) // sizes[-1]))

    def stored(self) -> StoredRows:
        """What has been found."""
        sizes = {inner[-1] for inner in self._inner if inner}
        trouble = self._trouble
        if not trouble and (len(sizes) > 1 or -1 in sizes):
            trouble = "has rows of different lengths, and samples have the same number of features"
        rows = sum(piece.rows for piece in self._pieces)
        if len(self._inner) == 1:
            (inner,) = self._inner
            shape = (self._outer, *inner)
            if len(inner) > 1 and -1 in inner[:-1]:
                shape = (rows, inner[-1])
        else:
            shape = (rows, *sizes) if len(sizes) == 1 else (self._outer,)
        return StoredRows(self._name, shape, self._dtype, tuple(self._pieces), trouble)


def _length(pa: Any, lists: Any) -> int:
    """The length of all these lists; -1 where they differ."""
    lengths = pa.compute.min_max(pa.compute.list_value_length(lists))
    low, high = lengths["min"].as_py(), lengths["max"].as_py()
    if low is None:
        return 0
    return int(low) if low == high else -1
