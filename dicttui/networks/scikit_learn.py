"""scikit-learn's MiniBatchDictionaryLearning, so that it can be put into a state and be watched.

Importing this module imports scikit-learn.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import MiniBatchDictionaryLearning, sparse_encode
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import ThreadpoolController

__all__ = ["ConvergenceWarning", "Learner", "sparse_encode", "threads"]

Array = NDArray[Any]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let products of matrices take so many threads meanwhile: NumPy knows nothing of what torch
    was told, and two threads for small ones cost more than they bring.
    """
    with _pools().limit(limits=count, user_api="blas"):
        yield


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


class Learner(MiniBatchDictionaryLearning):  # type: ignore[misc]
    """The learner as it is, but that somebody is told each batch's code."""

    coded: Callable[[Array], None]

    def take_up(
        self, components: Array, a: Array, b: Array, steps: int, random: np.random.RandomState
    ) -> None:
        """Stand where a learner stood that had seen `steps` batches: dictionary [n_atoms, d_in],
        statistics a [n_atoms, n_atoms] and b [d_in, n_atoms], and random stream, all of which are
        changed in place.
        """
        self.n_features_in_ = components.shape[1]
        self._check_params(components)
        self.components_, self._A, self._B = components, a, b
        self.n_steps_, self._random_state = steps, random

    def _update_inner_stats(self, X: Array, code: Array, batch_size: int, step: int) -> None:  # noqa: N803
        self.coded(code)
        super()._update_inner_stats(X, code, batch_size, step)
