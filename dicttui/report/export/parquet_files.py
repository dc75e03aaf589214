"""`metrics.parquet` and `interventions.parquet`, through pyarrow (an extra)."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from dicttui.record.reading import Recorded
from dicttui.report.export.changes import COLUMNS, rows
from dicttui.report.extras import needed
from dicttui.report.table import pieces

ROWS_OF_A_GROUP = 1 << 20
"""What is held before it is written."""


def write(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> None:
    """Write both files into a directory that is there."""
    arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
    with parquet.ParquetWriter(path / "metrics.parquet", _schema(arrow)) as writer:
        held: list[Any] = []
        for piece in pieces(experiment, runs, every):
            held.append(_batch(arrow, piece.run, piece.name, piece.steps, piece.values))
            if sum(batch.num_rows for batch in held) >= ROWS_OF_A_GROUP:
                writer.write_table(arrow.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(arrow.Table.from_batches(held))
    types = {
        int: arrow.int64(),
        float: arrow.float64(),
        str: arrow.string(),
        datetime: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    changes = [dict(zip(COLUMNS, row, strict=True)) for row in rows(experiment, runs)]
    parquet.write_table(
        arrow.Table.from_pylist(changes, schema=schema), path / "interventions.parquet"
    )


def _schema(arrow: Any) -> Any:
    words = arrow.dictionary(arrow.int32(), arrow.string())
    return arrow.schema(
        [("run", words), ("name", words), ("step", arrow.int64()), ("value", arrow.float64())]
    )


def _batch(arrow: Any, run: str, name: str, steps: Any, values: Any) -> Any:
    def same(word: str) -> Any:
        indices = arrow.repeat(arrow.scalar(0, arrow.int32()), len(steps))
        return arrow.DictionaryArray.from_arrays(indices, arrow.array([word], arrow.string()))

    columns = [
        same(run),
        same(name),
        arrow.array(steps, arrow.int64()),
        arrow.array(values, arrow.float64(), from_pandas=False),
    ]
    return arrow.RecordBatch.from_arrays(columns, schema=_schema(arrow))
