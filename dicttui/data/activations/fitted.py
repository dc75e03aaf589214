"""What samples on disk are scaled by, kept beside what else the program remembers.

It is estimated once, on rows drawn from all shards, and then the same whenever these shards are
trained on with the same preset: `scaling/KEY.json` in the program's state directory, where KEY is a
digest of the shards (path, size, time of change), the seed, and the rows it is estimated on.
"""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dicttui.data import scaling
from dicttui.data.activations.shards import Shard
from dicttui.data.affine import facts_of
from dicttui.data.scaling import Center, Factor, Scaling, Standardize
from dicttui.own_state import state_directory
from dicttui.preset.data import Scaling as ScalingName

log = logging.getLogger(__name__)

FOLDER = "scaling"


def fitted(name: ScalingName, train: Tensor, shards: Sequence[Shard], *of: object) -> Scaling:
    """The scaling of that name for samples of which train [n, d_in] are some: the one that was kept
    for these shards, or else one that is fitted now, and kept.

    Args:
        name: of the scaling.
        train: the samples it is fitted on.
        shards: the files they are from.
        of: whatever else decides which samples they are.

    Raises:
        DataError: the scaling is not defined for these samples.

    """
    path = _place(name, shards, of)
    kept = _read(path, train.shape[1])
    if kept is not None:
        return kept
    found = scaling.fit(name, train)
    facts = facts_of(found)
    if len(facts) > 1:  # more than its name: something was estimated
        files = [str(shard.path.absolute()) for shard in shards]
        _write(path, facts | {"files": files, "rows": len(train)})
    return found


def _place(name: str, shards: Sequence[Shard], of: Sequence[object]) -> Path:
    identity = [
        [str(s.path.absolute()), s.array.name, s.size, s.changed, s.sample.hex()] for s in shards
    ]
    text = json.dumps([name, identity, [str(part) for part in of]])
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return state_directory() / FOLDER / f"{digest}.json"


def _read(path: Path, d_in: int) -> Scaling | None:
    try:
        facts = json.loads(path.read_text())
        if "factor" in facts:
            return Factor(float(facts["factor"]))
        vectors = [torch.tensor(facts[key]) for key in ("mean", "deviation") if key in facts]
        if not vectors or any(vector.shape != (d_in,) for vector in vectors):
            return None
        return Standardize(*vectors) if len(vectors) == 2 else Center(*vectors)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RuntimeError):
        log.exception("%s cannot be read, and is estimated anew", path)
        return None


def _write(path: Path, content: dict[str, Any]) -> None:
    """Keep it, if that can be done: without it, it is estimated anew next time."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_text(json.dumps(content, allow_nan=False))
        partial.replace(path)
    except (OSError, ValueError):
        log.exception("%s cannot be written", path)
