"""Clients of a training: what they see, and who may change it."""

import pytest
from waiting import answered, wait_for

from dicttui.serve.error import ServeError
from dicttui.training.closeup import SampleAsked
from dicttui.training.interventions import Pause, Resume, SetLearningRate
from dicttui.training.snapshot import RowsRequest, Snapshot, View


def first_rate(session):
    return session.latest().runs[0].lr


def seen(session):
    """Wait for a picture."""
    wait_for(lambda: session.latest().state == "ready", "a picture")
    return session.latest()


def test_a_client_sees_what_the_session_sees(serve, attach):
    served = serve()
    served.session.advance(300)
    client = attach(served)
    wait_for(lambda: seen(client).runs[0].step == 300)
    for steps in (1, 900, 40):
        served.session.advance(steps)
        there = served.session.latest()
        wait_for(lambda: client.latest().runs[0].step == there.runs[0].step)  # noqa: B023
        assert repr(client.latest().runs) == repr(there.runs)
        assert client.latest().seed == there.seed


def test_a_change_is_made_and_told_to_everybody(serve, attach):
    served = serve(running=True)
    one, other = attach(served), attach(served)
    before = seen(one).runs[0].lr
    number = one.submit(SetLearningRate(run="adam", factor=2.0))
    for client in (one, other):
        assert answered(client, number).status == "applied"
        # Whoever has read that it is applied finds it so in the newest snapshot.
        assert first_rate(client) == 2 * before


def test_one_holds_the_controls_and_the_others_are_told_who(serve, attach):
    served = serve(running=True)
    one = attach(served, name="pts/1")
    other = attach(served, name="pts/2")
    wait_for(lambda: other.readonly)
    assert "pts/1" in other.holder
    wait_for(lambda: one.others == 1)
    assert (one.readonly, one.holder) == (False, "")
    refused = answered(other, other.submit(Pause()))
    assert refused.status == "failed"
    assert "pts/1" in refused.reason
    assert refused.request == "pause"
    assert all(receipt.id < 0 for receipt in other.receipts(0))
    assert one.receipts(0) == []


def test_the_controls_pass_on_when_their_holder_leaves(serve, attach):
    served = serve(running=True)
    one, other, third = attach(served), attach(served), attach(served)
    seen(one)
    wait_for(lambda: other.readonly and third.readonly)
    one.close()
    wait_for(lambda: not other.holder and not third.holder)
    assert answered(third, third.submit(Pause())).status == "applied"
    wait_for(lambda: other.readonly)
    assert not third.readonly


def test_a_read_only_client_never_holds_the_controls(serve, attach):
    served = serve(running=True)
    watcher = attach(served, readonly=True)
    assert answered(watcher, watcher.submit(Pause())).status == "failed"
    controls = attach(served)
    seen(controls)
    assert watcher.readonly
    assert answered(controls, controls.submit(Pause())).status == "applied"
    assert seen(watcher).runs[0].state == "paused"


def test_a_late_client_hears_of_everything(serve, attach):
    served = serve(running=True)
    numbers = [served.session.submit(kind()) for kind in (Pause, Resume) for _ in range(300)]
    answered(served.session, numbers[-1])
    late = attach(served)
    wait_for(lambda: len(late.receipts(0)) == 2 * len(numbers))
    assert late.receipts(0) == served.session.receipts(0)
    assert late.receipts(1199) == served.session.receipts(1199)


def test_each_client_is_shown_what_it_asks_for(serve, attach):
    served = serve(running=True)
    charts, table = attach(served), attach(served)
    charts.view(View(refresh=20, series=("mse", "l0")))
    one, other = SampleAsked("sgd", 3), SampleAsked("sgd", 5)
    sample, another = attach(served), attach(served)
    sample.view(View(refresh=20, samples=(one,)))
    another.view(View(refresh=20, samples=(other,)))
    page = RowsRequest("sgd", "norm", descending=True, count=2)
    table.view(View(refresh=20, series=("mse",), pages=(page,)))
    wait_for(lambda: {"mse", "l0"} <= seen(charts).runs[0].series.keys())
    wait_for(lambda: seen(table).runs[1].pages)
    (shown,) = table.latest().runs[1].pages
    assert (shown.request, shown.first, len(shown.rows)) == (page, 0, 2)
    assert shown.rows[0].norm >= shown.rows[1].norm
    assert not table.latest().runs[0].pages
    assert "l0" not in table.latest().runs[0].series
    wait_for(lambda: [shown.asked for shown in seen(sample).runs[1].samples] == [one])
    wait_for(lambda: [shown.asked for shown in seen(another).runs[1].samples] == [other])
    assert not charts.latest().runs[1].samples
    assert not charts.latest().runs[1].pages


