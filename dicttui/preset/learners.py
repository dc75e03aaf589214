"""Learners that are no torch optimizer: what `[[runs]]` may say of one, with its own names and
defaults; a test compares them with the installed scikit-learn.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from dicttui.preset.checking import at
from dicttui.preset.optimizers import OPTIMIZERS, NonNegative, OptimizerSpecification
from dicttui.preset.problems import Problem
from dicttui.preset.specification import Rule
from dicttui.preset.wording import listed

WITHOUT_A_SIGN = ("omp", "lars")
"""Ways of coding that scikit-learn cannot keep from negative codes."""


class LearnerSpecification(OptimizerSpecification):
    """Arguments of a learner that makes its own steps, without gradients or a learning rate."""

    default_lr = None
    decided: ClassVar[Mapping[str, str]] = {}
    """Arguments of the learner's that the experiment decides, and what decides each."""


class MiniBatchDictionaryLearning(LearnerSpecification):
    """scikit-learn's online dictionary learning: Mairal, Bach, Ponce & Sapiro 2010, "Online
    Learning for Matrix Factorization and Sparse Coding", JMLR 11.
    """

    decided: ClassVar[Mapping[str, str]] = {
        "n_components": "dict_size under [network]",
        "dict_init": "init under [network]",
        "batch_size": "batch_size under [data]",
        "shuffle": "[data]: every run gets the same batches",
        "random_state": "seed under [training]",
        "max_iter": "steps under [training]",
        "tol": "steps under [training]: no run stops early",
        "max_no_improvement": "steps under [training]: no run stops early",
        "n_jobs": "the program: the trainer is one thread",
        "callback": "the program",
        "verbose": "the program",
        "split_sign": "the program: a code has one number for each atom",
    }
    alpha: NonNegative = 1.0
    """The weight of the code's L1 norm beside half the squared error."""
    fit_algorithm: Literal["lars", "cd"] = "lars"
    """How the batch of a step is coded: both solve the same lasso, lars exactly."""
    transform_algorithm: Literal["lasso_lars", "lasso_cd", "lars", "omp", "threshold"] = "omp"
    """How samples are coded where the dictionary is measured."""
    transform_n_nonzero_coefs: Annotated[int, Field(ge=1)] | None = None
    """Of omp and lars; absent: a tenth of the features."""
    transform_alpha: NonNegative | None = None
    """Of lasso_lars, lasso_cd and threshold; absent: alpha. With omp, the squared error to reach in
    place of a number of coefficients."""
    positive_code: bool = False
    positive_dict: bool = False
    transform_max_iter: Annotated[int, Field(ge=0)] = 1000
    """Of lasso_lars and lasso_cd, in a step too."""
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("fit_algorithm", "positive_code"),
            lambda fit_algorithm, positive_code: not positive_code or fit_algorithm == "cd",
            'codes as lars finds them have signs; allowed: with positive_code = true, "cd"',
        ),
        Rule(
            ("transform_algorithm", "positive_code"),
            lambda transform_algorithm, positive_code: (
                not positive_code or transform_algorithm not in WITHOUT_A_SIGN
            ),
            "codes as {transform_algorithm} finds them have signs; allowed: with positive_code = "
            'true, "lasso_lars", "lasso_cd", "threshold"',
        ),
    )

    @property
    def codes_alike(self) -> bool:
        """Whether samples are coded where they are measured as they are in a step."""
        other = self.transform_alpha is not None and self.transform_alpha != self.alpha
        return self.transform_algorithm == f"lasso_{self.fit_algorithm}" and not other


LEARNERS: dict[str, type[LearnerSpecification]] = {
    MiniBatchDictionaryLearning.__name__: MiniBatchDictionaryLearning
}
ARGUMENTS: dict[str, type[OptimizerSpecification]] = OPTIMIZERS | LEARNERS
"""Of everything that `optimizer` may name."""
RUN_KEYS = ("name", "optimizer")
"""What a learner's run may say beside its arguments and its network."""
_NETWORK_KEYS = frozenset(
    {"kind", "dict_size", "d_sae", "init", "hidden_size", "factory", "arguments", "weights"}
)
"""Of a network, what its atoms at the start depend on: a learner takes nothing else from it."""


def of_the_network(table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a network that mean something to a learner."""
    return {key: value for key, value in table.items() if key in _NETWORK_KEYS}


def without_meaning(
    learner: str, table: Mapping[str, Any], run_keys: Iterable[str], where: str
) -> Iterable[Problem]:
    """What is wrong with the keys of a learner's run that belong to another: those of gradient
    training among `run_keys`, those that the experiment decides, those of a network it has not.
    """
    for key in table:
        if key in run_keys and key not in RUN_KEYS:
            without = "has no learning rate" if key == "lr" else "trains by no gradients"
            yield Problem(at(where, key), f"{learner} {without}; allowed: leave it out")
        elif key in LEARNERS[learner].decided:
            decides = LEARNERS[learner].decided[key]
            yield Problem(at(where, key), f"is decided by {decides}; allowed: leave it out")
    network = table.get("network")
    for key in network if isinstance(network, dict) else ():
        if key not in _NETWORK_KEYS:
            yield Problem(
                at(at(where, "network"), key),
                f"{learner} takes from a network how many atoms there are and where they start; "
                f"allowed: {listed(('dict_size', 'init'))}",
            )
