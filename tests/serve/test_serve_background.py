"""Training in a process of its own, from its start to its end, whatever that is."""

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from waiting import answered, wait_for

from dicttui.preset.reading import read
from dicttui.preset.resolved import dumped
from dicttui.record.finding import find
from dicttui.record.reading import Recorded
from dicttui.serve import address, background
from dicttui.serve.error import ServeError
from dicttui.serve.order import Order
from dicttui.serve.starting import start
from dicttui.training.interventions import Pause, SetLearningRate

ENDLESS = """
title = "no end"
[network]
kind = "simple"
[training]
steps = 1000000000
steps_per_second = 1
[[runs]]
name = "sgd"
optimizer = "SGD"
lr = 0.01
"""


class Started:
    """A process in the background."""

    def __init__(self, order):
        self.order = order
        outcome = start(order)
        self.id, self.process, self.directory = outcome.id, outcome.process, outcome.directory
        self.where = address.path(order.state, outcome.id)
        self._status = None

    def send(self, number):
        os.kill(self.process, number)

    def recorded(self):
        return Recorded.open(Path(self.directory))

    def ended(self):
        """The exit status, once there is one."""

        def waited():
            pid, status = os.waitpid(self.process, os.WNOHANG)
            return (os.waitstatus_to_exitcode(status),) if pid else None

        if self._status is None:
            (self._status,) = wait_for(waited, "the end of the process")
        return self._status

    def close(self):
        if self._status is None:
            self.send(signal.SIGKILL)
            self.ended()


@pytest.fixture
def launch(state, tmp_path):
    started = []

    def launch_one(text=ENDLESS, *, record=True, **order):
        path = tmp_path / "preset.toml"
        path.write_text(text)
        if "resume" not in order:
            order["preset"] = dumped(read(str(path)))
            order["record"] = state / "experiments" if record else None
        started.append(Started(Order(state=state, log=state / "dicttui.log", **order)))
        return started[-1]

    yield launch_one
    for one in started:
        one.close()


def test_it_is_attached_to_changed_left_and_stopped_and_the_recording_is_whole(
    launch, attach, state
):
    experiment = launch()
    first = attach(experiment.where)
    # As fast as it goes, whatever the preset's pace.
    wait_for(lambda: first.latest().state == "ready" and first.latest().runs[0].step > 200)
    assert first.latest().pace is None
    assert (
        first.latest().recording.id
        == experiment.id
        == find(experiment.id, state / "experiments").id
    )
    number = first.submit(SetLearningRate(factor=0.5))
    assert answered(first, number).status == "applied"
    first.close()

    again = attach(experiment.where)
    wait_for(lambda: [r for r in again.receipts(0) if r.id == number])
    assert answered(again, again.submit(Pause())).status == "applied"
    step = again.latest().runs[0].step
    assert experiment.recorded().state == "running"
    ending = attach(experiment.where, readonly=True, watching=False)
    ending.end()
    assert experiment.ended() == 0
    for client in (again, ending):
        parting = client.wait(10)
        assert parting.ended
        assert parting.reason.startswith(f"ended by dicttui stop: sgd at step {step:,}")
        assert f"dicttui resume {experiment.id}" in parting.reason

    recorded = experiment.recorded()
    assert recorded.state == "stopped"
    assert list(recorded.losses("sgd").steps) == list(range(step))
    assert [type(item.intervention).__name__ for item in recorded.interventions()] == [
        "SetLearningRate", "Pause",
    ]  # fmt: skip
    assert (Path(experiment.directory) / "log.txt").read_text() == ""
    assert address.live(state) == []


def test_a_signal_saves_and_ends_it_and_a_hang_up_does_not(launch, attach):
    experiment = launch()
    client = attach(experiment.where)
    experiment.send(signal.SIGHUP)
    wait_for(lambda: client.latest().state == "ready" and client.latest().runs[0].step > 50)
    experiment.send(signal.SIGTERM)
    assert experiment.ended() == 0
    assert client.wait(10).reason.startswith("ended by SIGTERM")
    recorded = experiment.recorded()
    assert (recorded.state, recorded.signal) == ("stopped", "SIGTERM")


def test_one_that_is_killed_is_told_of_and_goes_on_in_the_background(launch, attach, state):
    experiment = launch()
    client = attach(experiment.where)
    wait_for(lambda: client.latest().state == "ready" and client.latest().runs[0].step > 50)
    experiment.send(signal.SIGKILL)
    parting = client.wait(10)
    assert parting.ended
    assert parting.reason.startswith("the process that trained it is gone")
    assert f"dicttui resume {experiment.id}" in client.latest().detail
    experiment.ended()
    assert experiment.recorded().state == "crashed"
    assert experiment.where.exists()

    again = launch(resume=Path(experiment.directory))
    assert again.id == experiment.id
    client = attach(again.where)
    wait_for(lambda: client.latest().state == "ready" and client.latest().runs[0].step > 50)
    with pytest.raises(ServeError, match="is being trained by another process"):
        launch(resume=Path(experiment.directory))


