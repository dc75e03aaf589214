"""What is sent fits a slow link: counted in bytes, not in time."""

import pytest

from dicttui.preset.reading import Overrides, read
from dicttui.serve import difference
from dicttui.serve.framing import Packer
from dicttui.serve.messages import Picture, written
from dicttui.training.session import Session
from dicttui.training.snapshot import View

PICTURES_PER_SECOND = 4


@pytest.mark.parametrize(
    ("view", "steps_per_second", "seconds", "most"),
    [
        (View(), 20, 10, 6_000),
        (View(series=("mse", "l0")), 20, 10, 10_000),
        (View(), 1_000, 4, 14_000),
    ],
    ids=["to watch", "with metrics", "full speed"],
)
def test_two_runs_of_the_article_at_four_pictures_a_second(view, steps_per_second, seconds, most):
    session = Session(read("article-sparse", Overrides(steps=1_000_000)))
    session.view(view)
    session.advance()
    packer, before, sizes = Packer(deflated=True), None, []
    for number in range(seconds * PICTURES_PER_SECOND):
        session.advance(steps_per_second // PICTURES_PER_SECOND)
        snapshot = session.latest()
        change = difference.difference(before, snapshot)
        sizes.append(len(packer.pack(written(Picture(picture=number + 1, change=change)))))
        before = snapshot
    session.close()
    assert sum(sizes) / seconds < most
    assert max(sizes[1:]) < 20_000
