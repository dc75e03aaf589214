"""What `[network]` may say, one class a kind."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from dicttui.preset.specification import Specification

Init = Literal["article", "unit_norm", "orthogonal", "data"]
DictSize = Annotated[int, Field(ge=1)]
Coefficient = Annotated[float, Field(ge=0)]
Weights = Annotated[str, Field(min_length=1)] | None
"""A SAELens folder to start with in place of `init`; relative paths start at the preset's own
directory."""


class SimpleNetwork(Specification):
    """The article's SimpleDictionaryNetwork: mean squared error and nothing else."""

    kind: Literal["simple"]
    dict_size: DictSize = 5
    hidden_size: Annotated[int, Field(ge=1)] = 8
    init: Init = "article"


class SparseNetwork(Specification):
    """The article's SparseDictionaryNetwork: mean squared error plus an L1 penalty on the code."""

    kind: Literal["sparse"]
    dict_size: DictSize = 5
    hidden_size: Annotated[int, Field(ge=1)] = 8
    l1_coefficient: Coefficient = 0.01
    """The article's lambda."""
    penalty: Literal["sum", "mean"] = "sum"
    """sum: over the batch, as in the article; mean: per sample."""
    init: Init = "article"


class ReluNetwork(Specification):
    """A sparse autoencoder with ReLU codes and an L1 penalty per sample."""

    kind: Literal["relu"]
    dict_size: DictSize = Field(default=128, validation_alias=AliasChoices("dict_size", "d_sae"))
    l1_coefficient: Coefficient = 0.3
    """On the field's scale: beside a squared error summed over features, both per sample."""
    init: Init = "unit_norm"
    weights: Weights = None


class UserNetwork(Specification):
    """A person's own `nn.Module`."""

    kind: Literal["user"]
    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    """`package.module:callable`; called with `d_in` and `arguments`."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    init: Init = "article"
    """"article" keeps what the factory made."""


AnyNetwork = Annotated[
    SimpleNetwork | SparseNetwork | ReluNetwork | UserNetwork,
    Field(discriminator="kind"),
]


def weights_of(network: AnyNetwork) -> str | None:
    """The folder whose weights a network starts with, if it does."""
    weights: str | None = getattr(network, "weights", None)
    return weights
