"""Tells why nothing may leave on a lane now, and when it opens again. Floats are monotonic seconds."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tocsin.core.alert import Band
from tocsin.pipeline.sending.lane import Lane
from tocsin.rules.gate import budget_opens
from tocsin.rules.window import Rate


class Cause(StrEnum):
    DISABLED = "disabled"  # its target rests until a human enables it
    BREAKER = "breaker"  # it failed again and again: one probe at a time
    RATE_LIMITED = "rate_limited"  # the provider asked us to wait
    CREDENTIALS = "credentials"  # the provider refused the key
    PACING = "pacing"  # its budget is used up
    IN_FLIGHT = "in_flight"  # as many requests are under way as may be


@dataclass(frozen=True, slots=True)
class Closure:
    """`opens_at` is infinity where time alone opens nothing; now or earlier where the next answer does.

    `rate` (`30/60s`) is the one that is used up; empty where the provider's headers say so.
    """

    why: Cause
    opens_at: float
    rate: str = ""


def closure_of(lane: Lane, now: float, *, disabled: bool) -> Closure | None:
    """The cause that lasts longest, for the most important delivery that waits; None where one may leave."""
    if disabled:
        return Closure(Cause.DISABLED, math.inf)
    band = lane.waiting.band if lane.waiting else Band.HIGH
    return max(_causes(lane, band, now), key=lambda closure: closure.opens_at, default=None)


def _causes(lane: Lane, band: Band, now: float) -> Iterator[Closure]:
    if lane.breaker.open:
        yield Closure(Cause.BREAKER, max(now, lane.breaker.open_until))
    if until := lane.shut_until(now):
        yield Closure(Cause(lane.shut_why), until)
    for limiter in lane.limiters:
        opens, rate = budget_opens(limiter.gate, limiter.policy, band, now)
        if opens > now:
            yield Closure(Cause.PACING, opens, _written(rate))
    if lane.full():
        yield Closure(Cause.IN_FLIGHT, now)


def _written(rate: Rate | None) -> str:
    """As a configuration would have it."""
    return f"{rate.count}/{rate.per.total_seconds():g}s" if rate else ""
