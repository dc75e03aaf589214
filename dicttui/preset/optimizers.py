"""The arguments of torch.optim's classes, with torch's own names and defaults.

Kept free of torch so that a wrong argument is refused before torch is imported; a test compares
every default with the installed torch.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dicttui.preset.specification import Rule, Specification

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Betas = tuple[Decay, Decay]


class OptimizerSpecification(Specification):
    """Arguments of one torch.optim class, without the learning rate."""

    default_lr: ClassVar[float | None]
    """What torch takes where no learning rate is given; None: there is none to give."""


class SGD(OptimizerSpecification):
    """Stochastic gradient descent, with momentum and Nesterov's variant."""

    default_lr = 1e-3
    momentum: NonNegative = 0.0
    dampening: float = 0.0
    weight_decay: NonNegative = 0.0
    nesterov: bool = False
    maximize: bool = False
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("nesterov", "momentum"),
            lambda nesterov, momentum: momentum > 0 or not nesterov,
            "needs a momentum; allowed: with momentum above 0, such as 0.9",
        ),
        Rule(
            ("nesterov", "dampening"),
            lambda nesterov, dampening: dampening == 0 or not nesterov,
            "goes with no dampening, here {dampening}; allowed: with dampening = 0",
        ),
    )


class Adam(OptimizerSpecification):
    """Kingma & Ba 2015; amsgrad: Reddi et al. 2018."""

    default_lr = 1e-3
    betas: Betas = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    amsgrad: bool = False
    maximize: bool = False
    decoupled_weight_decay: bool = False


class AdamW(OptimizerSpecification):
    """Adam with decoupled weight decay, Loshchilov & Hutter 2019."""

    default_lr = 1e-3
    betas: Betas = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 1e-2
    amsgrad: bool = False
    maximize: bool = False


class NAdam(OptimizerSpecification):
    """Adam with Nesterov momentum, Dozat 2016."""

    default_lr = 2e-3
    betas: Betas = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    momentum_decay: NonNegative = 4e-3
    decoupled_weight_decay: bool = False
    maximize: bool = False


class RAdam(OptimizerSpecification):
    """Rectified Adam, Liu et al. 2020."""

    default_lr = 1e-3
    betas: Betas = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    decoupled_weight_decay: bool = False
    maximize: bool = False


class RMSprop(OptimizerSpecification):
    """Hinton's RMSprop; centered: Graves 2013."""

    default_lr = 1e-2
    alpha: Decay = 0.99
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    momentum: NonNegative = 0.0
    centered: bool = False
    maximize: bool = False


class Adagrad(OptimizerSpecification):
    """Duchi et al. 2011."""

    default_lr = 1e-2
    lr_decay: NonNegative = 0.0
    weight_decay: NonNegative = 0.0
    initial_accumulator_value: NonNegative = 0.0
    eps: NonNegative = 1e-10
    maximize: bool = False


class Adadelta(OptimizerSpecification):
    """Zeiler 2012."""

    default_lr = 1.0
    rho: Annotated[float, Field(ge=0, le=1)] = 0.9
    eps: NonNegative = 1e-6
    weight_decay: NonNegative = 0.0
    maximize: bool = False


class Adamax(OptimizerSpecification):
    """Adam on the infinity norm, Kingma & Ba 2015, section 7."""

    default_lr = 2e-3
    betas: Betas = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    maximize: bool = False


class Adafactor(OptimizerSpecification):
    """Shazeer & Stern 2018."""

    default_lr = 1e-2
    beta2_decay: Annotated[float, Field(le=0)] = -0.8
    eps: tuple[NonNegative | None, NonNegative] = (None, 1e-3)
    d: Annotated[float, Field(ge=1)] = 1.0
    weight_decay: NonNegative = 0.0
    maximize: bool = False


class ASGD(OptimizerSpecification):
    """Averaged stochastic gradient descent, Polyak & Juditsky 1992."""

    default_lr = 1e-2
    lambd: float = 1e-4
    alpha: float = 0.75
    t0: float = 1e6
    weight_decay: NonNegative = 0.0
    maximize: bool = False


class Rprop(OptimizerSpecification):
    """Resilient propagation, Riedmiller & Braun 1993; full batches only."""

    default_lr = 1e-2
    etas: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=1)]] = (0.5, 1.2)
    step_sizes: tuple[Positive, Positive] = (1e-6, 50.0)
    maximize: bool = False


class Muon(OptimizerSpecification):
    """Jordan et al. 2024: orthogonalised momentum. It steps matrices only, so the vectors (biases)
    are stepped by AdamW at the same learning rate and weight decay.
    """

    default_lr = 1e-3
    weight_decay: NonNegative = 0.1
    momentum: Decay = 0.95
    nesterov: bool = True
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315)
    eps: NonNegative = 1e-7
    ns_steps: Annotated[int, Field(ge=1, lt=100)] = 5
    adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None


class OtherOptimizer(OptimizerSpecification):
    """One that is not torch's, of a person's own program (`watch`); no preset may name it."""

    default_lr = None
    settings: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    """Those of its first parameter group that are plain, without the learning rate."""


OPTIMIZERS: dict[str, type[OptimizerSpecification]] = {
    spec.__name__: spec
    for spec in (
        SGD, Adam, AdamW, NAdam, RAdam, RMSprop, Adagrad, Adadelta, Adamax, Adafactor, ASGD,
        Rprop, Muon,
    )
}  # fmt: skip