def test_without_a_recording_it_trains_all_the_same(launch, attach, state):
    experiment = launch(record=False)
    assert experiment.directory == ""
    client = attach(experiment.where)
    wait_for(lambda: client.latest().state == "ready" and client.latest().recording is None)
    client.end()
    assert experiment.ended() == 0
    assert "resume" not in client.wait(10).reason
    assert not (state / "experiments").exists()


def test_an_end_without_a_word_is_told_with_the_last_words_of_the_log(state, monkeypatch):
    monkeypatch.setattr("dicttui.serve.starting.MODULE", "dicttui.no_such_module")
    with pytest.raises(ServeError, match=r"ended with status 1(.|\n)*No module named"):
        start(Order(state=state, log=state / "dicttui.log"))


def test_it_ends_by_itself_when_every_run_has_ended_and_nobody_looks_on(monkeypatch):
    monkeypatch.setattr(background, "BETWEEN_LOOKS", 0.001)
    asked = SimpleNamespace(within=threading.Event().wait, by="")
    server = SimpleNamespace(end_requested=threading.Event(), seconds_alone=0.0)
    over = threading.Event()
    training = background.Training("abc123", SimpleNamespace(wait=over.wait), None, server)
    why = []
    waiting = threading.Thread(
        target=lambda: why.append(background._wait_for_the_end(training, asked))
    )
    waiting.start()
    for alone, runs_over in ((20.0, False), (0.0, True), (9.0, True)):
        server.seconds_alone = alone
        (over.set if runs_over else over.clear)()
        waiting.join(0.05)
        assert waiting.is_alive()
    server.seconds_alone = 11.0
    waiting.join(10)
    assert why == ["every run has ended"]


def ending(recorder, server, *, in_time=True):
    run = SimpleNamespace(name="sgd", state="running", step=12)
    session = SimpleNamespace(
        close=lambda _timeout: in_time,
        latest=lambda: SimpleNamespace(state="ready", runs=(run,)),
    )
    return background._end(
        background.Training("abc123", session, recorder, server), "ended by dicttui stop"
    )


@pytest.mark.parametrize("in_time", [True, False], ids=["", "a step that does not end"])
def test_its_end_is_told_when_the_last_checkpoint_is_written(monkeypatch, in_time):
    done = []
    recorder = SimpleNamespace(linger=lambda _seconds: done.append("saved") or True)
    server = SimpleNamespace(close=lambda why, resumable: done.append((why, resumable)))
    monkeypatch.setattr(background, "_abandon", done.append)
    ending(recorder, server, in_time=in_time)
    told = ("ended by dicttui stop: sgd at step 12", True)
    assert done == ["saved", told, *([] if in_time else [1])]


def test_what_could_not_be_saved_at_its_end_is_told():
    told = []
    recorder = SimpleNamespace(
        linger=lambda _seconds: False, recording=lambda: SimpleNamespace(trouble="the disk is full")
    )
    ending(recorder, SimpleNamespace(close=lambda why, **_: told.append(why)))
    assert told == ["ended by dicttui stop: sgd at step 12; not all was recorded: the disk is full"]


@pytest.mark.parametrize("fails", ["server", "loggers"])
def test_a_start_that_fails_leaves_nothing_behind(state, tmp_path, monkeypatch, fails):
    def fail(*_arguments):
        raise ServeError("it cannot be")

    if fails == "server":
        monkeypatch.setattr(background.Server, "start", fail)
    live = fail if fails == "loggers" else (lambda *_arguments: ())
    path = tmp_path / "preset.toml"
    path.write_text(ENDLESS)
    where = state / "experiments"
    order = Order(state=state, log=state / "log", record=where, preset=dumped(read(str(path))))
    with pytest.raises(ServeError, match="it cannot be"):
        background._begin(order, lambda _note: None, live)
    assert list(where.iterdir()) == []


def test_a_resumption_that_fails_leaves_the_experiment_to_others(launch, attach, monkeypatch):
    experiment = launch()
    client = attach(experiment.where)
    wait_for(lambda: client.latest().state == "ready" and client.latest().runs[0].step > 5)
    client.end()
    assert experiment.ended() == 0

    def fail(_server):
        raise ServeError("it cannot be")

    monkeypatch.setattr(background.Server, "start", fail)
    order = Order(
        state=experiment.order.state, log=experiment.order.log, resume=Path(experiment.directory)
    )
    with pytest.raises(ServeError, match="it cannot be"):
        background._begin(order, lambda _note: None, lambda *_arguments: ())
    assert experiment.recorded().state == "stopped"
    monkeypatch.undo()
    again = launch(resume=Path(experiment.directory))
    assert again.id == experiment.id
