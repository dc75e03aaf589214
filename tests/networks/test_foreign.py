"""What is told of what other people's code raises."""

import threading

import pytest
import torch

from dicttui.networks.foreign import failures, named, told, without_backtrace
from dicttui.networks.protocol import NetworkError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(), "its code called sys.exit()"),
        (SystemExit("bye"), "its code called sys.exit('bye')"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (ValueError("no"), "ValueError: no"),
        (NetworkError("no network"), "no network"),
    ],
)
def test_it_is_told_in_words(error, words):
    assert told(error) == words


def test_no_line_of_torchs_own_stack_is_told():
    with pytest.raises(TypeError) as raised:
        torch.randn(10**26)
    assert "c10::" in str(raised.value)
    assert "Overflow when unpacking long long" in named(raised.value)
    for line in ("Exception raised", "frame #", "c10::"):
        assert line not in named(raised.value)
    other = "no\nC++ CapturedTraceback:\n#4 c10::Error::Error(x) from ??:0\n#1 is kept"
    assert without_backtrace(other) == "no\n#1 is kept"


def test_interrupts_are_failures_outside_the_main_thread_only():
    found = []
    thread = threading.Thread(target=lambda: found.append(failures()))
    thread.start()
    thread.join()
    assert issubclass(KeyboardInterrupt, found[0])
    assert not issubclass(KeyboardInterrupt, failures())
    assert issubclass(SystemExit, failures())
