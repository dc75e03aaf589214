"""Clients that die, lie, hang or send garbage: they are left, and nobody else notices."""

import json
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw import RawClient
from waiting import answered, wait_for

from dicttui.serve import server
from dicttui.serve.error import ServeError
from dicttui.serve.framing import REQUEST_LIMIT, Packer
from dicttui.serve.messages import Bye, Picture, Submit, written
from dicttui.training.interventions import INTERVENTIONS, Pause, Resume
from dicttui.training.plain import PlainError, parsed, plain, restored_intervention, text

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KEYS = ("version", "program", "name", "readonly", "view", "ticket", "intervention", "picture", "x")
KINDS = ("hello", "look", "submit", "seen", "end", "bye")
interventions = st.fixed_dictionaries(
    {"kind": st.sampled_from(["pause", "pace", "advance", "learning_rate", "device", "fork", "?"])},
    optional=dict.fromkeys(
        ("run", "steps", "steps_per_second", "lr", "factor", "group", "device", "name"), json_values
    ),
)
messages = st.dictionaries(st.sampled_from(KEYS), json_values | interventions).flatmap(
    lambda table: st.sampled_from(KINDS).map(lambda kind: {"type": kind} | table)
)
repeatedly = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def all_is_well(served, attach):
    """The training goes on, and whoever attaches sees it and can change it."""
    client = attach(served)
    wait_for(lambda: client.latest().state == "ready")
    wait_for(lambda: not client.readonly)
    for kind in (Pause, Resume):
        assert answered(client, client.submit(kind())).status == "applied"
    step = client.latest().runs[0].step
    wait_for(lambda: client.latest().runs[0].step > step)
    client.close()


def test_garbage_is_left_alone(serve, attach):
    served = serve(running=True)

    @repeatedly
    @given(st.binary(min_size=1, max_size=200))
    def send(content):
        with RawClient(served.where) as client:
            client.send(content)

    send()
    all_is_well(served, attach)


def test_messages_that_no_client_writes_do_nothing(serve, attach):
    served = serve(running=True)

    @repeatedly
    @given(st.lists(messages | json_values, min_size=1, max_size=4), st.booleans())
    def send(several, greeted):
        with RawClient(served.where) as client:
            if greeted:
                client.hello(readonly=True)
            for message in several:
                if message != {"type": "end"}:
                    client.say(message)

    send()
    assert not served.server.end_requested.is_set()
    all_is_well(served, attach)


def test_whatever_is_asked_for_is_answered_and_ends_nothing(serve, attach):
    served = serve(running=True)
    client = attach(served)
    wait_for(lambda: client.latest().state == "ready")
    numbers = st.floats() | st.integers(-5, 5) | st.sampled_from([1e-320, 1e308, 2**63])
    texts = st.text(max_size=8) | st.sampled_from(["adam", "sgd", "SGD", "cpu", "none", "both"])

    @repeatedly
    @given(st.sampled_from(tuple(INTERVENTIONS)), st.data())
    def ask(kind, data):
        value = {"kind": kind}
        for key in ("run", "steps", "steps_per_second", "lr", "factor", "group", "device", "name",
                    "optimizer", "constraint", "l1_coefficient", "note"):  # fmt: skip
            if data.draw(st.booleans()):
                value[key] = data.draw(numbers | texts)
        try:
            asked = restored_intervention(parsed(text(plain(restored_intervention(value)))))
        except PlainError:
            return
        answered(client, client.submit(asked))

    ask()
    assert served.session.latest().state == "ready"
    assert client.latest().state == "ready"


