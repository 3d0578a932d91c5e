"""What the ledger can do: the values that go in and out, and the verbs.

The ledger is the queue: there is no second one that could disagree with it. Every write verb is one step of a
shared transaction and returns only after its commit; a read never delays a write.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from tocsin.core.alert import Alert, AlertType, Band, EpisodeKey
from tocsin.core.decision import Decision, Episode, Receipt, Ruling
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.monitor import Monitor
from tocsin.core.record import AlertRecord, Event

T = TypeVar("T")

Decide = Callable[[Alert, Episode | None, datetime], Ruling]
"""Pure: an alert, what is known of its episode (None: nothing yet) and the time of the transaction."""

Pack = Callable[[Target, Sequence[AlertRecord]], int]
"""Pure: how many of these, for that target, from the first on, fit into one request; at least 1."""


# --- append ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Covers one item or a whole request: the same owner, key and digest within 24 h get the same answer."""

    owner: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Item:
    """One detection of a submission, or the receipt (`invalid`) that it already has."""

    alert: Alert | None = None
    invalid: Receipt | None = None
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    items: tuple[Item, ...]
    idempotency: Idempotency | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """`answers` in the order of the items, as `Receipt.as_json` (a repeated key gets the stored one).

    `receipts` are those newly decided, with their alerts; `lanes` got new pending deliveries; `moved` are older
    deliveries that a newer alert superseded.
    """

    answers: tuple[Mapping[str, Any], ...]
    receipts: tuple[tuple[Alert, Receipt], ...] = ()
    events: tuple[Event, ...] = ()
    lanes: frozenset[str] = frozenset()
    moved: tuple[Delivery, ...] = ()


# --- claim and settle -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """Take the most important due deliveries of one lane, by priority, then position, `limit` of them an attempt.

    All of one attempt go to one target. `lowest` is the lowest band that the lane's gate lets through now.
    """

    lane: str
    pack: Pack
    limit: int = 1
    attempts: int = 1
    lowest: Band = Band.LOW
    oldest_first: bool = False  # the `share` of a band: its oldest due delivery in place of the most important one


@dataclass(frozen=True, slots=True)
class Claim:
    """A committed attempt: its members are `sending` from here on, under the fences that they carry."""

    key: int
    target: Target
    lane: str
    started_at: datetime
    members: tuple[tuple[Delivery, AlertRecord], ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a lane still holds: when its next delivery is due, and the highest band among those due by then."""

    due: datetime
    band: Band


@dataclass(frozen=True, slots=True)
class Claimed:
    """`claims` is empty where nothing could be taken. `expired` were found past their life, and are marked so."""

    claims: tuple[Claim, ...]
    waiting: Waiting | None
    expired: tuple[Delivery, ...] = ()

    @property
    def claim(self) -> Claim | None:
        """The first of them: the only one where one attempt was asked for."""
        return self.claims[0] if self.claims else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What becomes of one delivery. Only the holder of `fence` may move a delivery that is being sent."""

    key: int
    fence: int
    to: DeliveryState
    why: Why | None = None
    due: datetime | None = None  # for pending: not before
    detail: str = ""
    reference: str | None = None  # for sent: the message at the provider
    possibly_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The end of one attempt: what was answered, and the move of each member."""

    attempt: int
    outcome: str
    moves: tuple[Move, ...]
    status: int | None = None
    answer: str = ""
    mentioned: str = ""  # who was rung out to, for the mention budgets after a restart
    disable: tuple[Target, str, str] | None = None  # a dead target, the word why and the provider's text


