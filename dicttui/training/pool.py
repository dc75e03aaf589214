"""Work that holds no GIL, on as many cores as there are."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Result = TypeVar("Result")


class Pool:
    """Does pieces of work at the same time, for a caller that waits until all are done.

    The caller's own thread does its share. The pieces must raise nothing, and must hold the GIL for
    next to no time. With more than one OpenMP thread the cores are taken already: then they are
    done one after the other.
    """

    def __init__(self) -> None:
        self._others: ThreadPoolExecutor | None = None
        self._cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
            os.cpu_count() or 1
        )  # fmt: skip

    def do(self, pieces: Sequence[Callable[[], Result]]) -> list[Result]:
        """Do all of this work; what it gives, in no order."""
        left, results = deque(pieces), list[Result]()
        helpers = 0 if torch.get_num_threads() > 1 else min(len(left), self._cores) - 1
        if helpers < 1:
            _do(left, results)
            return results
        if self._others is None:
            self._others = ThreadPoolExecutor(
                self._cores - 1, "dicttui-chunk", initializer=torch.set_num_threads, initargs=(1,)
            )
        waited = [self._others.submit(_do, left, results) for _ in range(helpers)]
        _do(left, results)
        for future in waited:
            future.result()
        return results

    def close(self) -> None:
        """Let the threads end."""
        if self._others is not None:
            self._others.shutdown(wait=False)
            self._others = None


def _do(left: deque[Callable[[], Result]], results: list[Result]) -> None:
    while True:
        try:
            work = left.popleft()
        except IndexError:
            return
        results.append(work())
