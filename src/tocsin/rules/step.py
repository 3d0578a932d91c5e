"""A step is what becomes of a delivery after an answer, or after none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tocsin.core.alert import Band
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.rules.gate import bounded

FIRST_BACK_OFF = timedelta(milliseconds=300)
LONGEST_BACK_OFF = timedelta(minutes=1)
UNNAMED_WAIT = timedelta(seconds=1)  # a 429 that names no time
CREDENTIALS_WAIT = timedelta(minutes=1)  # a human has to mend the key; refusals repeated fast end in a ban
POISONOUS = 5  # attempts after which a delivery that our own code fails on is not tried again by itself

_DOUBLINGS = 8  # 300 ms doubled so often is past the longest


@dataclass(frozen=True, slots=True)
class Step:
    """A step moves a delivery to a state, for a reason, after a `wait` that counts from its settlement on.

    For `shuts_lane_for` nothing else may leave on its lane. With `alone` it joins no message any more.
    """

    to: DeliveryState
    why: Why | None = None
    wait: timedelta | None = None
    shuts_lane_for: timedelta | None = None
    possibly_repeated: bool = False
    alone: bool = False


def after(outcome: Outcome, delivery: Delivery, jitter: float) -> Step:
    """The step after an answer. `jitter` is drawn evenly from 0 to 1. A wait past the delivery's life is no mistake: it
    expires there.
    """
    match outcome:
        case Sent():
            return Step(DeliveryState.SENT)
        case Refused():
            return Step(DeliveryState.REFUSED, Why.REFUSED)
        case Unknown(why=doubt):
            return Step(DeliveryState.UNKNOWN, Why.CRASHED if doubt is Doubt.CRASHED else Why.ANSWER_LOST)
        case Deferred():
            return _deferred(outcome, delivery, jitter)


def after_join(outcome: Outcome, delivery: Delivery, jitter: float) -> Step:
    """The step after an answer to joining a message: where it or its provider will not have it edited, the alert leaves
    as one of its own, at once.

    Limits of edits are none of new messages: they shut no lane.
    """
    wait = None if delivery.attempts == 1 else back_off(delivery.attempts, jitter)
    match outcome:
        case Refused(why=Refusal.MESSAGE_GONE):
            return Step(DeliveryState.PENDING, Why.DEFERRED, wait)
        case Refused(why=why) if not why.disables_target:
            return Step(DeliveryState.PENDING, Why.DEFERRED, wait, alone=True)
        case Deferred(why=Delay.RATE_LIMITED):
            return Step(DeliveryState.PENDING, Why.DEFERRED, wait, alone=True)
        case _:
            return after(outcome, delivery, jitter)


def after_doubt(
    delivery: Delivery, on_lost_answer: Literal["resend", "hold"] | None, now: datetime, jitter: float
) -> Step:
    """The step that ends an unknown where the provider cannot be asked: resent (flagged) or held.

    Without a configured answer the high band is resent, once. What could not leave again within its life is held.
    """
    once = delivery.band is Band.HIGH and not delivery.possibly_repeated
    resend = once if on_lost_answer is None else on_lost_answer == "resend"
    return _resent(delivery, now, jitter, possibly_repeated=True) if resend else _HELD


def after_harmless_doubt(delivery: Delivery, now: datetime, jitter: float) -> Step:
    """The step that ends an unknown where the receiver drops what it already has: resent within its life, and nothing
    doubles.
    """
    return _resent(delivery, now, jitter, possibly_repeated=False)


def back_off(attempts: int, jitter: float) -> timedelta:
    """The wait before another try: full jitter (`jitter` is drawn from 0 to 1), within 300 ms after the first attempt,
    doubling up to a minute.
    """
    doublings = min(max(attempts - 1, 0), _DOUBLINGS)
    return jitter * min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << doublings))


SET_ASIDE = Step(DeliveryState.REFUSED, Why.POISON)  # from the queue, where nothing of it has left

_HELD = Step(DeliveryState.POSSIBLY_SENT, Why.HELD)


def _resent(delivery: Delivery, now: datetime, jitter: float, *, possibly_repeated: bool) -> Step:
    wait = back_off(delivery.attempts, jitter)
    poisonous = delivery.why is Why.CRASHED and delivery.attempts >= POISONOUS
    if now + wait < delivery.expires_at and not poisonous:
        return Step(DeliveryState.PENDING, Why.RESENT, wait, possibly_repeated=possibly_repeated)
    return _HELD


def _deferred(outcome: Deferred, delivery: Delivery, jitter: float) -> Step:
    pause = back_off(delivery.attempts, jitter)
    named = bounded(outcome.after) if outcome.after is not None else timedelta(0)
    match outcome.why:
        case Delay.RATE_LIMITED:
            return _waits(named or max(pause, UNNAMED_WAIT), outcome.part)
        case Delay.CREDENTIALS:
            return _waits(max(named, CREDENTIALS_WAIT), outcome.part)
        case Delay.UNREACHABLE | Delay.PROVIDER_TROUBLE | Delay.FAILED_HERE:
            return Step(DeliveryState.PENDING, Why.DEFERRED, max(named, pause))
        case Delay.WITHHELD:
            return Step(DeliveryState.PENDING, Why.DEFERRED)


def _waits(wait: timedelta, part: str) -> Step:
    """With its whole lane, unless the word is about a part of it alone."""
    return Step(DeliveryState.PENDING, Why.DEFERRED, wait, shuts_lane_for=None if part else wait)
