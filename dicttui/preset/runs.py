"""What `[[runs]]` may say beside the arguments of the run's optimizer."""

from typing import Annotated, ClassVar

from pydantic import Field

from dicttui.preset.learners import LearnerSpecification, MiniBatchDictionaryLearning
from dicttui.preset.networks import AnyNetwork
from dicttui.preset.optimizers import OptimizerSpecification
from dicttui.preset.specification import Rule, Specification
from dicttui.preset.values import Constraint, Precision, Projection, Schedule

LearningRate = Annotated[float, Field(ge=1e-12, le=1e3)]


_NO_OBJECTIVE = {"dict_size", "hidden_size", "init", "encoder_init", "b_dec_init", "weights"}
"""Keys of a network that its loss does not depend on but for where it starts."""


class RunKeys(Specification):
    """The keys of a run that do not depend on its optimizer."""

    name: Annotated[str, Field(pattern=r"^[\w.+-]{1,40}$")]
    optimizer: str
    lr: LearningRate | None
    """The base learning rate, before any schedule; None for a learner that has none."""
    dictionary_lr_scale: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """The dictionary's learning rate is lr times this."""
    constraint: Constraint = "none"
    """On the rows of the network's atoms, after every step."""
    max_norm: Annotated[float, Field(gt=0)] = 1.0
    """The bound of constraint = "max_norm"."""
    project: Projection = "none"
    """Remove the part along each atom from its gradient, or from its update."""
    schedule: Schedule = "constant"
    warmup_steps: Annotated[int, Field(ge=0)] = 0
    """Steps over which the learning rate rises linearly from 0 to lr; any schedule may begin so."""
    decay_steps: Annotated[int, Field(ge=0)] = 0
    """Length of the decay of linear and cosine; 0: to the experiment's last step."""
    final_lr_scale: Annotated[float, Field(ge=0, le=1)] = 0.0
    """What is left of lr at the end of linear and cosine."""
    clip_grad_norm: Annotated[float, Field(ge=0)] = 0.0
    """Largest global gradient norm; 0: no clipping."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Of a running mean of the weights, by which the run is then judged; 0: no mean."""
    resample_every: Annotated[int, Field(ge=0)] = 0
    """Steps after which dead atoms are started anew, again and again; 0: never."""
    resample_until: Annotated[int, Field(ge=0)] = 0
    """The last step at which they are; 0: the last of all."""
    precision: Precision = "float32"
    """Of matrix products; parameters, losses and the optimizer's arithmetic are float32 always."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("schedule", "warmup_steps"),
            lambda schedule, warmup_steps: schedule != "warmup" or warmup_steps >= 1,
            '"warmup" takes no steps; allowed: with warmup_steps of at least 1',
        ),
    )


class RunSpecification(RunKeys):
    """One run, complete: its keys, its optimizer's arguments, its network."""

    arguments: OptimizerSpecification
    network: AnyNetwork

    @property
    def learner(self) -> LearnerSpecification | None:
        """The arguments of a learner that makes its own steps; None where an optimizer does."""
        return self.arguments if isinstance(self.arguments, LearnerSpecification) else None

    @property
    def penalty(self) -> float | None:
        """The L1 coefficient in the run's own units; None where it has none."""
        if isinstance(self.arguments, MiniBatchDictionaryLearning):
            return self.arguments.alpha
        return getattr(self.network, "l1_coefficient", None)

    @property
    def objective(self) -> str:
        """What the loss is the sum of: the network's keys but its sizes and its first weights."""
        if isinstance(self.arguments, MiniBatchDictionaryLearning):
            return f"½ squared error + {self.arguments.alpha:g} · l1"
        keys = self.network.model_dump(exclude=_NO_OBJECTIVE)
        return ", ".join(f"{key} {value}" for key, value in sorted(keys.items()))
