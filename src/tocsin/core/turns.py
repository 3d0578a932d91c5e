"""Threads take turns at the interpreter: there is one for all of them."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN_S = 0.0001

_lock = threading.Lock()
_lasting = 0
_usual_s = 0.0


@contextmanager
def short_turns() -> Iterator[None]:
    """Let no thread that works something out keep another waiting for more than a tenth of a millisecond, while this
    lasts.

    Otherwise a turn is 5 ms, and to write an alert takes several. For all time it would cost alerts that come by the
    thousand some 8 % (measured): whoever has a lot to work out says so.
    """
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    global _lasting, _usual_s  # noqa: PLW0603 - there is one interpreter
    with _lock:
        if _lasting == 0:
            _usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(TURN_S, _usual_s))
        _lasting += 1


def _end() -> None:
    global _lasting  # noqa: PLW0603 - there is one interpreter
    with _lock:
        _lasting -= 1
        if _lasting == 0:
            sys.setswitchinterval(_usual_s)
