"""What is known about each metric: how it is called, what it says, how it is drawn."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    title: str
    says: str
    better: Literal["smallest", "largest"] | None = None
    """Which of its values may be called the best; None: neither."""
    log: bool = False
    share: bool = False
    """Whether it is written in per cent."""


METRICS = {
    "loss": Metric("loss", "the sum of the network's loss terms, for the step's batch",
                   "smallest", log=True),
    "mse": Metric("mse", "squared error, mean over samples and features", "smallest", log=True),
    "fvu": Metric("fvu", "share of the data's variance that is not explained", "smallest",
                  log=True),
    "explained_variance": Metric("explained variance", "1 − fvu", "largest"),
    "held_out_loss": Metric("held-out loss", "the loss on samples that are not trained on",
                            "smallest", log=True),
    "l0": Metric("l0", "atoms that fire, mean over samples"),
    "l1": Metric("l1", "sum of a sample's absolute codes, mean over samples"),
    "dead_fraction": Metric("dead atoms", "share of atoms that have not fired for a long time",
                            "smallest", share=True),
    "mmcs": Metric("mmcs", "how close the learned atoms come to the true ones: largest cosine, "
                   "mean over true atoms", "largest"),
    "mmcs_random": Metric("mmcs, random", "the same for a random dictionary of this shape"),
    "recovered": Metric("recovered", "share of true atoms matched one to one above 0.9",
                        "largest", share=True),
    "precision": Metric("precision", "share of living atoms so matched", "largest", share=True),
    "norm_ratio": Metric("norm ratio", "largest ÷ smallest norm of a row", log=True),
    "norm_max": Metric("largest norm", "of the dictionary's rows"),
    "norm_min": Metric("smallest norm", "of the dictionary's rows"),
    "lr": Metric("learning rate", "in force, schedule applied", log=True),
}  # fmt: skip
"""After the definitions that the whole program keeps to; in the order in which they are shown."""
TERM = "terms."
"""What the names of a loss's terms begin with."""


def metric(name: str) -> Metric:
    """What is known of a metric, by whatever name."""
    if name in METRICS:
        return METRICS[name]
    if name.startswith(TERM):
        term = name.removeprefix(TERM).replace("_", " ")
        return Metric(f"term {term}", "one of the loss's terms", log=True)
    plain = name.removeprefix("held_out_")
    if plain != name and plain in METRICS:
        known = METRICS[plain]
        says = f"{known.says}; on held-out samples"
        return Metric(f"held-out {known.title}", says, known.better, known.log, known.share)
    return Metric(name.replace("_", " "), "")


def in_order(names: set[str]) -> list[str]:
    """Names of metrics in the order in which they are shown, those nobody knows last."""
    known = [name for name in METRICS if name in names]
    return known + sorted(names.difference(METRICS))
