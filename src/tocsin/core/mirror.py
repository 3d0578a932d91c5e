"""A mirror is a copy of the history elsewhere, for people or for other programs; what it is told of an alert is an
account of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from tocsin.core.delivery import TAKEN, UNDER_WAY, WENT_WRONG, DeliveryState, Target
from tocsin.core.record import AlertRecord


class News(StrEnum):
    ACCEPTED = "accepted"
    CLOSED = "closed"  # its episode has ended
    FINAL = "final"  # none of its deliveries is under way any more
    CHANGED = "changed"  # since then: clicked, bought, a receipt that came late


class DeliveryStatus(StrEnum):
    """What became of an alert's deliveries, in one word."""

    PENDING = "pending"  # some are under way
    SUCCESS = "success"  # all that were due were sent
    PARTIAL = "partial"
    FAILED = "failed"  # none of those that were due
    NONE = "none"  # nothing was due


class Place(NamedTuple):
    """The place of an entry among a mirror's: after the event of the stream with that position, as the `number`th."""

    position: int
    number: int

    def __str__(self) -> str:
        return f"{self.position}-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account tells what became of an alert so far. `deliveries` counts them by target and state, people of lists
    one by one; `clicks` are those of persons; `amounts` is what was bought, by currency, reversed purchases left out.
    """

    record: AlertRecord
    deliveries: Mapping[Target, Mapping[DeliveryState, int]] = field(default_factory=dict)
    sold_out_after: timedelta | None = None
    clicks: int = 0
    purchases: int = 0
    amounts: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def sent_channels(self) -> tuple[str, ...]:
        """The channels on which at least one delivery was sent."""
        told = {target.channel for target, states in self.deliveries.items() if not states.keys().isdisjoint(TAKEN)}
        return tuple(sorted(told))

    @property
    def delivery_status(self) -> DeliveryStatus:
        if self.count(UNDER_WAY):
            return DeliveryStatus.PENDING
        if not self.count(WENT_WRONG):
            return DeliveryStatus.SUCCESS if self.count(TAKEN) else DeliveryStatus.NONE
        return DeliveryStatus.PARTIAL if self.count(TAKEN) else DeliveryStatus.FAILED

    @property
    def sent(self) -> int:
        return self.count(TAKEN)

    @property
    def failed(self) -> int:
        return self.count(WENT_WRONG)

    def count(self, states: Collection[DeliveryState]) -> int:
        return sum(many for counted in self.deliveries.values() for state, many in counted.items() if state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry is one thing that a mirror is to be told. `alert` is the ledger's key."""

    place: Place
    alert: int
    news: News
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorStanding:
    """How far a mirror is: so many entries wait for it, and so many events are not even written down for it. `calls`
    were made in the month that `counted_at` lies in; an entry was last taken at `written_at`.
    """

    waiting: int = 0
    unread: int = 0
    calls: int = 0
    counted_at: datetime | None = None
    written_at: datetime | None = None

    @property
    def behind(self) -> int:
        return self.waiting + self.unread

    def calls_of(self, month: datetime) -> int:
        """The calls that were made in this moment's month (UTC)."""
        counted = self.counted_at
        same = counted is not None and (counted.year, counted.month) == (month.year, month.month)
        return self.calls if same else 0
