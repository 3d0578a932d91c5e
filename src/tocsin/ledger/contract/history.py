"""What the archive reads back of alerts, deliveries, attempts and the rest, as rows of values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from tocsin.core.alert import AlertType, Band
from tocsin.core.click import Click
from tocsin.core.decision import Decision
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.record import AlertRecord
from tocsin.core.signal import Cost

T = TypeVar("T")

MOST_WAITING = 10_000  # rows read of those who wait, in each state: enough to say how long most have waited


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token as it is stored: `digest` is the hex SHA-256 of the whole secret."""

    id: str
    name: str
    digest: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target that rests: since when, by which word, and what the provider or the operator said."""

    target: Target
    disabled_at: datetime
    why: str
    detail: str


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


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert in a list. `sold_out_after` is how long its episode lasted; None while it lasts, or where
    nobody knows.
    """

    record: AlertRecord
    sold_out_after: timedelta | None
    deliveries: tuple[DeliveryRow, ...]


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


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list, the newest first; `next` is passed on as `page`, and is None on the last one."""

    items: tuple[T, ...]
    next: str | None
