"""What `[data]` may say, one class a kind."""

import math
from typing import Annotated, ClassVar, Literal

from pydantic import AliasChoices, Field

from dicttui.preset.specification import Rule, Specification

Scaling = Literal[
    "none",
    "center",
    "standardize",
    "unit_norm",
    "expected_average_only_in",
    "constant_norm_rescale",
    "layer_norm",
]
"""The last three, and "none", are SAELens' `normalize_activations`."""

LARGEST = 1e38
"""Of a sample's numbers: float32 ends at 3.4e38."""


Image = tuple[int, ...]
"""Height and width of samples that are pictures, and 3 where they are red, green and blue."""


class DataSpecification(Specification):
    """Keys that every kind of data has."""

    held_out: Annotated[float, Field(ge=0)] = 0.0
    """A share of the samples if below 1, a number of samples otherwise."""
    scaling: Scaling = "none"
    batch_size: Annotated[int, Field(ge=0)] = 0
    """Samples of one step; 0 is the full batch."""
    outliers: Literal["keep", "drop"] = "keep"
    """drop: samples more than ten times as far from the mean as the median one are left out."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("held_out",),
            lambda held_out: held_out < 1 or held_out == int(held_out),
            "{held_out} is neither; allowed: a share below 1 or a whole number of samples",
        ),
    )

    @property
    def picture(self) -> Image | None:
        """How the features of a sample make a picture, row by row; None: they are none."""
        return None


TOO_LARGE_BATCH = "{batch_size} is more than there are samples; allowed: 0 (full batch) to n ({n})"
"""What is wrong with a batch_size above the number n of train samples."""


class GaussianData(DataSpecification):
    """Standard normal samples, drawn as the article draws them: `torch.randn(n, d_in)`."""

    kind: Literal["gaussian"] = "gaussian"
    n: Annotated[int, Field(ge=1)] = 100
    d_in: Annotated[int, Field(ge=1)] = 10

    rules: ClassVar[tuple[Rule, ...]] = (
        *DataSpecification.rules,
        Rule(
            ("batch_size", "n"),
            lambda batch_size, n: batch_size <= n,
            TOO_LARGE_BATCH,
        ),
    )


class PlantedData(DataSpecification):
    """Sparse non-negative combinations of known unit-norm atoms, plus Gaussian noise."""

    kind: Literal["planted"]
    n: Annotated[int, Field(ge=1)] = 4096
    d_in: Annotated[int, Field(ge=1)] = 32
    n_atoms: Annotated[int, Field(ge=1)] = 64
    mean_l0: Annotated[float, Field(gt=0)] = 4.0
    """Mean number of atoms in a sample; each takes part with probability mean_l0 / n_atoms."""
    amplitudes: Literal["uniform", "exponential"] = "uniform"
    amplitude_min: Annotated[float, Field(ge=0, le=LARGEST)] = 0.5
    """Lower end of uniform amplitudes; ignored by exponential ones."""
    amplitude_max: Annotated[float, Field(gt=0, le=LARGEST)] = 1.5
    """Upper end of uniform amplitudes; ignored by exponential ones."""
    amplitude_mean: Annotated[float, Field(gt=0, le=LARGEST)] = 1.0
    """Mean of exponential amplitudes; ignored by uniform ones."""
    noise: Annotated[float, Field(ge=0, le=LARGEST)] = 0.05
    """Standard deviation of the noise on each feature."""
    parents: Annotated[int, Field(ge=0)] = 0
    """The first so many atoms are parents, each other atom the child of one of them, which takes
    part only where its parent does; 0: all independent."""
    fresh: bool = False
    """Draw new samples at every step (then `batch_size` must be set, and `n` is the size of the
    set on which the data's mean and scale are measured)."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *DataSpecification.rules,
        Rule(
            ("mean_l0", "n_atoms"),
            lambda mean_l0, n_atoms: mean_l0 <= n_atoms,
            "{mean_l0} is more than there are atoms; allowed: at most n_atoms ({n_atoms})",
        ),
        Rule(
            ("parents", "n_atoms"),
            lambda parents, n_atoms: 2 * parents <= n_atoms,
            "{parents} is more than half of the atoms; allowed: at most half of n_atoms "
            "({n_atoms})",
        ),
        Rule(
            ("mean_l0", "parents"),
            lambda mean_l0, parents: parents == 0 or mean_l0 <= 2 * parents,
            "{mean_l0} is more than parents ({parents}) and as many children on average give; "
            "allowed: at most twice the parents",
        ),
        Rule(
            ("amplitude_min", "amplitude_max"),
            lambda low, high: low <= high,
            "{amplitude_min} is above amplitude_max; allowed: at most {amplitude_max}",
        ),
        Rule(
            ("fresh", "batch_size"),
            lambda fresh, batch_size: not fresh or batch_size >= 1,
            "fresh samples have no full batch; allowed: fresh with a batch_size of at least 1",
        ),
        Rule(
            ("batch_size", "n", "fresh"),
            lambda batch_size, n, fresh: fresh or batch_size <= n,
            TOO_LARGE_BATCH,
        ),
    )


DIGITS = 1797
"""Samples in scikit-learn's bundled digits."""


def held_out_samples(held_out: float, n: int) -> int:
    """How many of n samples are held out, by the preset's share or count."""
    return int(held_out) if held_out >= 1 else round(held_out * n)


def _leaves_samples(held_out: float, n: int) -> bool:
    return held_out_samples(held_out, n) < n


def _fits(batch_size: int, held_out: float, n: int) -> bool:
    return not _leaves_samples(held_out, n) or batch_size <= n - held_out_samples(held_out, n)


