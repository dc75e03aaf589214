"""Refusing what cannot fit into memory before it is allocated."""

import psutil

from dicttui.data.error import DataError

GIBIBYTE = 2**30


def require_memory(size: int, what: str) -> None:
    """Raise DataError if `size` bytes for `what` exceed the memory that is available now."""
    available = psutil.virtual_memory().available
    if size > available:
        raise DataError(
            f"{what} takes {size / GIBIBYTE:.1f} GiB of memory and {available / GIBIBYTE:.1f} GiB "
            "are available: use fewer samples or fewer features"
        )
