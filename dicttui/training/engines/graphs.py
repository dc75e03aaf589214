"""What an engine asks of CUDA: to record work and run it again, and host memory for copies that
nobody waits for. What only a real GPU can show is in this file.
"""

import contextlib
import gc
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from dicttui.training.engines.engine import CannotCaptureError

Work = Callable[[], None]


class Graphs(Protocol):
    """A device that can run recorded work again."""

    examined_on: torch.device
    """Where a step is looked at, operation by operation, before it is recorded."""

    def warm_up(self, work: Work) -> None:
        """Do work as it will be recorded, but for real, so that all that is made once is made."""

    def try_out(self, work: Work) -> None:
        """The same again. Raises RuntimeError where the work waits for the device."""

    def record(self, work: Work) -> Work:
        """What does the same operations again, on the same memory, and returns before they are
        done. The work itself is not done. Raises RuntimeError where it cannot be recorded.
        """

    def host(self, count: int) -> Tensor:
        """Host memory for `count` float32 numbers, to and from which the device copies without
        anyone waiting.
        """

    def wait(self) -> None:
        """Until all that was asked for is done, without the GIL."""

    def same_memory(self, one: Tensor, other: Tensor) -> bool:
        """Whether two tensors are the same numbers."""

    def share(self, tensor: Tensor, memory: Tensor) -> None:
        """Let a tensor's numbers be those of another from now on."""


class CudaGraphs:
    """The graphs of one CUDA device.

    Each has memory of its own: two may then be recorded and run in any order. They are recorded on
    a stream beside the one on which they run, which is that of everything else, so whatever is
    asked for later finds their results.
    """

    def __init__(self, device: torch.device) -> None:
        """Raises CannotCaptureError where the device is no CUDA device."""
        if device.type != "cuda":
            raise CannotCaptureError(f"it is on {device}, which has no CUDA graphs")
        self.examined_on = self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        # Waiting for it leaves the core to others.
        self._done = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]

    def warm_up(self, work: Work) -> None:
        """As in Graphs."""
        self._beside(work)

    def try_out(self, work: Work) -> None:
        """As in Graphs: sooner than a recording that fails, after which CUDA is not as before."""
        before = torch.cuda.get_sync_debug_mode()
        torch.cuda.set_sync_debug_mode("error")
        try:
            self._beside(work)
        finally:
            torch.cuda.set_sync_debug_mode(before)

    def record(self, work: Work) -> Work:
        """As in Graphs."""
        torch.cuda.synchronize(self._device)
        torch.cuda.empty_cache()
        try:
            return self._captured(work)
        except BaseException:
            # torch's generator of random numbers goes on believing that it is being recorded, and
            # refuses to draw, until a recording ends as it should.
            with contextlib.suppress(RuntimeError):
                self._captured(torch.zeros(1, device=self._device).zero_)
            raise

    def _captured(self, work: Callable[[], object]) -> Work:
        graph = torch.cuda.CUDAGraph()
        collecting = gc.isenabled()
        gc.disable()  # what it frees could not be freed amid a recording

        def captured() -> None:
            # Other threads may use CUDA meanwhile.
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                work()
            except BaseException:
                with contextlib.suppress(RuntimeError):
                    graph.capture_end()
                raise
            graph.capture_end()

        try:
            self._beside(captured)
        finally:
            if collecting:
                gc.enable()
        return graph.replay

    def _beside(self, work: Work) -> None:
        """Do work on the stream for recording, after all that was asked for before, and before
        all that is asked for later.
        """
        stream = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(stream)
        try:
            with torch.cuda.stream(self._stream):
                work()
        finally:
            stream.wait_stream(self._stream)

    def host(self, count: int) -> Tensor:
        """As in Graphs: page-locked, from torch's cache, which gives none away while a copy that
        uses it is under way.
        """
        return torch.empty(count, pin_memory=True)

    def wait(self) -> None:
        """As in Graphs."""
        self._done.record(torch.cuda.current_stream(self._device))
        self._done.synchronize()

    def same_memory(self, one: Tensor, other: Tensor) -> bool:
        """As in Graphs."""
        return one.data_ptr() == other.data_ptr()

    def share(self, tensor: Tensor, memory: Tensor) -> None:
        """As in Graphs."""
        tensor.data = memory.detach()