def test_what_another_sees_already_is_seen_though_nothing_trains(serve, attach):
    served = serve(running=True)
    one, other = attach(served), attach(served)
    one.view(View(rows_of=("adam",)))
    wait_for(lambda: seen(one).runs[0].rows)
    answered(one, one.submit(Pause()))
    before = seen(other).sequence
    other.view(View(rows_of=("adam",)))
    wait_for(lambda: seen(other).runs[0].rows)
    assert other.latest().sequence > before


def test_what_nobody_asks_for_any_more_is_not_measured(serve, attach):
    served = serve()
    one, other = attach(served), attach(served)
    one.view(View(refresh=2, series=("mse",)))
    other.view(View(refresh=10, series=("l0",), rows_of=("sgd",)))
    wanted = served.session._mailbox
    wait_for(lambda: wanted.wanted_view == View(10, ("mse", "l0"), ("sgd",)))
    other.close()
    wait_for(lambda: wanted.wanted_view == View(2, ("mse",)))
    one.close()
    wait_for(lambda: wanted.wanted_view == View())


def test_only_who_looks_makes_the_session_watched(serve, attach):
    served = serve()
    looked = []
    latest = served.session.latest
    served.session.latest = lambda: (looked.append(1), latest())[1]
    silent = attach(served, watching=False)
    wait_for(lambda: not silent.readonly)
    assert not looked
    watcher = attach(served)
    seen(watcher)
    assert looked


def test_a_client_that_leaves_does_not_end_the_training(serve, attach):
    served = serve(running=True)
    for _ in range(3):
        client = attach(served)
        step = seen(client).runs[0].step
        client.close()
        assert client.latest().state == "closed"
        wait_for(lambda: served.session.latest().runs[0].step >= step)  # noqa: B023
    assert served.session.latest().state == "ready"


def test_the_end_is_told_with_what_to_do(serve, attach):
    served = serve()
    one, other = attach(served), attach(served, watching=False)
    one.view(View(refresh=0.1))
    seen(one)
    served.session.advance(7)
    served.server.close("every run has ended", resumable=True)
    for client in (one, other):
        parting = client.wait(10)
        assert parting.ended
        assert parting.reason.startswith("every run has ended")
    last = one.latest()
    assert last.state == "closed"
    assert "dicttui resume abc000" in last.detail
    assert [(run.name, run.step) for run in last.runs] == [("adam", 7), ("sgd", 7)]
    failed = answered(one, one.submit(Pause()))
    assert failed.status == "failed"
    assert "dicttui resume abc000" in failed.reason
    one.view(View(series=("mse",)))
    assert one.latest() is last
    with pytest.raises(ServeError, match="no process is training it"):
        attach(served)


def test_an_experiment_that_is_not_recorded_cannot_be_resumed(serve, attach):
    served = serve()
    client = attach(served)
    served.server.close("every run has ended")
    assert client.wait(10).reason == "every run has ended"


def test_a_client_may_ask_for_the_end(serve, attach):
    served = serve()
    attach(served)
    client = attach(served, readonly=True, watching=False)
    assert not served.server.end_requested.is_set()
    client.end()
    wait_for(served.server.end_requested.is_set)


def test_a_picture_is_there_before_the_first_one_has_come(serve, attach):
    client = attach(serve(), watching=False)
    assert isinstance(client.latest(), Snapshot)
    assert client.latest().state == "loading"


def test_how_long_nobody_has_been_there(serve, attach):
    served = serve()
    wait_for(lambda: served.server.seconds_alone > 0)
    client = attach(served)
    assert served.server.seconds_alone == 0
    client.close()
    wait_for(lambda: served.server.seconds_alone > 0)


def test_an_answer_that_comes_too_late_is_not_kept(serve, attach, monkeypatch):
    served = serve()
    client = attach(served)
    with monkeypatch.context() as hurried:
        hurried.setattr("dicttui.serve.client.PATIENCE", 0.0)
        number = client.submit(Pause())
    assert number > 0 or "no answer in 0 s" in client.receipts(0)[-1].reason
    assert client.submit(Pause()) > 0  # by then the first answer has been heard
    assert client._answers == {}
