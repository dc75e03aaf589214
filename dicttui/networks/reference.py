"""The dictionary of scikit-learn's MiniBatchDictionaryLearning, with all that it learns by."""

import warnings
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dicttui.data import seeds
from dicttui.networks.protocol import DictionaryNetwork, NetworkError, Output
from dicttui.preset.learners import MiniBatchDictionaryLearning

Array = NDArray[Any]
Coded = Callable[[Tensor], None]
ROUNDING = 1e-6
"""By how much the norm of a row of norm 1 may be more than that."""
LARGEST_SEED = 2**32
"""Of NumPy's RandomState."""


class ReferenceDictionary(DictionaryNetwork):
    """x ≈ z D, where each code z minimises ½ ‖x − z D‖² + alpha ‖z‖₁ and D has rows of norm at
    most 1: Mairal, Bach, Ponce & Sapiro 2010, "Online Learning for Matrix Factorization and Sparse
    Coding", JMLR 11, as scikit-learn implements it.

    There are no gradients: `learn` hands a batch to scikit-learn's `partial_fit`. All that it
    depends on lies in a parameter and in buffers: the dictionary W_dec [n_atoms, d_in]
    (`components_`), the statistics A [n_atoms, n_atoms] and B [d_in, n_atoms] of all codes so far,
    how many batches these are of, and the state of the random stream that atoms are drawn from
    which no code uses. The dictionary and the atoms are W_dec. Everything is on the CPU.
    """

    sparse_code = True
    error_summed = True
    only_on = "cpu"
    dear_code = True

    def __init__(self, arguments: MiniBatchDictionaryLearning, rows: Tensor, seed: int) -> None:
        super().__init__()
        self.learn_by(arguments)
        self.W_dec = nn.Parameter(rows.detach().to("cpu", torch.float32), requires_grad=False)
        n_atoms, d_in = rows.shape
        self.register_buffer("A", torch.zeros(n_atoms, n_atoms))
        self.register_buffer("B", torch.zeros(d_in, n_atoms))
        self.register_buffer("n_steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("random_keys", torch.zeros(624, dtype=torch.int64))
        self.register_buffer("random_place", torch.zeros(3, dtype=torch.int64))
        self._keep_random(np.random.RandomState(seed))

    A: Tensor
    B: Tensor
    n_steps: Tensor
    random_keys: Tensor
    random_place: Tensor
    """Where it is among its keys, and whether a normal number is left over, and the bits of it."""

    @property
    def dictionary(self) -> Tensor:
        """W_dec [n_atoms, d_in]."""
        return self.W_dec

    @property
    def atoms(self) -> Tensor:
        """W_dec [n_atoms, d_in]."""
        return self.W_dec

    def learn_by(self, arguments: MiniBatchDictionaryLearning) -> None:
        """Go on with these arguments."""
        self.arguments = arguments
        self.alpha = self.l1_coefficient = arguments.alpha
        self.signed_code = not arguments.positive_code

    def lambda_field(self, batch_size: int, d_in: int) -> float:  # noqa: ARG002
        """2 · alpha: beside the whole squared error in place of half of it."""
        return 2 * self.alpha

    def dictionary_parameters(self) -> Sequence[nn.Parameter]:
        """W_dec, which no optimizer steps."""
        return [self.W_dec]

    def initialise(self, scheme: str, samples: Tensor, generator: torch.Generator) -> None:
        """Nothing: its rows are those that another network started with."""

    @torch.no_grad()
    def forward(self, x: Tensor) -> Output:
        """Code samples x [batch, d_in] as `transform` does, and reconstruct them."""
        own = self.arguments
        return self.decoded(
            self._encoded(
                x,
                algorithm=own.transform_algorithm,
                n_nonzero_coefs=own.transform_n_nonzero_coefs,
                alpha=self.alpha if own.transform_alpha is None else own.transform_alpha,
            )
        )

    @torch.no_grad()
    def loss_terms(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """Of what a step minimises, averaged over samples: `squared_error`, half the sum over
        features, and `l1_penalty`, alpha times the L1 norm of the code. The code is that which
        minimises them; where `transform` finds another, samples are coded once more.
        """
        if not self.arguments.codes_alike:
            output = self.decoded(
                self._encoded(
                    x, algorithm=f"lasso_{self.arguments.fit_algorithm}", alpha=self.alpha
                )
            )
        return self.terms_of(x, output)

    def terms_of(self, x: Tensor, output: Output) -> dict[str, Tensor]:
        """As `loss_terms`, of an output whose code minimises them."""
        return {
            "squared_error": 0.5 * (output.reconstruction - x).square().sum(dim=1).mean(),
            "l1_penalty": self.alpha * output.code.abs().sum(dim=1).mean(),
        }

    def decoded(self, code: Tensor) -> Output:
        """The output of a code [batch, n_atoms]."""
        return Output(code @ self.W_dec.detach(), code)

    def _encoded(self, x: Tensor, **how: Any) -> Tensor:
        scikit_learn = _scikit_learn()
        with scikit_learn.threads(torch.get_num_threads()):
            code = scikit_learn.sparse_encode(
                x.numpy(),
                self._components(),
                max_iter=self.arguments.transform_max_iter,
                positive=self.arguments.positive_code,
                **how,
            )
        return _tensor(code)

    # -- learning ------------------------------------------------------------------------------

    @torch.no_grad()
    def learn(self, x: Tensor, coded: Coded) -> None:
        """Give a batch x [batch, d_in] to `partial_fit`; when it has been coded, and before
        anything is changed, `coded` is called with the code [batch, n_atoms].
        """
        scikit_learn = _scikit_learn()
        learner = scikit_learn.Learner(n_components=len(self.W_dec), **self.arguments.model_dump())
        learner.take_up(
            self._components(), self.A.numpy(), self.B.numpy(), int(self.n_steps), self._random()
        )
        # A copy, as atoms that are drawn anew are taken out of the code.
        learner.coded = lambda code: coded(_tensor(code))
        with scikit_learn.threads(torch.get_num_threads()):
            learner.partial_fit(x.numpy())
        # A and B have been changed in place.
        self.W_dec.copy_(torch.from_numpy(np.ascontiguousarray(learner.components_)))
        self.n_steps += 1
        self._keep_random(learner._random_state)

    @torch.no_grad()
    def forget(self) -> None:
        """Forget what was gathered of the batches so far; the dictionary stays."""
        for statistic in (self.A, self.B, self.n_steps):
            statistic.zero_()

    def _components(self) -> Array:
        """A copy of the dictionary, in the order in which scikit-learn keeps numbers."""
        return np.array(self.W_dec.detach().numpy(), order="F")

    def _random(self) -> np.random.RandomState:
        place, has_gauss, _ = self.random_place.tolist()
        gauss = float(self.random_place[2:].view(torch.float64))
        keys = self.random_keys.numpy().astype(np.uint32)
        random = np.random.RandomState(0)
        random.set_state(("MT19937", keys, place, has_gauss, gauss))
        return random

    @torch.no_grad()
    def _keep_random(self, random: np.random.RandomState) -> None:
        state: Any = random.get_state(legacy=False)
        twister = state["state"]
        self.random_keys.copy_(torch.from_numpy(twister["key"].astype(np.int64)))
        self.random_place[:2] = torch.tensor([twister["pos"], state["has_gauss"]])
        self.random_place[2:].view(torch.float64).fill_(state["gauss"])


def started_like(
    network: DictionaryNetwork, arguments: MiniBatchDictionaryLearning, seed: int
) -> ReferenceDictionary:
    """A dictionary that starts with the atoms of a network, those that are longer than 1 scaled to
    norm 1: scikit-learn keeps its atoms within that. `seed` is the experiment's.

    Raises NetworkError where its statistics do not fit into memory.
    """
    rows = network.atoms.detach()
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    rows = torch.where(norms > 1 + ROUNDING, rows / norms, rows)
    try:
        return ReferenceDictionary(arguments, rows, random_seed(seed))
    except (RuntimeError, MemoryError) as error:
        raise NetworkError(
            f"MiniBatchDictionaryLearning keeps a matrix of {len(rows):,} × {len(rows):,} numbers, "
            "which does not fit into memory: take fewer atoms (dict_size)"
        ) from error


def random_seed(seed: int) -> int:
    """Of the learner's random stream, from the experiment's seed."""
    return seeds.derive(seed, "MiniBatchDictionaryLearning") % LARGEST_SEED


def _tensor(code: Array) -> Tensor:
    """A code as float32, in memory of its own."""
    return torch.from_numpy(np.array(code, dtype=np.float32, order="C"))


@cache
def _scikit_learn() -> Any:
    """What is used of scikit-learn; importing it takes a second, so only who needs it does."""
    from dicttui.networks import scikit_learn

    # float32 is not precise enough for lasso_cd to see that it has arrived.
    warnings.filterwarnings("ignore", category=scikit_learn.ConvergenceWarning)
    return scikit_learn