@dataclass(frozen=True, slots=True)
class Moved:
    """`deliveries` as they stand after the move; `lost` are keys whose fence was no longer ours; `lanes` to wake."""

    deliveries: tuple[Delivery, ...]
    lost: tuple[int, ...] = ()
    lanes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """The episode has ended. `records` are its alerts that were open; empty where nothing was open."""

    events: tuple[Event, ...] = ()
    cancelled: tuple[Delivery, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMessage:
    """A message at a provider that shows something else than it should, with all that it carries."""

    target: Target
    lane: str
    reference: str
    members: tuple[tuple[Delivery, AlertRecord], ...]


# --- tokens, targets, reads -----------------------------------------------------------------------------------


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
    target: Target
    disabled_at: datetime
    why: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One request as the timeline shows it."""

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


@dataclass(frozen=True, slots=True)
class DeliveryStory:
    delivery: Delivery
    attempts: tuple[AttemptRow, ...]


@dataclass(frozen=True, slots=True)
class AlertStory:
    """Everything about one alert; the timeline is drawn from it."""

    record: AlertRecord
    position: int | None
    deliveries: tuple[DeliveryStory, ...]
    clicks: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertQuery:
    """Empty means: no condition. Globs (`*`) are allowed in `skus` and `retailers`; a SKU may be `retailer:sku`."""

    types: frozenset[AlertType] = frozenset()
    skus: tuple[str, ...] = ()
    retailers: tuple[str, ...] = ()
    bands: frozenset[Band] = frozenset()
    min_priority: int = 1
    decision: Decision | None = None
    state: str | None = None  # open, closed
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Newest first; `next` is passed on as `page`, None on the last one."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """What stands in one lane now."""

    lane: str
    pending: Mapping[Band, int] = field(default_factory=dict)
    sending: int = 0
    unknown: int = 0
    next_due: datetime | None = None
    oldest: datetime | None = None


class Ledger(Protocol):
    """The write verbs. Each raises LedgerUnavailableError when it cannot commit in time, having changed nothing."""

    epoch: str  # drawn when the ledger is made; cursors of another one mean nothing here
    link_secret: bytes  # drawn with it: what short links are signed with

    async def append(self, submission: Submission, decide: Decide) -> Appended:
        """Decide and write every item in one transaction under the lock of the stream's position.

        Raises ConflictError where the idempotency key of the whole request was used with another digest (an item's
        conflict is that item's invalid receipt).
        """
        ...

    async def claim(self, request: ClaimRequest) -> Claimed: ...

    async def settle(self, settlement: Settlement) -> Moved:
        """Members that refuse, or whose target is disabled, get their fallback deliveries in the same transaction.

        A deferred member that a newer alert of its episode has overtaken meanwhile comes back as superseded. Raises
        IllegalMoveError, with nothing moved.
        """
        ...

    async def move(self, moves: Sequence[Move]) -> Moved:
        """Legal moves outside an attempt: how an unknown is settled, an operator's retry.

        A retry gives the delivery its whole life once more. Raises IllegalMoveError, with nothing moved.
        """
        ...

    async def close(self, key: EpisodeKey) -> Closed:
        """The episode ends: its open alerts are closed, what is pending is cancelled, each alert gets an event."""
        ...

    async def note_shown(self, message: StandingMessage) -> None:
        """An edit has shown each alert of the message as it is there, or there is nothing left to edit."""
        ...

    async def probe(self) -> None:
        """An empty commit: raises LedgerUnavailableError while nothing can be kept."""
        ...

    async def fail_over(self, lanes: frozenset[str]) -> Moved:
        """Hand what is pending on these lanes (breaker open), or past its `fail_over_at` anywhere, to its fallback.

        What has no fallback left that could take over stays where it is. At most 1,000 at a time.
        """
        ...

    async def recover(self) -> Moved:
        """At start: what a dead process left `sending` becomes `unknown` (crashed)."""
        ...

    async def expire(self, limit: int = 1000) -> Moved:
        """Mark what is pending past its life, whatever lane it stands in."""
        ...

    async def silence(self, last_seen_before: datetime, limit: int = 100) -> Closed:
        """Close the episodes that no detector has repeated since then."""
        ...

    async def prune(self, accepted_before: datetime, limit: int = 1000) -> int:
        """Forget the oldest alerts with all that belongs to them, unless a delivery is still under way."""
        ...

    async def disable(self, target: Target, why: str, detail: str) -> Moved:
        """The target rests: what is pending for it is refused (no_target) and goes to its fallback."""
        ...

    async def enable(self, target: Target) -> bool:
        """False where it was not disabled."""
        ...

    async def add_token(self, token: TokenRow) -> None: ...

    async def revoke_token(self, identifier: str) -> bool: ...

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None: ...

    async def keep_monitor(self, monitor: Monitor) -> None:
        """In place of what was known of it."""
        ...

    async def forget_monitor(self, identifier: str) -> bool: ...

    async def click(self, delivery: int, *, robot: bool) -> None:
        """A short link was followed; robots (link previews) are kept apart."""
        ...

    async def backup(self, path: str) -> None:
        """A consistent copy while the service runs (SQLite only: PostgreSQL has its own tools)."""
        ...


class Archive(Protocol):
    """The reads, on connections of their own."""

    async def alerts(self, query: AlertQuery) -> Page[AlertRecord]: ...

    async def alert(self, identifier: UUID) -> AlertRecord | None: ...

    async def story(self, identifier: UUID) -> AlertStory | None: ...

    async def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        channel: str | None = None,
        limit: int = 50,
        page: str | None = None,
    ) -> Page[Delivery]: ...

    async def delivery(self, identifier: UUID) -> Delivery | None: ...

    async def by_link(self, key: int) -> tuple[Delivery, AlertRecord] | None:
        """The delivery that a short link stands for."""
        ...

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        """Events after that position, in position order, without gaps."""
        ...

    async def span(self) -> tuple[int, int]:
        """The oldest position that is still kept and the newest; (0, 0) where there is none."""
        ...

    async def lanes(self) -> tuple[LaneRow, ...]:
        """Lanes with anything pending, sending or unknown."""
        ...

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        """Attempts whose members are `unknown`, oldest first, as they were claimed."""
        ...

    async def edits(self, lanes: frozenset[str], limit: int = 50) -> tuple[StandingMessage, ...]:
        """Messages of these lanes that are to be edited, the longest standing first."""
        ...

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        """For gates and mention budgets after a restart, oldest first."""
        ...

    async def disabled(self) -> tuple[TargetRow, ...]: ...

    async def tokens(self) -> tuple[TokenRow, ...]: ...

    async def monitors(self) -> tuple[Monitor, ...]: ...
