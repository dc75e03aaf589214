"""What is sent fits a slow link: counted in bytes, not in time."""

import random
from array import array
from dataclasses import replace

import pytest

from dicttui.preset.reading import Overrides, read
from dicttui.serve import difference
from dicttui.serve.framing import Packer
from dicttui.serve.messages import Picture, written
from dicttui.training.history import History
from dicttui.training.session import Session
from dicttui.training.snapshot import View

PICTURES_PER_SECOND = 4


def sizes(snapshots):
    """Bytes of each picture."""
    packer, before = Packer(deflated=True), None
    for number, snapshot in enumerate(snapshots):
        change = difference.difference(before, snapshot)
        yield len(packer.pack(written(Picture(picture=number + 1, change=change))))
        before = snapshot


@pytest.fixture
def article():
    """Two runs on the article's network."""
    session = Session(read("article-sparse", Overrides(steps=1_000_000)))
    yield session
    session.close()


@pytest.mark.parametrize(
    ("view", "most"),
    [(View(), 6_000), (View(series=("mse", "l0")), 10_000)],
    ids=["losses", "metrics"],
)
def test_a_training_slowed_down_to_be_watched(article, view, most):
    def watched(seconds=10, steps_per_second=20):
        article.view(view)
        for _ in range(seconds * PICTURES_PER_SECOND):
            article.advance(steps_per_second // PICTURES_PER_SECOND)
            yield article.latest()

    sent = list(sizes(watched()))
    assert sum(sent) / (len(sent) / PICTURES_PER_SECOND) < most


def test_one_that_goes_as_fast_as_it_can(article):
    """The newest buckets change with every picture, and the histories halve again and again."""
    article.advance(5)
    first, drawn = article.latest(), random.Random(1)
    histories = [History(), History()]

    def as_fast_as_it_goes(seconds=20, steps_per_second=2_000):
        for step in range(0, seconds * steps_per_second, steps_per_second // PICTURES_PER_SECOND):
            count = steps_per_second // PICTURES_PER_SECOND
            for history in histories:
                losses = array("f", [drawn.random() for _ in range(count)])
                history.extend(step, list(losses), step / 2000, (step + count) / 2000)
            runs = [
                replace(run, step=step + count, loss=drawn.random(), loss_series=history.series())
                for run, history in zip(first.runs, histories, strict=True)
            ]
            yield replace(first, sequence=step, runs=tuple(runs), seconds=drawn.random())

    sent = list(sizes(as_fast_as_it_goes()))
    assert sum(sent) / (len(sent) / PICTURES_PER_SECOND) < 10_000
    # While the first thousand steps are drawn one by one it is the most.
    assert max(sent) < 25_000
