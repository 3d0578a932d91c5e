"""The ledger as the history: what became of each alert, read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from tocsin.core.alert import AlertType, Band
from tocsin.core.click import Click
from tocsin.core.decision import Decision
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.monitor import Monitor
from tocsin.core.record import AlertRecord, Event
from tocsin.core.signal import Cost

T = TypeVar("T")

MOST_WAITING = 10_000  # rows read of those who wait, in each state: enough to say how long most have waited


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt as the timeline shows it: one request, and what it came to."""

    id: UUID
    target: Target
    lane: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    status: int | None
    answer: str
    mentioned: str
    members: int
    units: int = 1  # of its lane's rates


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRow:
    """How many deliveries of one channel ended in one minute, and how many of those too late or in vain (`missed`)."""

    channel: str
    minute: datetime
    ended: int
    missed: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as lists of alerts tell it: its target, its state and since when."""

    id: UUID
    target: Target
    state: DeliveryState
    why: Why | None
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRow:
    """A list as alerts tell of it: how many of its people are in which state, and how many were left out from the
    beginning, by the reason.
    """

    target: Target
    states: Mapping[DeliveryState, int]
    left_out: Mapping[str, int]
    route: str | None = None
    planned_at: datetime | None = None  # none where nobody was planned for
    moved_at: datetime | None = None

    @property
    def planned(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """One person of a list as it stands with one alert. `delivery` is none while it waits with others."""

    slot: int
    state: DeliveryState
    why: Why | None
    moved_at: datetime
    detail: str = ""
    delivery: UUID | None = None


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert in a list. `sold_out_after` is how long its episode lasted; None while it lasts, or where
    nobody knows.
    """

    record: AlertRecord
    sold_out_after: timedelta | None
    deliveries: tuple[DeliveryRow, ...]
    lists: tuple[AudienceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """So many deliveries that wait, whose alerts were accepted at that time, `late` after their detection; to a tenth
    of a second. `queued` ones have not left; `awaited` ones are neither tests nor late by wish.
    """

    accepted_at: datetime
    late: timedelta
    band: Band
    queued: bool
    awaited: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What happened, by the second in which it did, the oldest first.

    `accepted` counts alerts; `sent` counts deliveries by how long after its detection each was sent, to a hundredth of
    a second.
    """

    accepted: tuple[tuple[datetime, int], ...] = ()
    sent: tuple[tuple[datetime, timedelta, int], ...] = ()


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move of a delivery that no attempt tells: from which state and reason to which."""

    at: datetime
    origin: DeliveryState
    origin_why: Why | None
    state: DeliveryState
    why: Why | None
    detail: str


class ReceiptRow(NamedTuple):
    """A receipt has the provider's name for a message, and what it counts and takes for it, where it has said so."""

    reference: str | None
    units: int | None
    cost: Cost | None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A short link stands for this delivery of this alert. `sent_at` is when the provider answered the newest request
    that carried it; None while it has not.
    """

    delivery: Delivery
    record: AlertRecord
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    """A delivery with its `attempts` and its other `moves`, each in the order in which they came about."""

    delivery: Delivery
    attempts: tuple[AttemptRow, ...]
    moves: tuple[MoveRow, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertStory:
    """Everything about one alert; the timeline is drawn from it. `clicks` are those of persons and suspects."""

    record: AlertRecord
    position: int | None
    deliveries: tuple[DeliveryStory, ...]
    clicks: tuple[Click, ...] = ()
    sold_out_after: timedelta | None = None
    lists: tuple[AudienceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuery:
    """A query says which alerts to list; what is empty is no condition.

    Globs (`*`) are allowed in `skus` and `retailers`; a SKU may be `retailer:sku`. `words` are those of `core.search`.
    One and the same delivery is on one of the `channels` (`discord`, or a target of it, `discord:general`) and in one
    of the `delivery_states`. `before` is an alert: what the ledger took up earlier is listed.

    Example: `AlertQuery(skus=frozenset({"bestbuy:66*"}), delivery_states=frozenset({DeliveryState.REFUSED}))`.
    """

    types: frozenset[AlertType] = frozenset()
    skus: tuple[str, ...] = ()
    retailers: tuple[str, ...] = ()
    bands: frozenset[Band] = frozenset()
    min_priority: int = 1
    decision: Decision | None = None
    state: str | None = None  # open, closed
    words: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    delivery_states: frozenset[DeliveryState] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None
    limit: int = 50
    page: str | None = None


class WatchState(StrEnum):
    """How a product stands at a retailer, as far as its alerts tell."""

    IN_STOCK = "in_stock"
    SOLD_OUT = "sold_out"
    ANNOUNCED = "announced"  # a restock or a back order was told, and it was never in stock
    UNSEEN = "unseen"  # a monitor looks at it, and no alert was ever about it
    SILENT = "silent"  # every monitor that looks at it is lost: what else is known of it is from then


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """An alert told this price then."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRow:
    """A product at a retailer as it stands, with the monitors that look at it.

    `since` is when it came into its state; `last` is the alert that was last accepted about it, None where it is not
    kept any more; `prices` are those in the currency of `last`, the oldest first.
    """

    sku: str
    retailer: str
    variant: str | None = None
    seller: str | None = None
    state: WatchState
    since: datetime | None = None
    last_seen_at: datetime | None = None
    last: AlertRecord | None = None
    prices: tuple[PricePoint, ...] = ()
    monitors: tuple[Monitor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchQuery:
    """A query says which products to list; what is empty is no condition. `words` are those of `core.search`,
    `monitor` is the id of one that looks at them.
    """

    words: tuple[str, ...] = ()
    retailers: tuple[str, ...] = ()
    state: WatchState | None = None
    monitor: str | None = None
    limit: int = 50
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list; `next` is passed on as `page`, and is None on the last one."""

    items: tuple[T, ...]
    next: str | None


class History(Protocol):
    """The ledger as the history. Each read sees what was committed before it began, and delays no write; it raises
    LedgerError where the database cannot be read. Lists are pages: pass `next` on as `page` until it is None.
    """

    async def alerts(self, query: AlertQuery) -> Page[AlertRow]:
        """Find alerts, the newest first. Raises InvalidRequestError for a `page` or `limit` that is none, NotFoundError
        where `before` is no alert that is kept.
        """
        ...

    async def alert(self, identifier: UUID) -> AlertRecord | None:
        """Find the alert with that id; None where it is not kept, or never was."""
        ...

    async def story(self, identifier: UUID) -> AlertStory | None:
        """Tell everything about the alert with that id, for its timeline; None where it is not kept, or never was."""
        ...

    async def recipients(
        self,
        identifier: UUID,
        target: Target,
        *,
        state: DeliveryState | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[RecipientRow]:
        """List the people of a list whom an alert was planned for, by their slots. Raises InvalidRequestError for a
        `page` or `limit` that is none, NotFoundError where the alert is not kept, or never was.
        """
        ...

    async def watched(self, query: WatchQuery, monitors: Sequence[Monitor]) -> Page[WatchRow]:
        """List the products that alerts were about, the one seen last first, then those that only `monitors` know, by
        name. A page may be shorter than its limit. Raises InvalidRequestError for a `page` or `limit` that is none.
        """
        ...

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]:
        """List deliveries, the newest first, of a `state` and of a `channel` (`discord`) where they are given. Raises
        InvalidRequestError for a `page` or `limit` that is none.
        """
        ...

    async def delivery(self, identifier: UUID) -> Delivery | None:
        """Find the delivery with that id; None where it is not kept, or never was."""
        ...

    async def by_link(self, key: int) -> LinkRow | None:
        """Find the delivery with that key, which a short link stands for; None where it is not kept."""
        ...

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """Read at most `limit` events after that position, in the order of their positions, without gaps."""
        ...

    async def span(self) -> tuple[int, int]:
        """Tell the oldest position that is still kept and the newest; (0, 0) where there is none."""
        ...

    async def receipt(self, delivery: int) -> ReceiptRow | None:
        """Tell what its provider counts and takes for the delivery with that key; None where it has said nothing."""
        ...

    async def ended_since(self, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
        """Count what became of the deliveries of alerts accepted since then, by channel and the minute of their end.

        `missed` were not told `within` that time. Those that nobody waited for do not count, and 100,000 are enough.
        """
        ...

    async def waiting(self) -> tuple[WaitingRow, ...]:
        """Count who waits for a delivery: pending, sending or in doubt; MOST_WAITING of each state at most, those first
        whose life ends first.
        """
        ...

    async def happened_since(self, since: datetime) -> Past:
        """Count alerts accepted and deliveries sent since then, by the second, for the figures after a restart: ask for
        a minute, not a day.
        """
        ...

    async def prune(self, accepted_before: datetime, limit: int = 1000) -> int:
        """Forget the oldest alerts with all that belongs to them, unless a delivery is still under way; how many were
        forgotten.

        At most `limit` at a time: fewer say that nothing is left to forget for now.
        """
        ...

    async def name(self, limit: int = 1000) -> None:
        """Name so many alerts that have no name yet, the newest first. Without one they are found, less quickly."""
        ...

    async def click(self, delivery: int, followed: Click, together: timedelta) -> None:
        """Keep that the short link of the delivery with that key was followed. Where the same person's link to another
        alert of the same message was followed within `together`, both are suspect (`several`).
        """
        ...
