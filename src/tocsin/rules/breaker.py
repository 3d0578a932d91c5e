"""A breaker stops a lane after failures in a row, and lets one probe at a time through, ever further apart.

Floats are monotonic seconds.
"""

from dataclasses import dataclass, replace

from tocsin.core.outcome import Deferred, Delay, Outcome, Unknown

OPENS_AFTER = 5  # failures in a row
FIRST_PAUSE_S = 5.0  # before the first probe; doubles with each that fails
LONGEST_PAUSE_S = 300.0

_LONGEST_RUN = 16  # counting further would change nothing: the pause is at its longest long before


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of a lane's breaker: `failures` in a row so far, and `open_until`, the time of the next probe (0 while
    closed).

    It is open from OPENS_AFTER failures on. While `probing` the answer of a probe is outstanding.
    """

    failures: int = 0
    open_until: float = 0.0
    probing: bool = False

    @property
    def open(self) -> bool:
        return self.failures >= OPENS_AFTER


def admits(breaker: Breaker, now: float) -> bool:
    """Whether an attempt may leave: the breaker is closed, or the time of the next probe has come."""
    return not breaker.open or (not breaker.probing and now >= breaker.open_until)


def probe(breaker: Breaker, now: float) -> Breaker:
    """The breaker once an attempt has left: while it is open, that is the probe. Where `admits` says no, nothing
    changes.
    """
    return replace(breaker, probing=True) if breaker.open and admits(breaker, now) else breaker


def judge(breaker: Breaker, outcome: Outcome, now: float) -> Breaker:
    """The breaker after an answer: trouble of the provider or the way to it opens it, anything that was understood
    closes it.
    """
    if isinstance(outcome, Deferred) and (outcome.part or outcome.why in (Delay.FAILED_HERE, Delay.WITHHELD)):
        return replace(breaker, probing=False)  # it says nothing of the provider as a whole
    if not _failed(outcome):
        return Breaker()
    if breaker.open and not breaker.probing:
        return breaker  # it left before the breaker opened: that many at once are one failure
    failures = min(breaker.failures + 1, _LONGEST_RUN)
    return Breaker(failures, now + _pause(failures)) if failures >= OPENS_AFTER else Breaker(failures)


def recall(failures: int, pause: float, now: float) -> Breaker:
    """The open breaker after a restart, with what is left of its pause: never more than the longest."""
    return Breaker(min(failures, _LONGEST_RUN), now + min(max(pause, 0.0), LONGEST_PAUSE_S))


def _failed(outcome: Outcome) -> bool:
    match outcome:
        case Deferred(why=Delay.UNREACHABLE | Delay.PROVIDER_TROUBLE) | Unknown():
            return True
        case _:
            return False


def _pause(failures: int) -> float:
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (failures - OPENS_AFTER))
