"""What code that is not ours raises: a person's network, torch below it.

Importing this module does not import torch.
"""

import re
import threading

_BACKTRACE = re.compile(
    r"^(Exception raised from .*|frame #\d+: .*"
    r"|C\+\+ CapturedTraceback:|#\d+ .* from \S+:\d+|<omitting python frames>)$\n?",
    re.MULTILINE,
)
"""The lines by which torch shows its C++ stack, in its two ways."""


def failures() -> tuple[type[BaseException], ...]:
    """What counts as a failure of the code that was called, for an `except` clause.

    A network that calls sys.exit() or raises a KeyboardInterrupt has failed like any other, and
    must not end its neighbours. In the main thread, though, Python raises what the handlers of
    signals raise, Ctrl-C's KeyboardInterrupt and a test's time limit among them: whoever trains
    there must be able to end it, so only errors and exits count. No other thread gets these.
    """
    if threading.current_thread() is threading.main_thread():
        return (Exception, SystemExit)
    return (BaseException,)


def told(error: BaseException) -> str:
    """What was raised, for a person; our own errors say all there is to say by themselves."""
    if isinstance(error, SystemExit):
        return f"its code called sys.exit({'' if error.code is None else repr(error.code)})"
    if type(error).__module__.startswith("dicttui.") and str(error):
        return without_backtrace(str(error))
    return named(error)


def named(error: BaseException) -> str:
    """What was raised, its type first."""
    text = without_backtrace(str(error)).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def without_backtrace(text: str) -> str:
    """The text without the lines of torch's C++ stack."""
    return _BACKTRACE.sub("", text)