def test_interventions_that_nobody_could_mean_are_refused(serve, attach):
    served = serve(running=True)
    with RawClient(served.where) as client:
        client.hello()
        client.look()
        for ticket, intervention in enumerate(
            [
                {"kind": "pace", "steps_per_second": "inf"},
                {"kind": "pace", "steps_per_second": 1e-300},
                {"kind": "pace", "steps_per_second": "nan"},
                {"kind": "advance", "steps": -1},
                {"kind": "continue", "steps": 10**30},
                {"kind": "pause", "run": "x" * 1000},
                {"kind": "explode"},
                {},
            ]
        ):
            client.say(written(Submit(ticket=ticket, intervention=intervention)))
        client.say({"type": "nothing"})
        answers = [answer for answer in client.everything() if answer.type == "answer"]
    assert [answer.number for answer in answers] == [None] * 8
    assert all(answer.reason for answer in answers)
    all_is_well(served, attach)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (lambda c: c.begin_message(REQUEST_LIMIT + 1), "at most 65,536 are read"),
        (lambda c: c.send(struct.pack(">BI", 1, 10)), "unknown kind"),
        (lambda c: c.send(struct.pack(">BI", 0, 3) + b"NaN"), "no JSON"),
        (lambda c: c.send(struct.pack(">BI", 0, 60000) + b"[" * 60000), "no JSON"),
        (lambda c: c.say({"type": "hello", "version": "one"}), "no client writes"),
        (lambda c: c.hello(version=2, program="9.0"), "another version of dicttui (9.0)"),
        (lambda c: c.look(), "says hello first"),
        (lambda c: (c.hello(), c.hello()), "hello was said twice"),
        (lambda c: (c.hello(), c.say({"type": "look", "view": {"refresh": "nan"}})), "view"),
        (lambda c: (c.hello(), c.say({"type": "look", "view": {"series": 3}})), "series"),
        (lambda c: (c.hello(), c.say({"type": "seen", "picture": 1.5})), "no client writes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_and_nothing_more(serve, attach, says, told):
    served = serve(running=True)
    with RawClient(served.where) as client:
        says(client)
        last = client.everything()[-1]
    assert isinstance(last, Bye)
    assert told in last.reason
    assert "\n" not in last.reason
    all_is_well(served, attach)


def test_one_who_dies_in_the_midst_of_a_message_is_left(serve, attach):
    served = serve(running=True)
    with RawClient(served.where) as client:
        client.hello()
        client.begin_message(1000)
        client.send(b'{"type": "sub')
    all_is_well(served, attach)


def test_one_who_says_nothing_is_left(serve, attach):
    served = serve(running=True, greeting=0.05)
    with RawClient(served.where) as client:
        (last,) = client.everything()
    assert last.reason == "nothing was said"
    all_is_well(served, attach)


def test_one_who_reads_nothing_gets_no_more_than_two_pictures_and_is_left(serve, attach):
    served = serve(running=True, patience=0.5)
    watcher = attach(served)
    with RawClient(served.where) as client:
        client.hello()
        client.look()
        watcher.view(watcher_view())
        heard = client.everything()
    assert sum(isinstance(reply, Picture) for reply in heard) == 2
    assert "has not been taken in" in heard[-1].reason
    assert watcher.parting is None
    watcher.close()
    all_is_well(served, attach)


def watcher_view():
    from dicttui.training.snapshot import View

    return View(refresh=30)


def test_one_who_reads_late_gets_what_is_new_by_then(serve, attach):
    served = serve(running=True)
    slow = attach(served)
    acknowledge, slow._say = slow._say, lambda _message: None
    wait_for(lambda: slow.latest().state == "ready")
    stuck = slow.latest().runs[0].step
    other = attach(served)
    other.view(watcher_view())
    wait_for(lambda: other.latest().state == "ready" and other.latest().runs[0].step > stuck + 50)
    slow._say = acknowledge
    from dicttui.serve.messages import Seen

    slow._say(Seen(picture=2))
    wait_for(lambda: slow.latest().runs[0].step > stuck + 50)


def test_one_who_asks_for_a_flood_of_changes_is_held_up_and_the_training_is_not(serve, attach):
    served = serve()  # nothing is applied, as in a step that takes minutes
    client = RawClient(served.where)
    with client:
        client.hello()
        pack = Packer(deflated=False).pack
        for ticket in range(400):
            client.send(pack(written(Submit(ticket=ticket, intervention={"kind": "pause"}))))
        client.say({"type": "nothing"})
        answers = [answer for answer in client.everything() if answer.type == "answer"]
    assert sum(answer.number is not None for answer in answers) == 256
    assert answers[-1].reason == "too much is waiting to be applied"


def test_one_who_never_looks_may_ask_for_ever_as_long_as_it_is_applied(serve, attach):
    served = serve()
    blind = attach(served, watching=False)
    for _ in range(3):
        assert all(blind.submit(Pause()) > 0 for _ in range(200))
        served.session.advance()


def test_what_waits_for_a_slow_step_counts_however_long_it_waits(serve, attach, monkeypatch):
    monkeypatch.setattr(server, "QUICK_FOR", 0.0)
    monkeypatch.setattr(server, "QUICK_AT_MOST", 0.0)
    served = serve()
    client = attach(served)
    assert all(client.submit(Pause()) > 0 for _ in range(server.MOST_AWAITED))
    refused = client.submit(Pause())
    assert answered(client, refused).reason == "too much is waiting to be applied"


def test_only_so_many_may_attach(serve, attach):
    served = serve(guests=2)
    attach(served), attach(served)
    with pytest.raises(ServeError, match="2 clients are attached already"):
        attach(served)


def test_a_server_that_sends_garbage_ends_the_client_and_not_the_program(state, attach):
    import socket
    import threading

    from dicttui.serve import address
    from dicttui.serve.messages import Welcome

    where = address.path(state, "abc999")
    listening = address.listen(where)

    def lie():
        connection, _ = listening.accept()
        with connection:
            packer = Packer(deflated=True)
            connection.sendall(packer.pack(written(Welcome(id="abc999", title="", process=1))))
            connection.sendall(packer.pack({"type": "picture", "picture": 1, "change": {"x": 1}}))
            connection.recv(1000)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass

    liar = threading.Thread(target=lie)
    liar.start()
    client = attach(where)
    parting = client.wait(10)
    assert "cannot be read" in parting.reason
    assert client.latest().state == "closed"
    client.close()
    liar.join(10)
    listening.close()


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0\x02{}"])
def test_one_who_is_no_server_is_refused(state, attach, first):
    import threading

    from dicttui.serve import address

    where = address.path(state, "abc999")
    listening = address.listen(where)

    def answer():
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(first)

    other = threading.Thread(target=answer)
    other.start()
    with pytest.raises(ServeError):
        attach(where)
    other.join(10)
    listening.close()


def test_the_wire_is_json():
    packed = Packer(deflated=False).pack({"type": "end"})
    assert json.loads(packed[5:]) == {"type": "end"}
