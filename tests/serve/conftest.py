"""Sessions that are served over real sockets, and clients of them."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dicttui.preset.reading import read
from dicttui.serve import address
from dicttui.serve.client import RemoteSession
from dicttui.serve.guest import Limits
from dicttui.serve.server import Server
from dicttui.training.interventions import Receipt
from dicttui.training.seam import SessionProtocol
from dicttui.training.session import Session

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
PATIENCE = 30.0


def wait_for(condition: Callable[[], Any], what: str = "it") -> Any:
    """What the condition gives, once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)
    return found


def answered(session: SessionProtocol, number: int) -> Receipt:
    """The receipt of an intervention, once it is applied or has failed."""

    def found() -> Receipt | None:
        receipts = [r for r in session.receipts(0) if r.id == number and r.status != "requested"]
        return receipts[-1] if receipts else None

    receipt: Receipt = wait_for(found, f"the receipt of {number}")
    return receipt


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
