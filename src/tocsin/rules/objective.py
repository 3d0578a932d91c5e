"""The objective is that of all deliveries of a channel nearly all are told in time; its burn rate says how fast the
others use up the rest.

A burn rate of 1 misses exactly as many as the objective allows. Whether that wakes anybody is decided as in "Alerting
on SLOs", chapter 5 of The Site Reliability Workbook (Google, 2018): a long window says that it is serious, a short one
that it still goes on, and a slower fire has to burn for longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.facts import DeliveryMoved

MINUTE = timedelta(minutes=1)
MEMORY = timedelta(hours=6)  # as far back as the longest window reaches
LEAST_MISSED = 5  # in the long window: one late alert of ten wakes nobody


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective: `of` percent, below 100, of a channel's deliveries are told within `within`."""

    within: timedelta = timedelta(seconds=1)
    of: float = 99.0

    @property
    def spare(self) -> float:
        """The part of 1 that may be missed."""
        return (100 - self.of) / 100


class Minute(NamedTuple):
    """How many deliveries ended in it, and how many of those too late or in vain. Minutes are numbered as they pass."""

    number: int
    ended: int
    missed: int


class Alarm(NamedTuple):
    """An alarm is raised where both windows burn at least so fast."""

    long: timedelta
    short: timedelta
    rate: float


class Burn(NamedTuple):
    """How fast the budget burns over a window, and how many ended in that time and were missed."""

    rate: float
    ended: int
    missed: int


# The workbook's figures for what wakes somebody: 2 % of a month's budget gone in an hour, 5 % in six.
ALARMS = (
    Alarm(timedelta(hours=1), timedelta(minutes=5), 14.4),
    Alarm(MEMORY, timedelta(minutes=30), 6.0),
)
WINDOWS: Mapping[str, timedelta] = MappingProxyType(
    {"5m": ALARMS[0].short, "30m": ALARMS[1].short, "1h": ALARMS[0].long, "6h": ALARMS[1].long}
)


def told_in_time(moved: DeliveryMoved, within: timedelta) -> bool | None:
    """Whether a delivery was told in time; None where it has not ended, or in a way that nobody missed.

    Nobody misses what is not wanted any more, late by wish, too old for its channel on arrival, an operator's test, or
    for a target that is known to be dead.
    """
    if moved.delivery.is_test:
        return None
    match moved.to:
        case DeliveryState.SENT:
            return None if moved.latency_s is None else moved.latency_s <= within.total_seconds()
        case DeliveryState.REFUSED:
            return None if moved.why is Why.NO_TARGET else False
        case DeliveryState.EXPIRED:
            return None if late_by_wish(moved.delivery) or _never_alive(moved.delivery) else False
        case DeliveryState.POSSIBLY_SENT:
            return False
        case _:
            return None


def late_by_wish(delivery: Delivery) -> bool:
    """Whether a delivery was not to leave when it was planned: quiet hours held it, an operator asked for another try,
    or it waited for a digest.

    What its provider puts off has left before.
    """
    if delivery.digest is not None:
        return True
    left_before = delivery.attempts - (delivery.state is DeliveryState.SENT)
    return left_before == 0 and delivery.due > delivery.planned_at


def _never_alive(delivery: Delivery) -> bool:
    return delivery.moved_at == delivery.planned_at


def burn(objective: Objective, minutes: Iterable[Minute], window: timedelta, now: int) -> Burn:
    """The burn over the window, and what there is of the minute `now`. Where nothing ended, nothing burns."""
    ended = missed = 0
    for minute in minutes:
        if minute.number >= now - window // MINUTE:
            ended += minute.ended
            missed += minute.missed
    return Burn(missed / ended / objective.spare if ended else 0.0, ended, missed)


def is_missed(objective: Objective, minutes: Sequence[Minute], now: int, *, before: bool) -> bool:
    """Whether the objective is missed. Once it was (`before`), it is met again when no short window burns as fast as
    its alarm allows.
    """
    lasting = [alarm for alarm in ALARMS if burn(objective, minutes, alarm.short, now).rate >= alarm.rate]
    return bool(lasting) if before else any(_serious(objective, minutes, alarm, now) for alarm in lasting)


def _serious(objective: Objective, minutes: Sequence[Minute], alarm: Alarm, now: int) -> bool:
    long = burn(objective, minutes, alarm.long, now)
    return long.missed >= LEAST_MISSED and long.rate >= alarm.rate
