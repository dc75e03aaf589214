"""What a run goes back to."""

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from dicttui.training.trainable import Trainable


@dataclass(frozen=True, slots=True)
class Initial:
    """What a run goes back to at step 0; in host memory."""

    tensors: list[Tensor]
    dictionary: Tensor
    random_state: Tensor

    @classmethod
    def of(cls, trainable: Trainable) -> Self:
        """Copies of what a run has now."""
        return cls(
            [t.detach().to("cpu", copy=True) for t in trainable.module_tensors()],
            trainable.network.dictionary.detach().to("cpu", copy=True),
            trainable.random_state.clone(),
        )
