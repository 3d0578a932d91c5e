"""When the next message of a lane may leave. Floats are monotonic seconds."""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from tocsin.core.alert import Band

# No provider shuts a lane for longer on its word alone: 10**9 seconds is a fault of theirs, and we ask again.
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within any window of `per`."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """The strictest of all rates holds. Lower bands leave `reserve` of each to the high one (at least one is left to
    them); `share` gives that fraction to a band's oldest due delivery. `bundle` is how many deliveries one request
    may carry.
    """

    rates: tuple[Rate, ...] = ()
    reserve: float = 0.2
    share: float = 0.0
    max_in_flight: int = 4
    bundle: int = 1


@dataclass(frozen=True, slots=True)
class Gate:
    """What is known of a lane: when it was used, what the provider's headers last said, until when it is shut.

    `used` is in order and reaches back as far as the longest rate; `spent` counts every request ever.
    """

    used: tuple[float, ...] = ()
    remaining: int | None = None
    resets_at: float = 0.0
    shut_until: float = 0.0
    spent: int = 0


def opens_at(gate: Gate, policy: GatePolicy, band: Band, now: float) -> float:
    """The earliest time at which a message of this band may leave: `now`, or later."""
    return max(now, gate.shut_until, budget_opens(gate, policy, band, now)[0])


def budget_opens(gate: Gate, policy: GatePolicy, band: Band, now: float) -> tuple[float, Rate | None]:
    """When the budget alone lets a message of this band through, and the rate that decides it; None where that is
    what the provider's headers said, or nothing.
    """
    whole = band is Band.HIGH or oldest_first(gate, policy)
    opens, strictest = _provider_opens(gate, now), None
    for rate in policy.rates:
        window = _window_opens(gate.used, rate, _usable(rate, policy, whole=whole))
        if window > opens:
            opens, strictest = window, rate
    return opens, strictest


def lowest_now(gate: Gate, policy: GatePolicy, now: float) -> Band | None:
    """The lowest band that the gate lets through now; None where it is shut for all."""
    return next((band for band in (Band.LOW, Band.MEDIUM, Band.HIGH) if opens_at(gate, policy, band, now) <= now), None)


def oldest_first(gate: Gate, policy: GatePolicy) -> bool:
    """The next request belongs to the oldest due delivery, not to the most important: `share` of all do.

    That request may use the reserve, else the lower bands would starve behind a high one that fills the budget.
    """
    return math.floor((gate.spent + 1) * policy.share) > math.floor(gate.spent * policy.share)


def spend(gate: Gate, policy: GatePolicy, now: float) -> Gate:
    """One request leaves."""
    remaining = gate.remaining
    if remaining is not None:
        remaining = max(0, remaining - 1) if now < gate.resets_at else None
    return replace(gate, used=_within(gate.used, policy, now), remaining=remaining, spent=gate.spent + 1)


def unspend(gate: Gate, entered: float) -> Gate:
    """The place that was taken then is given back: nothing was there to leave."""
    used = list(gate.used)
    if entered in used:
        used.remove(entered)
    remaining = None if gate.remaining is None else gate.remaining + 1
    return replace(gate, used=tuple(used), remaining=remaining, spent=gate.spent - 1)


def heed(
    gate: Gate,
    now: float,
    *,
    remaining: int,
    resets_after: timedelta,
    in_flight: int = 0,
) -> Gate:
    """What the provider said: so many more until then.

    `in_flight` are the other requests of the lane that are not answered, or about to leave: what the provider
    counted may not have them yet. Within one window the budget only shrinks, so the smaller figure is the true one.
    """
    left = max(0, remaining - in_flight)
    if gate.remaining is not None and now < gate.resets_at:
        left = min(left, gate.remaining)
    return replace(gate, remaining=left, resets_at=now + _seconds(resets_after))


def shut(gate: Gate, now: float, wait: timedelta) -> Gate:
    """The provider wants nothing at all for so long: a 429, or a key that it refused."""
    return replace(gate, shut_until=max(gate.shut_until, now + _seconds(wait)))


def recall(policy: GatePolicy, ages: Iterable[timedelta], now: float) -> Gate:
    """The gate after a restart, from how long ago each request left (a clock set back since makes it just now)."""
    used = tuple(sorted(now - max(0.0, age.total_seconds()) for age in ages))
    return Gate(used=used[bisect_right(used, now - _longest(policy)) :])


def bounded(wait: timedelta) -> timedelta:
    """A time that a provider named, as far as it is believed: from nothing to an hour."""
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _usable(rate: Rate, policy: GatePolicy, *, whole: bool) -> int:
    if whole:
        return rate.count
    # Rounding to 9 digits keeps 0.2 * 15 from being a hair above 3.
    return max(1, rate.count - math.ceil(round(rate.count * policy.reserve, 9)))


def _window_opens(used: tuple[float, ...], rate: Rate, usable: int) -> float:
    """When the use that stands `usable` places back leaves the window."""
    if len(used) < usable:
        return -math.inf
    return used[-usable] + rate.per.total_seconds()


def _provider_opens(gate: Gate, now: float) -> float:
    return gate.resets_at if gate.remaining == 0 and now < gate.resets_at else -math.inf


def _within(used: tuple[float, ...], policy: GatePolicy, now: float) -> tuple[float, ...]:
    if not policy.rates:
        return ()
    return (*used[bisect_right(used, now - _longest(policy)) :], now)


def _longest(policy: GatePolicy) -> float:
    return max((rate.per.total_seconds() for rate in policy.rates), default=0.0)


def _seconds(wait: timedelta) -> float:
    return bounded(wait).total_seconds()
