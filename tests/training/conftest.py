import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dicttui.preset.reading import read
from dicttui.training.session import Session

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))

OpenSession = Callable[..., Session]

SIMPLE = """
[network]
kind = "simple"
[training]
steps = 100
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


@pytest.fixture
def open_session(tmp_path: Path) -> Iterator[OpenSession]:
    """Sessions on presets given as text; closed, and their threads joined, at the end."""
    opened: list[Session] = []

    def open_one(text: str = SIMPLE, **arguments: Any) -> Session:
        path = tmp_path / f"preset{len(opened)}.toml"
        path.write_text(text)
        session = Session(read(str(path)), **arguments)
        opened.append(session)
        return session

    yield open_one
    for session in opened:
        assert session.close()
