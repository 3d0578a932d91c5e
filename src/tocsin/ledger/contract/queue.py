"""The ledger as the queue: what is claimed, sent and settled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.core.alert import Band
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.record import AlertRecord, Event
from tocsin.core.signal import Cost
from tocsin.ledger.contract.signals import Judge

Pack = Callable[[Target, Sequence[AlertRecord]], int]
"""Pure: how many of these, for that target, from the first on, fit into one request; at least 1."""

Joins = Callable[[Target, AlertRecord], timedelta | None]
"""Pure: how old a message about the same product may be for this alert to join it; None: it goes out by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """A claim request takes the most important due deliveries of one lane, by priority, then position, `limit` an
    attempt.

    All of one attempt go to one target. `lowest` is the lowest band that the lane's gate lets through now. `joins` is
    None where nothing of the lane ever joins a message that stands. Where it is not, none is claimed while another
    about the same product is being sent to the same target: it waits for that message, to join it.
    """

    lane: str
    pack: Pack
    limit: int = 1
    attempts: int = 1
    lowest: Band = Band.LOW
    oldest_first: bool = False  # the `share` of a band: its oldest due delivery in place of the most important one
    joins: Joins | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim is a committed attempt: its members are `sending` from here on, under the fences that they carry.

    With `joins` they are no message of their own but are added to that one, which has all that it is to show, them
    included.
    """

    key: int
    target: Target
    lane: str
    started_at: datetime
    members: tuple[tuple[Delivery, AlertRecord], ...]
    joins: "StandingMessage | None" = None

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
class Claimed:
    """The answer to a claim request: `claims` is empty where nothing could be taken, `waiting` None where nothing is
    left.

    `expired` were found past their life, and are marked so.
    """

    claims: tuple[Claim, ...]
    waiting: Waiting | None
    expired: tuple[Delivery, ...] = ()

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
    why: Why | None = None
    wait: timedelta | None = None  # for pending: due so long after the move, whatever the wall clock does until then
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
    """What came of moves: `deliveries` as they stand now, the keys `lost` because their fence was no longer ours,
    `lanes` to wake.
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
    the ledger sees whether somebody else has written meanwhile.
    """

    target: Target
    lane: str
    reference: str
    sent_at: datetime
    members: tuple[tuple[Delivery, AlertRecord], ...]
    shown: tuple[str, ...]


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
class LaneRow:
    """What stands in one lane now, in numbers."""

    lane: str
    pending: Mapping[Band, int] = field(default_factory=dict)
    sending: int = 0
    unknown: int = 0
    next_due: datetime | None = None
    oldest: datetime | None = None
