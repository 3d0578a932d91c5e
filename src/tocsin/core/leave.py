"""Whether a request may still leave is asked once more where its first byte would: between the claim and that moment a
process may have stood still, and another node may have taken over meanwhile.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tocsin.core.outcome import Deferred, Delay

TAKEN_OVER = Deferred(Delay.WITHHELD, detail="this node stood still for so long that another one may have it by now")


def _always() -> bool:
    return True


_MAY_LEAVE: ContextVar[Callable[[], bool]] = ContextVar("may_leave", default=_always)


def may_leave() -> bool:
    """Ask it last before a request of a claim leaves; always true for whatever belongs to no claim."""
    return _MAY_LEAVE.get()()


@contextmanager
def leaving_while(allowed: Callable[[], bool]) -> Iterator[None]:
    """Within this, requests leave only as long as that is allowed."""
    before = _MAY_LEAVE.set(allowed)
    try:
        yield
    finally:
        _MAY_LEAVE.reset(before)
