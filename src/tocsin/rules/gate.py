"""A gate says when the next message of a lane may leave. Floats are monotonic seconds."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from tocsin.core.alert import Band
from tocsin.rules.window import Rate, Use, Window

# No provider shuts a lane for longer on its word alone: 10**9 seconds is a fault of theirs, and we ask again.
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePolicy:
    """The rates of a lane, of which the strictest holds.

    Lower bands leave `reserve` (a part of 1) of each to the high one; at least one is left to them. `share` gives that
    fraction to a band's oldest due delivery. `bundle` is how many deliveries one request may carry.
    """

    rates: tuple[Rate, ...] = ()
    reserve: float = 0.2
    share: float = 0.0
    max_in_flight: int = 4
    bundle: int = 1
    left_to_lower: tuple[int, ...] = field(init=False)  # of each rate

    def __post_init__(self) -> None:
        left = tuple(max(1, rate.count - _reserved(rate.count, self.reserve)) for rate in self.rates)
        object.__setattr__(self, "left_to_lower", left)


class Gate(NamedTuple):
    """A gate knows of its lane how much of each rate is used, what the provider's headers last said, and until when it
    is shut.

    `windows` are those of the policy that it was last used under; `spent` counts every request ever.
    """

    windows: tuple[Window, ...] = ()
    remaining: int | None = None
    resets_at: float = 0.0
    shut_until: float = 0.0
    spent: int = 0


def opens_at(gate: Gate, policy: GatePolicy, band: Band, now: float, units: int = 1) -> float:
    """The earliest time at which a message of this band that takes so many units may leave: `now`, or later."""
    return max(now, gate.shut_until, budget_opens(gate, policy, band, now, units)[0])


def budget_opens(gate: Gate, policy: GatePolicy, band: Band, now: float, units: int = 1) -> tuple[float, Rate | None]:
    """When the budget alone lets a message of this band through, and the rate that decides it; None where that is
    what the provider's headers said, or nothing.
    """
    whole = band is Band.HIGH or oldest_first(gate, policy)
    opens, strictest = _provider_opens(gate, now), None
    for window, left in zip(_windows(gate, policy), policy.left_to_lower, strict=True):
        free_from = window.opens_at(units, window.rate.count if whole else left)
        if free_from > opens:
            opens, strictest = free_from, window.rate
    return opens, strictest


def lowest_now(gate: Gate, policy: GatePolicy, now: float) -> Band | None:
    """The lowest band that the gate lets through now; None where it is shut for all. The lower ones have one budget."""
    if opens_at(gate, policy, Band.LOW, now) <= now:
        return Band.LOW
    return Band.HIGH if opens_at(gate, policy, Band.HIGH, now) <= now else None


def oldest_first(gate: Gate, policy: GatePolicy) -> bool:
    """The next request belongs to the oldest due delivery, not to the most important: `share` of all do.

    That request may use the reserve, else the lower bands would starve behind a high one that fills the budget.
    """
    share = policy.share
    return share > 0 and math.floor((gate.spent + 1) * share) > math.floor(gate.spent * share)


def spend(gate: Gate, policy: GatePolicy, now: float, units: int = 1) -> Gate:
    """The gate once a request has left, with so many units of each rate used. A provider's headers count requests."""
    remaining = gate.remaining
    if remaining is not None:
        remaining = max(0, remaining - 1) if now < gate.resets_at else None
    windows = tuple([window.spend(now, units) for window in _windows(gate, policy)])
    return Gate(windows, remaining, gate.resets_at, gate.shut_until, gate.spent + 1)


def unspend(gate: Gate, policy: GatePolicy, entered: float, units: int = 1) -> Gate:
    """The gate with the place given back that was taken then: nothing was there to leave."""
    remaining = None if gate.remaining is None else gate.remaining + 1
    windows = tuple(window.give_back(entered, units) for window in _windows(gate, policy))
    return gate._replace(windows=windows, remaining=remaining, spent=gate.spent - 1)


def spend_more(gate: Gate, policy: GatePolicy, entered: float, units: int) -> Gate:
    """The gate where the request that took its place then takes so many units more than was known."""
    return gate._replace(windows=tuple(window.spend(entered, units) for window in _windows(gate, policy)))


def answered(gate: Gate, policy: GatePolicy, entered: float, at: float | None, units: int = 1) -> Gate:
    """The gate once a request is answered: it counts from then on, since the provider saw it no later. Where none left
    (None) it never did.
    """
    windows = _windows(gate, policy)
    if at is None:
        return gate._replace(windows=tuple([window.give_back(entered, units) for window in windows]))
    return gate._replace(windows=tuple([window.move(entered, at, units) for window in windows]))


def join(gate: Gate, policy: GatePolicy, other: Gate) -> Gate:
    """The gate with what another one has let through counted as well."""
    uses = _longest(other.windows)
    return gate._replace(windows=tuple(window.merge(uses) for window in _windows(gate, policy)))


def heed(
    gate: Gate,
    now: float,
    *,
    remaining: int,
    resets_after: timedelta,
    in_flight: int = 0,
) -> Gate:
    """The gate after the provider's headers were read: so many more requests until then.

    `in_flight` are the other requests of the lane that are not answered, or about to leave: what the provider counted
    may not have them yet. Within one window the budget only shrinks, so the smaller figure is the true one.
    """
    left = max(0, remaining - in_flight)
    if gate.remaining is not None and now < gate.resets_at:
        left = min(left, gate.remaining)
    return gate._replace(remaining=left, resets_at=now + _seconds(resets_after))


def shut(gate: Gate, now: float, wait: timedelta) -> Gate:
    """The gate, shut for so long: the provider wants nothing at all (a 429, or a key that it refused)."""
    return gate._replace(shut_until=max(gate.shut_until, now + _seconds(wait)))


def recall(policy: GatePolicy, requests: Iterable[tuple[timedelta, int]], now: float) -> Gate:
    """The gate after a restart, from how long ago each request left (a clock set back since makes it just now), and
    how many units it took.
    """
    uses = sorted((now - max(0.0, age.total_seconds()), units) for age, units in requests)
    return Gate(windows=tuple(Window(rate).merge(uses).since(now) for rate in policy.rates))


def bounded(wait: timedelta) -> timedelta:
    """A pause that a provider named, as far as it is believed: from nothing to an hour."""
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def _reserved(count: int, reserve: float) -> int:
    # Rounding to 9 digits keeps 0.2 * 15 from being a hair above 3.
    return math.ceil(round(count * reserve, 9))


def _provider_opens(gate: Gate, now: float) -> float:
    return gate.resets_at if gate.remaining == 0 and now < gate.resets_at else -math.inf


def _windows(gate: Gate, policy: GatePolicy) -> tuple[Window, ...]:
    """One for each rate of the policy. Under another policy than before, what the longest window remembers counts."""
    windows = gate.windows
    if tuple([window.rate for window in windows]) == policy.rates:
        return windows
    uses = _longest(windows)
    return tuple(Window(rate).merge(uses) for rate in policy.rates)


def _longest(windows: tuple[Window, ...]) -> tuple[Use, ...]:
    return max(windows, key=lambda window: window.rate.per).uses if windows else ()


def _seconds(wait: timedelta) -> float:
    return bounded(wait).total_seconds()
