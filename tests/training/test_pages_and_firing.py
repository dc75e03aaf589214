"""Pages of rows, and how often atoms fire, as a screen that asks for them gets them."""

import pytest
import torch

from dicttui.training import plain
from dicttui.training.interventions import Pause, Restart, Resume, Undo
from dicttui.training.snapshot import RowsRequest, RunSnapshot, View

PLANTED = """
[data]
kind = "planted"
n = 256
d_in = 8
n_atoms = 12
batch_size = 16
[network]
kind = "relu"
dict_size = 20
l1_coefficient = 1.0
[training]
steps = 1000
dead_feature_window = 8
[[runs]]
name = "adam"
optimizer = "Adam"
lr = 0.03
"""


def only(session) -> RunSnapshot:
    return session.latest().runs[0]


def key(value: float | None, descending: bool) -> tuple[bool, float]:
    return value is None, 0.0 if value is None else -value if descending else value


SORTED_BY = ("index", "norm", "update_ratio", "adam_ratio", "firing_frequency", "nearest_true")


def test_a_page_has_the_rows_that_are_there_in_the_order_of_all(open_session):
    session = open_session(PLANTED)
    requests = tuple(
        RowsRequest("adam", name, descending, first=4, count=6)
        for name in SORTED_BY
        for descending in (False, True)
    )
    session.view(View(rows_of=("adam",), pages=requests))
    session.advance(25)
    session._trainer.experiment.runs[0].rows.forget()
    session.submit(Pause())
    session.advance(0)
    run = only(session)
    assert len(run.rows) == 20
    assert [page.request for page in run.pages] == list(requests)
    for page in run.pages:
        name, descending = page.request.sort, page.request.descending
        # How often atoms fire is counted on other samples where rows come in pages.
        shares = {row.index: row.firing_frequency for row in page.rows}
        assert (page.total, page.first, page.step) == (20, 4, 25)
        if name == "firing_frequency":
            values = list(shares.values())
            assert values == sorted(values, reverse=descending)
            continue
        ordered = sorted(run.rows, key=lambda row: key(getattr(row, name), descending))
        assert [row.index for row in page.rows] == [row.index for row in ordered[4:10]]
        assert [row.norm for row in page.rows] == [row.norm for row in ordered[4:10]]


def test_a_row_that_is_sought_is_in_the_middle_of_its_page(open_session):
    session = open_session(PLANTED)
    request = RowsRequest("adam", "norm", True, count=5, at=7)
    end = RowsRequest("adam", first=10**9, count=5)
    session.view(View(pages=(request, end)))
    session.advance(3)
    page, last = only(session).pages
    assert page.rows[page.place - page.first].index == 7
    assert page.first == max(0, min(15, page.place - 2))
    assert [row.index for row in last.rows] == [15, 16, 17, 18, 19]
    assert plain.restored(RunSnapshot, plain.plain(only(session))).pages == (page, last)


def test_of_rows_in_pages_only_those_that_are_seen_are_followed(open_session):
    session, whole = open_session(PLANTED), open_session(PLANTED)
    session.view(View(pages=(RowsRequest("adam", count=5),)))
    whole.view(View(rows_of=("adam",)))
    for one in (session, whole):
        one.advance(0)
        for _ in range(30):
            one.advance(1)
    session.view(View(pages=(RowsRequest("adam", first=3, count=4),)))
    session.submit(Pause())
    whole.submit(Pause())
    session.advance(0)
    whole._trainer.experiment.runs[0].rows._cost = 0.0
    whole.advance(0)
    rows = only(session).pages[0].rows
    assert [row.index for row in rows] == [3, 4, 5, 6]
    assert [row.update_ratio is None for row in rows] == [False, False, True, True]
    for row in rows[:2]:
        expected = only(whole).rows[row.index]
        assert row.update_ratio == pytest.approx(expected.update_ratio, rel=1e-5)
        assert row.radial_share == pytest.approx(expected.radial_share, rel=1e-3)
    assert only(session).loss_series.last == only(whole).loss_series.last


def test_how_often_atoms_fire_is_counted_on_the_batches_of_the_next_steps(open_session):
    session = open_session(PLANTED)
    session.view(View(firing=True))
    session.advance(40)
    session.submit(Pause())
    session.advance(0)
    tracker = session._trainer.experiment.runs[0].firing
    tracker.forget()
    session.view(View(firing=False))
    session.advance(0)
    session.view(View(firing=True))
    session.advance(0)
    firing = only(session).firing
    assert firing.samples % 16 == 0
    assert (firing.from_step, firing.to_step) == (40, 40)
    assert firing.never + sum(firing.histogram) == firing.atoms == 20
    run = session._trainer.experiment.runs[0]
    steps = range(40, 40 + firing.samples // 16)
    x = torch.cat([run.trainable.samples.batch(step, torch.device("cpu")) for step in steps])
    with torch.no_grad():
        fires = (run.trainable.network(x).code != 0).sum(0)
    assert firing.never == int((fires == 0).sum())
    assert tracker.shares.tolist() == pytest.approx((fires / len(x)).tolist())


def test_who_is_dead_is_known_after_the_window_and_counted_on_after_a_way_back(open_session):
    session = open_session(PLANTED)
    session.advance(5)
    firing = only(session).firing
    assert (firing.dead, firing.died, firing.known_at, firing.window) == (None, 0, 8, 8)
    for _ in range(60):
        session.advance(5)
    then = only(session)
    assert then.firing.dead == round(then.metrics["dead_fraction"] * 20) > 0
    assert then.firing.died - then.firing.woke == then.firing.dead
    session.submit(Restart("adam"))
    session.advance(0)
    assert (only(session).firing.died, only(session).firing.dead) == (0, None)
    session.submit(Undo("adam"))
    session.submit(Resume())
    session.advance(0)
    back = only(session).firing
    assert (back.died, back.woke, back.dead) == (
        then.firing.died, then.firing.woke, then.firing.dead,
    )  # fmt: skip


def test_who_is_dead_is_told_though_nothing_was_measured_for_long(open_session):
    session = open_session(PLANTED)
    session.advance(1)
    run = session._trainer.experiment.runs[0]
    run.advance(300, observe=False)
    session._trainer.publish()
    assert only(session).metrics_step == 0
    dead = run.trainable.deadness.dead(300, 8)
    assert only(session).firing.dead == int(dead.sum()) > 0


def test_throughput_is_in_samples_and_epochs(open_session):
    session = open_session(PLANTED)
    session.advance(40)
    run = only(session)
    assert (run.batch_size, run.steps_per_epoch, run.epoch) == (16, 16, 2.5)
    session.submit(Pause())
    session.advance(0)
    assert only(session).seconds_left is None
    assert only(session).samples_per_second is None
