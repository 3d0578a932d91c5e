"""When the next message may leave, and what comes after an answer. Floats are monotonic seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tocsin.core.alert import Band
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.outcome import Outcome


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
    """What is known of a lane: when it was used, what the provider's headers last said, until when it is shut."""

    used: tuple[float, ...] = ()
    remaining: int | None = None
    resets_at: float = 0.0
    shut_until: float = 0.0


def opens_at(gate: Gate, policy: GatePolicy, band: Band, now: float) -> float:
    """The earliest time at which a message of this band may leave; not after `now` means now."""
    raise NotImplementedError


def lowest_now(gate: Gate, policy: GatePolicy, now: float) -> Band | None:
    """The lowest band that the gate lets through now; None where it is shut for all."""
    raise NotImplementedError


def spend(gate: Gate, policy: GatePolicy, now: float) -> Gate:
    """One request leaves."""
    raise NotImplementedError


def heed(
    gate: Gate, now: float, *, remaining: int | None, resets_after: timedelta | None, shut_for: timedelta | None
) -> Gate:
    """What the provider said: so many more until then, or nothing at all for so long (a 429)."""
    raise NotImplementedError


def back_off(attempts: int, jitter: float) -> timedelta:
    """Full jitter (`jitter` is drawn from 0 to 1): within 300 ms after the first attempt, doubling up to a minute."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a delivery after an answer. `shuts_lane_for`: nothing else may leave on its lane before."""

    to: DeliveryState
    why: Why | None = None
    due: datetime | None = None
    shuts_lane_for: timedelta | None = None


def after(outcome: Outcome, delivery: Delivery, now: datetime, jitter: float) -> Step:
    raise NotImplementedError


def after_doubt(delivery: Delivery, on_lost_answer: Literal["resend", "hold"] | None, now: datetime) -> Step:
    """How an unknown ends where the provider cannot be asked: resent (flagged) or held."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Breaker:
    """Opens after repeated failures in a row, then lets one probe through at a time, ever further apart."""

    failures: int = 0
    open_until: float = 0.0
    probing: bool = False


def admits(breaker: Breaker, now: float) -> bool:
    raise NotImplementedError


def probe(breaker: Breaker, now: float) -> Breaker:
    """An attempt leaves while the breaker is open: it is the probe."""
    raise NotImplementedError


def judge(breaker: Breaker, outcome: Outcome, now: float) -> Breaker:
    """Count an answer: trouble of the provider or the way to it opens, anything it understood closes."""
    raise NotImplementedError
