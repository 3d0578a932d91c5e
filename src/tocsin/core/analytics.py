"""The words of what is counted: by which dimensions, what, over which spans."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tocsin.core.clock import epoch_micros, from_micros
from tocsin.core.response_time import STEP_NAMES

HOUR, DAY, WEEK = 1, 24, 168  # hours
SPANS = (WEEK, DAY, HOUR)
"""What is counted by the hour is added up by the day and by the week (from Monday on), UTC."""

HOUR_MICROS = 3_600_000_000
MONDAY = 4 * DAY  # the first, in hours: 1970 began on a Thursday


class Dimension(StrEnum):
    """What figures are told apart by. `list` is one target: a list of people, a named webhook."""

    ALL = "all"
    CHANNEL = "channel"
    LIST = "list"
    RETAILER = "retailer"
    PRODUCT = "product"  # retailer:sku
    TYPE = "type"
    BAND = "band"


class Told(StrEnum):
    """What a reason is the reason of."""

    NOT_SENT = "not_sent"  # it was planned, and cancelled by us
    LEFT_OUT = "left_out"  # somebody on a list was not planned for
    FAILED = "failed"  # it was refused
    UNPRICED = "unpriced"  # units that a channel's provider took and has named no price for, by channel


ALERTS = ("alerts", "filtered")
"""Accepted alerts (by channel or list: those with a delivery there), and those that no filter let through."""
DELIVERIES = (
    "accepted",  # its provider took it, within its life
    "late",  # took it after that
    "confirmed",  # of the accepted ones: it is known to have arrived
    "receiptable",  # of the accepted ones: its provider says later whether it arrived
    "failed",  # refused
    "expired",
    "failed_over",  # another target was asked instead
    "possibly_sent",
    "doubtful",  # nobody knows yet
    "waiting",
    "repeated",  # of the accepted ones: possibly told twice
)
DUE = ("accepted", "late", "failed", "expired", "failed_over", "possibly_sent", "doubtful", "waiting")
"""What makes up `due`: each delivery that we wanted to be made is in one of them."""
TIMES = (
    "timed",  # deliveries whose response time counts
    "told",  # of these: with a yes of their provider
    *("arrived_us", "queued_us", "answered_us"),  # sums over those that were told
    *("received", "received_us"),  # how many receipts, and how long they took
    *STEP_NAMES,
)
CLICKS = ("people", "suspect", "robots", "unique")
ANSWERS = ("useful", "too_late", "sold_out", "not_for_me", "bought")
"""The last answer of each delivery; `sold_out`: of those too late, where the product was gone by then."""
LISTED = (
    *("due", "accepted", "late", "confirmed", "receiptable", "failed", "expired", "failed_over", "unknown", "waiting"),
    *("repeated", "not_sent", "timed", "told", "over_1s", "clicked"),
)
"""The figures whose deliveries can be listed."""
MEASURES = (*ALERTS, *DELIVERIES, *TIMES, *CLICKS, *ANSWERS)


class Offset(NamedTuple):
    """From that hour on a zone is so far ahead of UTC."""

    since: int
    ahead: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """Buckets are days or weeks by the clocks of a zone, or hours: `hours` long, the first from `begin` on (in hours
    since 1970 of those clocks). An hour belongs to the bucket in which it begins.
    """

    hours: int
    begin: int = 0
    offsets: tuple[Offset, ...] = ()

    @property
    def is_utc(self) -> bool:
        return not any(offset.ahead for offset in self.offsets)


def hour_of(moment: datetime) -> int:
    """Tell the hour since 1970 that a moment is in."""
    return epoch_micros(moment) // HOUR_MICROS


def hour_from(hour: int) -> datetime:
    """Tell when an hour begins."""
    return from_micros(hour * HOUR_MICROS)


def span_begin(hour: int, span: int) -> int:
    """Tell the hour in which the day or the week begins that an hour is in."""
    shift = MONDAY if span == WEEK else 0
    return (hour - shift) // span * span + shift
