"""The ledger as what was counted: figures of any period, and when channels worked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from tocsin.core.alert import AlertType
from tocsin.core.analytics import Buckets, Dimension, Told
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.ledger.contract.history import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureQuery:
    """Whole hours since 1970, from `since` on, up to `until`. What is to be read: these `measures` (core.analytics),
    these kinds of reasons, and what providers said that it cost.
    """

    since: int
    until: int
    by: Dimension = Dimension.ALL
    buckets: Buckets | None = None
    measures: Sequence[str]
    reasons: Collection[Told] = ()
    costs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """What was counted of one value of the dimension, in the bucket with that number (None where there are none)."""

    value: str
    bucket: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[tuple[Told, str], int] = field(default_factory=dict)
    costs: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedQuery:
    """Deliveries that a `figure` counts (None: all), of alerts accepted in that time, of these values of dimensions;
    `reason` is why it was not sent, or failed.
    """

    figure: str | None = None
    reason: str | None = None
    state: DeliveryState | None = None
    of: Mapping[Dimension, str] = field(default_factory=dict)
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    page: str | None = None


class CountedRow(NamedTuple):
    """A delivery that a figure counts, and what its alert was about."""

    delivery: Delivery
    type: AlertType
    sku: str
    retailer: str
    product_name: str | None


class UptimeRow(NamedTuple):
    """An hour of a channel: bit by bit the minutes in which it worked, or did not. What is neither was idle."""

    channel: str
    hour: int
    up: int
    down: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtRow:
    """Purchases of one value of the dimension, in one bucket and one currency: how many, and for how much, by what is
    known of them now. `alerts`: how many alerts brought them, or wait to.
    """

    value: str
    bucket: int | None
    currency: str | None
    confirmed: int
    pending: int
    reported: int
    reversed: int
    alerts: int
    amount: Decimal
    commission: Decimal
    pending_amount: Decimal
    pending_commission: Decimal


class Analytics(Protocol):
    """The ledger as what was counted. Reads delay no write."""

    async def follow(self, now: datetime, *, whole: bool = False) -> int:
        """Count again what has changed since this was last called; `whole`: everything whose rows are still kept. How
        many hours were counted.
        """
        ...

    async def as_of(self) -> datetime | None:
        """Tell up to when the figures are complete; None where nothing was counted yet."""
        ...

    async def figures(self, query: FigureQuery) -> tuple[FigureRow, ...]:
        """Add up what was counted, by value and bucket."""
        ...

    async def counted(self, query: CountedQuery, now: datetime) -> Page[CountedRow]:
        """List what a figure counts, the newest first. Raises InvalidRequestError for a `page` or `limit` that is
        none.
        """
        ...

    async def purchases(self, query: FigureQuery) -> tuple[BoughtRow, ...]:
        """Add up what was bought in that time, whenever the alert was that it is credited to."""
        ...

    async def monthly_costs(self) -> Mapping[tuple[str, str], tuple[Decimal, str]]:
        """Tell what channels cost a month: by month (`2026-11`) and channel, with the currency."""
        ...

    async def note_uptime(self, rows: Sequence[UptimeRow]) -> None:
        """Add minutes to what is known of these hours."""
        ...

    async def uptime(self, since: int, until: int) -> tuple[UptimeRow, ...]:
        """Tell when channels worked, in these hours since 1970."""
        ...

    async def last_minute(self) -> Mapping[str, datetime]:
        """Tell the newest minute that is known of each channel."""
        ...