class DigitsData(DataSpecification):
    """scikit-learn's bundled 8×8 handwritten digits: 1,797 samples of 64 features, in [0, 1]."""

    kind: Literal["digits"]

    rules: ClassVar[tuple[Rule, ...]] = (
        *DataSpecification.rules,
        Rule(
            ("held_out",),
            lambda held_out: _leaves_samples(held_out, DIGITS),
            f"{{held_out}} leaves nothing to train on; allowed: fewer than {DIGITS}",
        ),
        Rule(
            ("batch_size", "held_out"),
            lambda batch_size, held_out: _fits(batch_size, held_out, DIGITS),
            f"{{batch_size}} is more than is left of {DIGITS} samples after held_out = "
            "{held_out}; allowed: 0 (full batch) up to that",
        ),
    )

    @property
    def picture(self) -> Image:
        """8 × 8 pixels."""
        return (8, 8)


class PatchesData(DataSpecification):
    """Grey patches of scikit-learn's two bundled photographs, each patch's mean removed."""

    kind: Literal["patches"]
    n: Annotated[int, Field(ge=1)] = 10_000
    patch_size: Annotated[int, Field(ge=2, le=64)] = 8
    whiten: bool = False
    """ZCA whitening."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *DataSpecification.rules,
        Rule(
            ("held_out", "n"),
            _leaves_samples,
            "{held_out} leaves nothing to train on; allowed: fewer than n ({n})",
        ),
        Rule(
            ("batch_size", "held_out", "n"),
            _fits,
            "{batch_size} is more than is left of n = {n} after held_out = {held_out}; "
            "allowed: 0 (full batch) up to that",
        ),
    )

    @property
    def picture(self) -> Image:
        """The patch."""
        return (self.patch_size, self.patch_size)


def _is_picture(image: Image) -> bool:
    return min(image, default=0) >= 1 and (len(image) == 2 or (len(image) == 3 and image[2] == 3))


class OwnData(DataSpecification):
    """What a person's own samples may be said to be."""

    path: Annotated[str, Field(min_length=1)]
    """Relative paths start at the preset's own directory."""
    image: Image | None = None
    """[height, width] of samples that are pictures, their features row by row; [height, width, 3]
    where each pixel is red, green and blue, one after another."""
    model_name: str | None = None
    """Whose activations they are, if they are some: told to whoever opens exported weights."""
    hook_name: str | None = None
    """Where in that model they were taken."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *DataSpecification.rules,
        Rule(
            ("image",),
            lambda image: image is None or _is_picture(image),
            "{image} is neither; allowed: [height, width], or [height, width, 3] for colour",
        ),
    )

    @property
    def picture(self) -> Image | None:
        """What the preset says."""
        return self.image


class FileData(OwnData):
    """A person's own samples [n, d_in] from .npy, .npz, .pt or .safetensors."""

    kind: Literal["file"]
    array: str | None = None
    """Which array of a file that holds several."""


class ActivationsData(OwnData):
    """Samples that stay on disk: a directory or a pattern of .safetensors, .npy or .pt shards
    [n, d_in] or [batch, sequence, d_in], or a data set that Hugging Face's `save_to_disk` wrote.
    """

    kind: Literal["activations"]
    array: str | None = Field(default=None, validation_alias=AliasChoices("array", "column"))
    """Which array, or column, of shards that hold several."""
    n: Annotated[int, Field(ge=1)] = 8192
    """Rows, drawn from all shards, on which mean, scale and metrics are measured; of the held-out
    rows at most as many are."""
    batch_size: Annotated[int, Field(ge=0)] = 4096
    shuffle: Literal["buffer", "permutation"] = "buffer"
    """buffer: a shuffle buffer, filled with short runs of rows from everywhere; permutation: the
    shards in a random order, and the rows of each in a random order, which takes a fast disk."""
    buffer_size: Annotated[int, Field(ge=0)] = 0
    """Rows of the shuffle buffer; 0: as many as 128 MiB hold. The next is in memory as well."""
    on_bad_rows: Literal["error", "skip"] = "error"
    """What becomes of rows that hold NaN or infinity: training pauses, or other rows of the batch
    take their places, and they are counted."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *OwnData.rules,
        Rule(
            ("batch_size",),
            lambda batch_size: batch_size >= 1,
            "{batch_size}: samples that stay on disk have no full batch; allowed: at least 1",
        ),
        Rule(
            ("outliers",),
            lambda outliers: outliers == "keep",
            'samples that stay on disk are not looked at before; allowed: "keep"',
        ),
    )


class WatchedData(DataSpecification):
    """The samples on which the loop of a person's own program is measured (`watch`). What it trains
    on is not known, so no preset may say this.
    """

    kind: Literal["watched"]
    n: Annotated[int, Field(ge=0)] = 0
    """0: none were given."""
    d_in: Annotated[int, Field(ge=0)] = 0
    image: Image | None = None

    @property
    def picture(self) -> Image | None:
        """Height and width of samples that are pictures."""
        return self.image


def wrong_picture(specification: DataSpecification, d_in: int) -> str:
    """Why samples of d_in features are not the pictures that the preset says; empty: they are."""
    image = specification.picture
    if image is None or math.prod(image) == d_in:
        return ""
    sides = " × ".join(str(side) for side in image)
    return (
        f"data.image: {sides} is {math.prod(image)} numbers, and a sample has {d_in}; "
        "allowed: [height, width] or [height, width, 3] whose product is that"
    )


AnyData = Annotated[
    GaussianData
    | PlantedData
    | DigitsData
    | PatchesData
    | FileData
    | ActivationsData
    | WatchedData,
    Field(discriminator="kind"),
]
