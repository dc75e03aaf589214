"""What `[network]` may say, one class a kind."""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AliasChoices, Field

from dicttui.preset.specification import Rule, Specification

Init = Literal["article", "unit_norm", "orthogonal", "data"]
DictSize = Annotated[int, Field(ge=1)]
Coefficient = Annotated[float, Field(ge=0)]
Steps = Annotated[int, Field(ge=0)]

_K_IS_WITHIN = Rule(
    ("k", "dict_size"),
    lambda k, dict_size: k <= dict_size,
    "{k} is more than there are atoms; allowed: at most dict_size ({dict_size})",
)


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


class AutoencoderNetwork(Specification):
    """What every sparse autoencoder has: d_sae atoms, an encoder, two biases."""

    dict_size: DictSize = Field(default=128, validation_alias=AliasChoices("dict_size", "d_sae"))
    init: Init = "unit_norm"
    """Of the decoder's rows."""
    encoder_init: Literal["transpose", "independent"] = "transpose"
    """Of the encoder: the decoder's transpose, or a draw of its own."""
    b_dec_init: Literal["zeros", "mean", "geometric_median"] = "zeros"
    """Of the decoder's bias: at a centre of the samples."""
    apply_b_dec_to_input: bool = True
    """Whether the decoder's bias is taken from samples before they are encoded."""
    auxk_alpha: Coefficient = 0.0
    """Weight of the auxiliary loss, by which dead atoms reconstruct what is left; 0: none."""
    k_aux: Annotated[int, Field(ge=0)] = 0
    """Dead atoms that take part in it; 0: half of d_in."""
    weights: Annotated[str, Field(min_length=1)] | None = None
    """A SAELens folder to start with, in place of what `init` and its like give; relative paths
    start at the preset's own directory."""


class ReluNetwork(AutoencoderNetwork):
    """A sparse autoencoder with ReLU codes and an L1 penalty per sample."""

    kind: Literal["relu"]
    l1_coefficient: Coefficient = 0.3
    """On the field's scale: beside a squared error summed over features, both per sample."""
    scale_sparsity_penalty_by_decoder_norm: bool = False
    """Whether the penalty weights each code by its atom's norm."""
    l1_warm_up_steps: Steps = 0
    """Steps over which the penalty rises linearly to l1_coefficient."""


class TopKNetwork(AutoencoderNetwork):
    """A sparse autoencoder that keeps the k largest codes of each sample."""

    kind: Literal["topk"]
    k: Annotated[int, Field(ge=1)] = 4

    rules: ClassVar[tuple[Rule, ...]] = (_K_IS_WITHIN,)


class BatchTopKNetwork(AutoencoderNetwork):
    """A sparse autoencoder that keeps the k · batch largest codes of a batch."""

    kind: Literal["batch_topk"]
    k: Annotated[int, Field(ge=1)] = 4
    """Per sample, on average."""

    rules: ClassVar[tuple[Rule, ...]] = (_K_IS_WITHIN,)


class MatryoshkaNetwork(AutoencoderNetwork):
    """A BatchTopK autoencoder whose first atoms must reconstruct samples alone, too."""

    kind: Literal["matryoshka"]
    k: Annotated[int, Field(ge=1)] = 4
    """Per sample, on average."""
    widths: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (32, 64)
    """How many atoms each beginning has; the whole dictionary counts without being named."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _K_IS_WITHIN,
        Rule(
            ("widths", "dict_size"),
            lambda widths, dict_size: (
                all(a < b for a, b in pairwise(widths)) and widths[-1] < dict_size
            ),
            "{widths} must rise and end below dict_size ({dict_size}); allowed: such as [32, 64]",
        ),
    )


class JumpReluNetwork(AutoencoderNetwork):
    """A sparse autoencoder with a learned threshold for each atom."""

    kind: Literal["jump_relu"]
    l0_coefficient: Coefficient = 0.1
    """Weight of the number of atoms that fire, beside a squared error summed over features."""
    sparsity_loss: Literal["step", "tanh"] = "step"
    """How that number is counted: exactly, with a straight-through gradient, or smoothly."""
    tanh_scale: Annotated[float, Field(gt=0)] = 4.0
    """Of sparsity_loss = "tanh": the code at which tanh saturates is about 1 / tanh_scale."""
    l0_warm_up_steps: Steps = 0
    """Steps over which the penalty rises linearly to l0_coefficient."""
    bandwidth: Annotated[float, Field(gt=0)] = 0.5
    """Of the straight-through gradients' kernel."""
    init_threshold: Annotated[float, Field(gt=0)] = 0.01
    pre_act_loss_coefficient: Coefficient = 0.0
    """Weight of a penalty that pulls up dead atoms' pre-activations to their threshold; 0: none."""


class GatedNetwork(AutoencoderNetwork):
    """A sparse autoencoder that decides whether an atom fires apart from how much."""

    kind: Literal["gated"]
    l1_coefficient: Coefficient = 0.8
    """On the field's scale, on the gates."""
    scale_sparsity_penalty_by_decoder_norm: bool = False
    """Whether the penalty weights each gate by its atom's norm."""
    l1_warm_up_steps: Steps = 0
    """Steps over which the penalty rises linearly to l1_coefficient."""


class ListaNetwork(AutoencoderNetwork):
    """Sparse coding unrolled: iterative soft thresholding with a learned dictionary."""

    kind: Literal["lista"]
    iterations: Annotated[int, Field(ge=1, le=1000)] = 10
    l1_coefficient: Coefficient = 0.3
    """On the field's scale: of the objective that the inference minimises, and of the loss."""
    tied: bool = True
    """true: the inference uses the dictionary itself (ISTA, Olshausen & Field); false: matrices of
    its own are learned (LISTA, Gregor & LeCun)."""
    positive_code: bool = False
    """Whether codes are kept from being negative."""
    encoder_init: Literal["transpose"] = "transpose"
    """The tied inference's matrices."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("weights",),
            lambda weights: weights is None,
            "SAELens has no such network; allowed: with the other sparse autoencoders",
        ),
    )


class UserNetwork(Specification):
    """A person's own `nn.Module`."""

    kind: Literal["user"]
    factory: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]
    """`package.module:callable`; called with `d_in` and `arguments`."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    init: Init = "article"
    """"article" keeps what the factory made."""


class WatchedNetwork(Specification):
    """The module that a person's own program trains (`watch`). Nothing could build it again, so no
    preset may say this.
    """

    kind: Literal["watched"]
    name: str = ""
    """Of its class."""
    dict_size: Annotated[int, Field(ge=0)] = 0
    """0: not known."""
    init: Literal["article"] = "article"
    """It starts as its program makes it."""


AnyNetwork = Annotated[
    SimpleNetwork
    | SparseNetwork
    | ReluNetwork
    | TopKNetwork
    | BatchTopKNetwork
    | MatryoshkaNetwork
    | JumpReluNetwork
    | GatedNetwork
    | ListaNetwork
    | UserNetwork
    | WatchedNetwork,
    Field(discriminator="kind"),
]


def weights_of(network: AnyNetwork) -> str | None:
    """The folder whose weights a network starts with, if it does."""
    return network.weights if isinstance(network, AutoencoderNetwork) else None
