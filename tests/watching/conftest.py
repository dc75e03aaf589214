"""Training loops of one's own, small ones, and what watches them."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dicttui import watch
from dicttui.watching.watch import Watch

sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))
"""For `waiting`: tests cannot import one another by name."""


class Loop:
    """A person's loop: a sparse autoencoder that draws, counts batches and has modes."""

    def __init__(self, lr: float = 0.01, penalty: float = 0.01) -> None:
        torch.manual_seed(0)
        self.x = torch.randn(40, 6)
        self.model = nn.ModuleDict(
            {
                "before": nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.2)),
                "encoder": nn.Linear(6, 9),
                "decoder": nn.Linear(9, 6),
            }
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
        self.penalty = penalty
        self.watched: Watch | None = None
        self.steps = 0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        code = torch.relu(self.model["encoder"](self.model["before"](x)))
        return self.model["decoder"](code), code

    def dictionary(self) -> Tensor:
        return self.model["decoder"].weight.T

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        reconstruction, code = self.forward(x)
        error = (reconstruction - x).square().mean()
        return {"mse": error, "l1": self.penalty * code.abs().sum(1).mean()}

    def look_due(self) -> None:
        """Let the next step be looked at, whatever that costs."""
        assert self.watched is not None
        session = self.watched._session
        for last in (session._pictures, session._measures, session._examinations):
            last._spent_at = float("-inf")
        session._published = session._not_before = float("-inf")

    def step(self, count: int = 1) -> list[float]:
        losses = []
        for _ in range(count):
            loss = sum(self.loss(self.x).values())
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.steps += 1
            losses.append(loss.item())
            if self.watched is not None and not self.watched.step(loss, batch=self.x):
                break
        return losses


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="dicttui-test-"))
    monkeypatch.setenv("DICTTUI_STATE_DIR", str(directory))
    yield directory
    for handler in logging.getLogger("dicttui").handlers[:]:
        logging.getLogger("dicttui").removeHandler(handler)
        handler.close()
    shutil.rmtree(directory)


@pytest.fixture
def watching(state: Path) -> Iterator[Callable[..., Loop]]:
    """Watch a loop, with all that it can tell unless something else is asked for."""
    begun: list[Watch] = []

    def begin(loop: Loop | None = None, **given: Any) -> Loop:
        loop = loop or Loop()
        functions = {"forward": loop.forward, "dictionary": loop.dictionary, "loss": loop.loss}
        known = {"x": loop.x, "record": False, "serve": False, "name": "mine"} | functions
        loop.watched = watch(loop.model, loop.optimizer, **(known | given))
        begun.append(loop.watched)
        return loop

    yield begin
    for watched in begun:
        watched.close()


@pytest.fixture
def make_loop() -> type[Loop]:
    """A loop that nobody watches."""
    return Loop
