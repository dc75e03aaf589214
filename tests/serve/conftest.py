"""Sessions that are served over real sockets, and clients of them."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dicttui.preset.reading import read
from dicttui.serve import address
from dicttui.serve.client import RemoteSession
from dicttui.serve.guest import Limits
from dicttui.serve.server import Server
from dicttui.training.session import Session

# With --import-mode=importlib tests cannot import one another by name.
sys.path.insert(0, str(Path(__file__).parent))

TWO_RUNS = """
title = "two runs"
[network]
kind = "sparse"
[training]
steps = 1000000
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.01
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


class Served(NamedTuple):
    """A session, what serves it, and where."""

    session: Session
    server: Server
    where: Path


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="dicttui-test-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def serve(state: Path, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a session: `running`, it trains in a thread of its own; else the test advances it."""
    opened: list[Served] = []

    def serve_one(text: str = TWO_RUNS, *, running: bool = False, **limits: Any) -> Served:
        path = tmp_path / f"preset{len(opened)}.toml"
        path.write_text(text)
        session = Session(read(str(path)), paced=True)
        where = address.path(state, f"abc{len(opened):03}")
        server = Server(session, where, id=where.stem, title="two runs", limits=Limits(**limits))
        server.start()
        if running:
            session.start()
        else:
            session.advance()
        opened.append(Served(session, server, where))
        return opened[-1]

    yield serve_one
    for served in opened:
        served.server.close("the test is over")
        assert served.session.close()


@pytest.fixture
def attach() -> Iterator[Callable[..., RemoteSession]]:
    """Attach to what is served."""
    clients: list[RemoteSession] = []

    def attach_one(served: Served | Path, **options: Any) -> RemoteSession:
        where = served if isinstance(served, Path) else served.where
        clients.append(RemoteSession(where, **options))
        return clients[-1]

    yield attach_one
    for client in clients:
        client.close()
