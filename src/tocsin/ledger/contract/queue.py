"""The ledger as the queue: what is appended to it, claimed, sent and settled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from tocsin.core.alert import Band, EpisodeKey
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord, Event
from tocsin.core.signal import Cost, Signal
from tocsin.ledger.contract.append import Appended, Decide, Submission
from tocsin.ledger.contract.history import AttemptRow
from tocsin.ledger.contract.signals import Judge, Received

Pack = Callable[[Target, Sequence[AlertRecord]], int]
"""Pure: how many of these, for that target, from the first on, fit into one request; at least 1."""

Joins = Callable[[Target, AlertRecord], timedelta | None]
"""Pure: how old a message about the same product may be for this alert to join it; None: it goes out by itself."""


@dataclass(frozen=True, slots=True)
class DayLimit:
    """One person hears of at most so many alerts of a channel from `since` to `until`: a day where the person lives."""

    most: int
    since: datetime
    until: datetime


DayLimits = Callable[[Recipient], DayLimit | None]
"""Pure: how many alerts whoever is claimed wants today; None: all."""


class Hold(NamedTuple):
    """A lane is held by that node, under that fence."""

    node: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A claim request takes the most important due deliveries of one lane, by priority, then position, `limit` an
    attempt.

    All of one attempt go to one target. `lowest` is the lowest band that the lane's gate lets through now. `joins` is
    None where nothing of the lane ever joins a message that stands. Where it is not, none is claimed while another
    about the same product is being sent to the same target: it waits for that message, to join it. `sated` are
    contacts who get no more today: what is for them is cancelled. So is what is beyond the `day_limits` of a person,
    counted with all that they were told by the channel since, and may have been. Whom `asks` says so is asked by the
    first of their deliveries what came of an alert before. With a `hold` nothing is claimed
    unless the lane is held so at the commit; None: nobody else claims.
    """

    lane: str
    pack: Pack
    limit: int = 1
    attempts: int = 1
    lowest: Band = Band.LOW
    oldest_first: bool = False  # the `share` of a band: its oldest due delivery in place of the most important one
    joins: Joins | None = None
    sated: frozenset[int] = frozenset()
    day_limits: DayLimits | None = None
    asks: Callable[[Recipient], bool] | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim is a committed attempt: its members are `sending` from here on, under the fences that they carry.

    With `joins` they are no message of their own but are added to that one, which has all that it is to show, them
    included. `recipients`, by slot, are those whom its members are for, where the target is a list. `node` is whose it
    is, None where a process has the ledger to itself.
    """

    key: int
    target: Target
    lane: str
    started_at: datetime
    members: tuple[tuple[Delivery, AlertRecord], ...]
    joins: "StandingMessage | None" = None
    recipients: Mapping[int, Recipient] = field(default_factory=dict)
    node: str | None = None

    @property
    def records(self) -> Mapping[int, AlertRecord]:
        """The alerts by the keys of their deliveries."""
        return {delivery.key: record for delivery, record in self.members}

    @property
    def host(self) -> AlertRecord | None:
        """The alert that had the message before they joined it."""
        mine = {delivery.key for delivery, _ in self.members}
        others = [member for member in (self.joins.members if self.joins else ()) if member[0].key not in mine]
        return min(others, key=lambda member: member[0].key)[1] if others else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane still holds deliveries: the next is due at `due`, and `band` is the highest among those due by then."""

    due: datetime
    band: Band


