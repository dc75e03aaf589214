"""A training is ended once, whoever asks."""

import threading

from dicttui.tui.closing import Closing


class SlowSession:
    """A session whose closing waits to be let go on."""

    def __init__(self) -> None:
        self.closed: list[float] = []
        self.began = threading.Event()
        self.go_on = threading.Event()

    def close(self, timeout: float = 30.0) -> bool:
        self.closed.append(timeout)
        self.began.set()
        return self.go_on.wait(60)


def test_a_session_is_closed_once_by_whoever_is_first_and_others_wait() -> None:
    session, told = SlowSession(), []
    closing = Closing(session, told.append)
    first = threading.Thread(target=closing.close, args=(129, 2.0))
    first.start()
    assert session.began.wait(60)
    # Somebody who cannot wait does not.
    assert not closing.close(143, 0.0)
    session.go_on.set()
    assert closing.close(143, 60.0)
    first.join()
    assert (session.closed, told) == ([2.0], [129])


def test_before_the_process_ends_what_is_recorded_is_waited_for() -> None:
    waited = []
    session = SlowSession()
    session.go_on.set()
    Closing(session, linger=waited.append).finish(129, 2.0, saving=10.0)
    assert session.closed == [2.0]
    (seconds,) = waited
    assert 0 < seconds <= 10


def test_a_session_whose_closing_fails_is_not_waited_for_by_others() -> None:
    class Failing(SlowSession):
        def close(self, timeout: float = 30.0) -> bool:
            raise OSError("no")

    closing = Closing(Failing())
    failed = []
    try:
        closing.close(0, 1.0)
    except OSError as error:
        failed.append(error)
    assert failed
    assert not closing.close(0, 60.0)
