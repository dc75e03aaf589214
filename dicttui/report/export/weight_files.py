"""The weights of one run, for other programs: SAELens, dictionary_learning, safetensors, NumPy."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

from dicttui.record.reading import Recorded
from dicttui.report.error import ReportError

if TYPE_CHECKING:
    from dicttui.networks.exchange.state import NetworkState

_Write = Callable[["NetworkState", Path], None]


def write_sae_lens(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> str:
    """Write a SAELens folder into a directory that is there."""
    from dicttui.networks.exchange import sae_lens

    return _written(experiment, runs, every, path, sae_lens.write)


def write_dictionary_learning(
    experiment: Recorded, runs: Collection[str], every: int, path: Path
) -> str:
    """Write a folder of the package dictionary_learning into a directory that is there."""
    from dicttui.networks.exchange import dictionary_learning

    return _written(experiment, runs, every, path, dictionary_learning.write)


def write_safetensors(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> str:
    """Write the weights as they were trained into a new .safetensors file."""
    from dicttui.networks.exchange import raw

    return _written(experiment, runs, every, path, raw.write_safetensors)


def write_npz(experiment: Recorded, runs: Collection[str], every: int, path: Path) -> str:
    """Write the weights as they were trained into a new .npz file."""
    from dicttui.networks.exchange import raw

    return _written(experiment, runs, every, path, raw.write_npz)


def _written(
    experiment: Recorded, runs: Collection[str], _every: int, path: Path, write: _Write
) -> str:
    """Write a run's newest weights; which those are, in words."""
    from dicttui.networks.exchange.error import ExchangeError
    from dicttui.record import weights

    (run,) = runs
    found = weights.newest(experiment, run)
    try:
        write(found.state, path)
    except ExchangeError as error:
        raise ReportError(f"{experiment.id}/{run}: {error}") from error
    what = "running mean of the weights" if found.state.averaged else "weights"
    words = f"{what} of {run} after {found.step:,} steps, from {found.checkpoint.name}"
    return "\n".join([*(f"{why}; an older one is taken" for why in found.damaged), words])
