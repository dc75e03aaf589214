"""Samples in words, for the screen."""

from dicttui.data.samples import effective_batch_size
from dicttui.preset.data import DataSpecification, Scaling

SCALING_WORDS: dict[Scaling, str] = {
    "none": "",
    "center": "centered",
    "standardize": "standardized",
    "unit_norm": "unit norm",
    "expected_average_only_in": "mean norm √d_in",
    "constant_norm_rescale": "norm √d_in each",
    "layer_norm": "layer norm",
}


def describe(
    subject: str, specification: DataSpecification, n: int, held_out: int, *, fresh: bool = False
) -> str:
    """A subject followed by how its n train samples are used:
    "gaussian 100 × 10, full batch, 20 held out, centered".
    """
    size = specification.batch_size
    if fresh:
        batch = f"fresh, batch {size}"
    elif effective_batch_size(size, n) == n:
        batch = "full batch"
    else:
        batch = f"batch {size}"
    parts = [subject, batch]
    if held_out:
        parts.append(f"{held_out} held out")
    if specification.scaling != "none":
        parts.append(SCALING_WORDS[specification.scaling])
    return ", ".join(parts)
