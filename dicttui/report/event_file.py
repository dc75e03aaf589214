"""TensorBoard's event files, through TensorBoard's own protocol buffers and record writer (an
extra). Neither torch nor TensorFlow is needed for them.
"""

import re
from pathlib import Path
from typing import Any

from dicttui.report.extras import needed

EXTRA = "tensorboard"


class EventFile:
    """One new event file: what TensorBoard shows as one run.

    Raises ReportError where TensorBoard is absent, and OSError where a file cannot be written.
    """

    def __init__(self, directory: Path, wall_time: float, *, name: str = "dicttui") -> None:
        self._events = needed("tensorboard.compat.proto.event_pb2", EXTRA)
        self._summaries = needed("tensorboard.compat.proto.summary_pb2", EXTRA)
        self._tensors = needed("tensorboard.compat.proto.tensor_pb2", EXTRA)
        self._types = needed("tensorboard.compat.proto.types_pb2", EXTRA)
        self._text = needed("tensorboard.plugins.text.metadata", EXTRA)
        records = needed("tensorboard.summary.writer.record_writer", EXTRA)
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / f"events.out.tfevents.{int(wall_time):010d}.{name}").open("xb")
        self._writer = records.RecordWriter(file)
        self._write(wall_time=wall_time, file_version="brain.Event:2")

    def scalar(self, tag: str, value: float, step: int, wall_time: float) -> None:
        """Write a number; TensorBoard keeps it as a float32."""
        value = self._summaries.Summary.Value(tag=tag, simple_value=value)
        self._write(wall_time=wall_time, step=step, summary=self._summaries.Summary(value=[value]))

    def text(self, tag: str, markdown: str, step: int, wall_time: float) -> None:
        """Write a text, which TensorBoard shows as Markdown."""
        tensor = self._tensors.TensorProto(
            dtype=self._types.DT_STRING, string_val=[markdown.encode("utf-8", "replace")]
        )
        value = self._summaries.Summary.Value(
            tag=tag, tensor=tensor, metadata=self._text.create_summary_metadata(tag, "")
        )
        self._write(wall_time=wall_time, step=step, summary=self._summaries.Summary(value=[value]))

    def again_from(self, step: int, wall_time: float) -> None:
        """What stands at this step and later no longer counts: the run has gone back."""
        log = self._events.SessionLog(status=self._events.SessionLog.START)
        self._write(wall_time=wall_time, step=step, session_log=log)

    def flush(self) -> None:
        """Hand what has been written to whoever reads."""
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(self, **fields: Any) -> None:
        self._writer.write(self._events.Event(**fields).SerializeToString())


def shown(text: str) -> str:
    """Text that Markdown is not to take for its own signs."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~])", r"\\\1", text)


def directory_of(run: str) -> str:
    """A run's name as that of a directory, and of no directory that is there anyway."""
    name = re.sub(r"[^\w.+-]", "_", run)
    return name if name.strip(".") else name.replace(".", "_") or "_"
