"""Random streams of their own for every purpose, so that none disturbs another."""

import hashlib

import torch


def derive(seed: int, *purpose: str | int) -> int:
    """A seed in [0, 2**63) for one purpose: a BLAKE2b hash of (seed, purpose).

    The same in every process and on every machine; purposes that differ give unrelated seeds.
    """
    name = "/".join(str(part) for part in (seed, *purpose))
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A CPU generator seeded by `derive`; torch's global stream is left alone."""
    return torch.Generator().manual_seed(derive(seed, *purpose))