@dataclass(frozen=True, slots=True)
class Full:
    """Whoever has this slot has heard of enough by that channel, until then."""

    channel: str
    slot: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim request: `claims` is empty where nothing could be taken, `waiting` None where nothing is
    left.

    `expired` were found past their life, `withdrawn` are for people who may not be told any more: they are marked so.
    `full` are those of them who have heard of enough today. With `lost` the lane is held by somebody else.
    """

    claims: tuple[Claim, ...]
    waiting: Waiting | None
    expired: tuple[Delivery, ...] = ()
    withdrawn: tuple[Delivery, ...] = ()
    full: tuple[Full, ...] = ()
    lost: bool = False

    @property
    def claim(self) -> Claim | None:
        """The first of them: the only one where one attempt was asked for."""
        return self.claims[0] if self.claims else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move brings one delivery to another state. Only the holder of `fence` may move a delivery that is
    being sent.
    """

    key: int
    fence: int
    to: DeliveryState
    origin: DeliveryState | None = None  # the state that it was seen in: out of another one it does not move
    why: Why | None = None
    wait: timedelta | None = None  # for pending: due so long after the move, whatever the wall clock does until then
    life: timedelta | None = None  # for retried: how long it is worth telling from the move on
    detail: str = ""
    reference: str | None = None  # for sent: the message at the provider
    units: int | None = None  # for sent: how much it counts for there
    cost: Cost | None = None  # for sent: what the provider takes for it, where it says so at once
    possibly_repeated: bool = False
    alone: bool = False  # for pending: it joins no message any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A settlement ends one attempt: it has what was answered, and a move for each member.

    `joined` is the message that they were to join, as it was claimed; with `gone` it does not stand any more.
    """

    attempt: int
    outcome: str
    moves: tuple[Move, ...]
    status: int | None = None
    answer: str = ""
    mentioned: str = ""  # who was rung out to, for the mention budgets after a restart
    disable: tuple[Target, str, str] | None = None  # a dead target, the word why and the provider's text
    joined: "StandingMessage | None" = None
    gone: bool = False
    units: int = 1  # that the request took of its lane's rates
    receipts: tuple[str, Judge] | None = None  # the channel, where its provider says later what became of a message


@dataclass(frozen=True, slots=True)
class MoveResult:
    """What came of moves: `deliveries` as they stand now, those that had to give way to them last; the keys `lost`
    because their fence was no longer ours, or their state another one; `lanes` to wake.
    """

    deliveries: tuple[Delivery, ...]
    lost: tuple[int, ...] = ()
    lanes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Closed:
    """An episode has ended: `events` has one for each of its alerts that were open, `cancelled` what was still waiting.

    With `more`, others are left: close it again.
    """

    events: tuple[Event, ...] = ()
    cancelled: tuple[Delivery, ...] = ()
    more: bool = False

    def __add__(self, then: "Closed") -> "Closed":
        return Closed(self.events + then.events, self.cancelled + then.cancelled, then.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingMessage:
    """A message stands at a provider with all that it carries, the most important first; `sent_at` is of the first of
    it.

    `shown` is what was known to be shown of each when this was read: who writes on the message hands it back, so that
    the ledger sees whether somebody else has written meanwhile. `recipients`, by slot, are those whom its members are
    for, where the target is a list, and who may still be told.
    """

    target: Target
    lane: str
    reference: str
    sent_at: datetime
    members: tuple[tuple[Delivery, AlertRecord], ...]
    shown: tuple[str, ...]
    recipients: Mapping[int, Recipient] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutLane:
    """A lane is shut, as far as that outlives the process: what is not kept is open.

    `probe_at` is when its open breaker lets the next probe through, `shut_until` how long its provider wants nothing
    (`why`: rate_limited, credentials).
    """

    lane: str
    failures: int = 0
    probe_at: datetime | None = None
    shut_until: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentRow:
    """What one delivery took of its provider since that attempt began: `cost` is None as long as nobody has said it.
    `contact` is whom it was for, where that is a person.
    """

    delivery: int
    lane: str
    at: datetime
    units: int = 1
    cost: Cost | None = None
    reference: str | None = None
    contact: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """What stands in one lane now, in numbers."""

    lane: str
    pending: Mapping[Band, int] = field(default_factory=dict)
    sending: int = 0
    unknown: int = 0
    next_due: datetime | None = None
    oldest: datetime | None = None


class Queue(Protocol):
    """The ledger as the queue. Every write is one step of a shared transaction, and returns after its commit; it raises
    LedgerUnavailableError when it cannot be committed in time, having changed nothing. A read delays no write.
    """

    async def append(
        self, submission: Submission, decide: Decide, directory: int | None = None, targets: int | None = None
    ) -> Appended:
        """Decide and write every item in one transaction, under the lock of the stream's position.

        `decide` must be pure. Parts of a request are appended in turn, each once the one
        before it is. Raises ConflictError where the idempotency key of the whole request was used with another digest
        (an item's conflict is that item's invalid receipt).

        `directory` is the version of the one that decides who is told; None where it tells nobody by a list. `targets`
        is the version of what is known of those that are disabled; None where that does not matter. Raises
        StaleDirectoryError, with nothing decided, where who may be told has changed since.
        """
        ...

    async def claim(self, request: ClaimRequest) -> Claimed:
        """Take due deliveries of one lane and make them `sending`, in one transaction: the request may leave once this
        returns.

        What is past its life is marked `expired` on the way. Nothing to take is no error.
        """
        ...

    async def settle(self, settlement: Settlement) -> MoveResult:
        """Write down what an attempt came to, and move its members as it says.

        Members that refuse, or whose target is disabled, get their fallback deliveries in the same transaction. A
        deferred member that a newer alert of its episode has overtaken meanwhile comes back as superseded. Raises
        IllegalMoveError, with nothing moved.
        """
        ...

    async def move(self, moves: Sequence[Move]) -> MoveResult:
        """Make legal moves outside an attempt: how an unknown is settled, an operator's retry.

        A retry gives the delivery its whole life once more. Raises IllegalMoveError, with nothing moved.
        """
        ...

    async def receive(self, heard: Sequence[Signal], judge: Judge) -> Received:
        """Keep signals of providers, each once by its event id, and apply them as `judge` says.

        What is heard too early, or of a delivery that nobody knows, is parked until that one is settled. What a
        provider reports as failed gets its fallback in the same transaction.
        """
        ...

    async def note_mention(self, attempt: int, mentioned: str) -> None:
        """Keep whom the attempt will mention, before its request leaves: whoever is killed meanwhile has spent the
        budget of those names all the same.
        """
        ...

    async def close(self, key: EpisodeKey) -> Closed:
        """End the episode: its open alerts are closed, what is pending is cancelled, each alert gets an event.

        One with many alerts ends in parts, for each of which this is called again (`Closed.more`).
        """
        ...

    async def silence(self, last_seen_before: datetime, limit: int = 100) -> Closed:
        """Close the episodes that no detector has repeated since then, at most `limit` at a time; again while there are
        `more`.
        """
        ...

    async def expire(self, limit: int = 1000) -> MoveResult:
        """Mark what is pending past its life as expired, whatever lane it stands in: at most `limit` at a time."""
        ...

    async def fail_over(self, lanes: frozenset[str], shadow: frozenset[Target] = frozenset()) -> MoveResult:
        """Hand what is pending on these lanes (breaker open), or past its `fail_over_at` anywhere, to its fallback.

        What has no fallback left that could take over stays where it is: one in `shadow` cannot. At most 1,000 at a
        time.
        """
        ...

    async def withhold(self, lane: str) -> MoveResult:
        """Cancel what is pending on a lane that is in shadow, handing it to its fallback where it has one. At most
        1,000 at a time.
        """
        ...

    async def curtail(self, lane: str, spared: Band | None) -> MoveResult:
        """Cancel what is due on a lane and costs more than may be spent today, but for what is of the band `spared` or
        above it, handing it to its fallback where it has one. At most 1,000 at a time.
        """
        ...

    async def recover(self, node: str | None = None) -> MoveResult:
        """Make `unknown` (crashed) what a dead process left `sending`. At start, before anything is claimed. With a
        `node` only what that one left.
        """
        ...

    async def note_shown(self, message: StandingMessage) -> None:
        """Keep that an edit has shown each alert of the message as it is there, or that nothing is left to edit.

        Where somebody else has written on it since it was read, nobody knows who came last: it stays to be edited.
        """
        ...

    async def keep_lane(self, lane: ShutLane) -> None:
        """Keep that the lane is shut, in place of what was known of it."""
        ...

    async def forget_lane(self, name: str) -> None:
        """Keep that the lane is open."""
        ...

    async def lanes(self) -> tuple[LaneRow, ...]:
        """List the lanes that hold anything pending, sending or unknown."""
        ...

    async def shut_lanes(self) -> tuple[ShutLane, ...]:
        """List the lanes that are shut, as `keep_lane` left them."""
        ...

    async def unknown(self, lanes: frozenset[str], limit: int = 100) -> tuple[Claim, ...]:
        """List at most `limit` attempts of these lanes whose members are `unknown`, the oldest first, as they were
        claimed.
        """
        ...

    async def edits(self, targets: frozenset[Target], limit: int = 50) -> tuple[StandingMessage, ...]:
        """List at most `limit` messages at these targets that are to be edited, the longest standing first."""
        ...

    async def spent(self, since: datetime, lanes: frozenset[str]) -> tuple[SpentRow, ...]:
        """List what was taken by providers, or may have been, of the attempts on these lanes begun since then."""
        ...

    async def recent_attempts(self, since: datetime) -> tuple[AttemptRow, ...]:
        """List the attempts begun since then, the oldest first: gates and mention budgets are rebuilt from them after a
        restart.
        """
        ...
