"""Sockets stand where only their owner may go."""

import contextlib
import os
import socket
import stat
import subprocess
import sys
import threading

import pytest

from dicttui.serve import address, peer
from dicttui.serve.error import ServeError


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_and_its_directory_are_their_owners_alone(state):
    where = address.path(state, "abc123")
    with address.listen(where):
        assert mode(where) == 0o600
        assert mode(where.parent) == 0o700
        assert where.parent == state / "sockets"


def test_a_directory_that_others_may_enter_is_closed(state):
    (state / "sockets").mkdir(mode=0o755)
    (state / "sockets").chmod(0o755)
    with address.listen(address.path(state, "abc123")) as _:
        assert mode(state / "sockets") == 0o700


def test_a_directory_of_another_user_is_refused(state, monkeypatch):
    (state / "sockets").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ServeError, match="belongs to another user"):
        address.listen(address.path(state, "abc123"))


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_refused(state, kind):
    if kind == "file":
        (state / "sockets").touch()
    else:
        (state / "elsewhere").mkdir()
        (state / "sockets").symlink_to(state / "elsewhere")
    with pytest.raises(ServeError, match="not a directory"):
        address.listen(address.path(state, "abc123"))


def test_a_stale_socket_is_replaced(state):
    where = address.path(state, "abc123")
    address.listen(where).close()
    assert where.exists()
    with address.listen(where), address.connect(where, 5.0):
        pass


def test_one_left_by_a_process_that_was_killed_is_replaced(state):
    where = address.path(state, "abc123")
    program = (
        "import os, signal, sys; from pathlib import Path; from dicttui.serve import address; "
        "address.listen(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(where)], check=False)
    assert where.exists()
    with address.listen(where):
        assert address.live(state) == ["abc123"]


def test_a_second_server_is_refused_and_the_first_goes_on(state):
    where = address.path(state, "abc123")
    with address.listen(where):
        with pytest.raises(ServeError, match="another process is training and serving it"):
            address.listen(where)
        address.connect(where, 5.0).close()


def test_of_many_servers_at_once_one_listens(state):
    where = address.path(state, "abc123")
    address.listen(where).close()  # stale: all find it so
    found, together = [], threading.Barrier(8)

    def listen():
        together.wait()
        with contextlib.suppress(ServeError):
            found.append(address.listen(where))

    threads = [threading.Thread(target=listen) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    address.connect(where, 5.0).close()
    found[0].close()


def test_a_file_in_its_place_is_replaced_like_a_stale_socket(state):
    where = address.path(state, "abc123")
    address.prepare(where.parent)
    where.touch()
    assert address.live(state) == []
    address.listen(where).close()


def test_nobody_there_is_an_error_in_words(state):
    with pytest.raises(ServeError, match="abc123: no process is training it"):
        address.connect(address.path(state, "abc123"), 5.0)
    assert address.live(state) == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "x" * 40, "a.b", "é"])
def test_an_id_is_no_path(state, name):
    with pytest.raises(ServeError, match="no experiment's id"):
        address.path(state, name)


@pytest.mark.parametrize("runtime", [True, False])
def test_a_path_that_is_too_long_for_a_socket_is_replaced_by_a_short_one(
    state, tmp_path, monkeypatch, runtime
):
    monkeypatch.setenv("TMPDIR", str(state / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (state / "tmp").mkdir()
    (state / "run").mkdir(mode=0o700)
    if runtime:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(state / "run"))
    else:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    where = address.path(deep, "abc123")
    assert str(where).startswith(str(state / ("run" if runtime else "tmp")))
    assert where != address.path(deep / "f", "abc123")
    with address.listen(where):
        assert mode(where.parent) == mode(where.parent.parent) == 0o700
        assert address.live(deep) == ["abc123"]


def test_a_short_directory_that_is_anothers_is_refused(state, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(state))
    (state / "dicttui").symlink_to(tmp_path)
    with pytest.raises(ServeError, match="not a directory"):
        address.listen(address.path(tmp_path / ("d" * 90), "abc123"))


def test_whose_process_it_is(state):
    one, other = socket.socketpair()
    with one, other:
        assert peer.user(one) == os.geteuid()
        assert peer.is_ours(one)
        assert peer.process(one) in (os.getpid(), None)


def test_another_users_client_is_not_let_in(serve, monkeypatch):
    served = serve()
    monkeypatch.setattr(peer, "user", lambda _connection: os.geteuid() + 1)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(str(served.where))
        assert stranger.recv(10) == b""


def test_another_users_server_is_not_talked_to(serve, attach, monkeypatch):
    served = serve()
    monkeypatch.setattr(peer, "user", lambda _connection: os.geteuid() + 1)
    with pytest.raises(ServeError, match="another user listens there"):
        attach(served)


def test_the_socket_goes_with_its_server(serve):
    served = serve()
    assert served.where.exists()
    served.server.close("over")
    assert not served.where.exists()


def test_a_socket_that_is_another_servers_by_now_stays(serve):
    served = serve()
    served.where.unlink()
    with address.listen(served.where):
        served.server.close("over")
        assert served.where.exists()


def test_a_socket_that_vanishes_while_it_is_looked_for_is_none(state, monkeypatch):
    where = address.path(state, "abc123")
    with address.listen(where):
        listed = type(where).iterdir
        gone = where.with_name("def456.sock")
        monkeypatch.setattr(type(where), "iterdir", lambda path: [*listed(path), gone])
        assert address.live(state) == ["abc123"]


def test_where_nobody_may_knock_nobody_is_there(state, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError

    where = address.path(state, "abc123")
    address.listen(where).close()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert address.is_live(where)
    where.unlink()
    assert not address.is_live(where)
