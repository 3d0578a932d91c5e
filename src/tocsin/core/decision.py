"""A decision is what becomes of a detection, with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from tocsin.core.alert import EpisodeKey, RepeatKey
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.errors import Detail
from tocsin.core.recipients import NOBODY, Audience


class Decision(StrEnum):
    """A detection is accepted, a duplicate, filtered or invalid."""

    ACCEPTED = "accepted"  # a row, an event and its deliveries are on disk
    DUPLICATE = "duplicate"  # counted on its original
    FILTERED = "filtered"  # a row with the reason; nobody is told
    INVALID = "invalid"  # not an alert at all; only ever an answer to one item of a batch


class Reason(StrEnum):
    """A reason is the stable word for why a decision was taken."""

    # accepted
    NEW = "new"  # nothing like it was accepted before in this episode
    PRICE_CHANGED = "price_changed"  # the price moved by more than the tolerance, or is in another currency
    COOLDOWN_OVER = "cooldown_over"  # the same again, long enough after
    REOPENED = "reopened"  # sold out and back: a new episode
    TEST = "test"  # an operator tests a target; no socket sees it
    # duplicate
    REPEAT = "repeat"  # the same fact within its cooldown
    SAME_EPISODE = "same_episode"  # the same fact, and `realert` is `episode`
    FLAPPING = "flapping"  # back so soon after sold out that it is taken for the same restock
    # filtered
    EXCLUDED_RETAILER = "excluded_retailer"
    PRICE_ROSE = "price_rose"  # sent as a price drop, and dearer than before
    PRICE_DROP_TOO_SMALL = "price_drop_too_small"
    BELOW_MIN_PRICE = "below_min_price"
    ABOVE_MAX_PRICE = "above_max_price"
    STALE = "stale"  # already past its useful life on arrival


@dataclass(frozen=True, slots=True)
class LastAccepted:
    """What was last accepted of one type, in one currency, within an episode."""

    alert_id: UUID
    at: datetime
    price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """An episode is one restock of one SKU at one retailer. `closed_at` is set while the product is sold out."""

    key: EpisodeKey
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    last_seen_at: datetime | None = None
    last: Mapping[RepeatKey, LastAccepted]


class LeftOut(StrEnum):
    """Why somebody on a list is not told of an alert, in the order in which that is decided."""

    SUPPRESSED = "suppressed"  # left, or was taken off: the address is told nothing at all
    CONSENT = "consent"  # has not consented, or not shown yet that the address is the person's own
    PAUSED = "paused"  # wants nothing until a certain day
    MUTED = "muted"  # wants nothing of this product any more
    MATCH = "match"  # wants to hear of other alerts
    CHANNEL = "channel"  # wants them elsewhere
    PER_DAY = "per_day"  # was told of as many today as wanted by that channel
    QUIET = "quiet"  # sleeps, and wants to miss what comes meanwhile
    OTHER_CHANNEL = "other_channel"  # wants to be told by one channel, and is, unless that fails
    OTHER_LIST = "other_list"  # is told on this channel already, by a list before
    MAX_RECIPIENTS = "max_recipients"  # more than the list may tell: others had their turn


@dataclass(frozen=True, slots=True)
class Hold:
    """Some of those who are chosen are told later. `told`: what the timeline says.

    Without a `life` their quiet hours end then, and what the alert is worth ends as ever; with one it is gathered for a
    digest, and worth telling for so long from that hour on.
    """

    until: datetime
    told: str
    audience: Audience
    life: timedelta | None = None

    def put_off(self, plan: "Plan") -> "Plan":
        """The same for those who are held. Fallbacks have their patience after that, too; none takes a digest over."""
        held = replace(plan, due=self.until, detail=self.told)
        if self.life is not None:
            end = self.until + self.life
            return replace(held, expires_at=end, fallback=(), fail_over_at=None, ways=(), digest=self.until)
        by = self.until - plan.due
        return replace(
            held,
            fail_over_at=plan.fail_over_at and plan.fail_over_at + by,
            ways=tuple(replace(way, fail_over_at=way.fail_over_at + by) for way in plan.ways),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Who of a list is told: `now`, or later where they are `held`; nobody is in both. `left_out` counts the others.
    Those in `reserve` are told by another channel, and by this list where that fails.
    """

    now: Audience = NOBODY
    held: tuple[Hold, ...] = ()
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    reserve: "Reserve | None" = None

    @property
    def everybody(self) -> Audience:
        audience = self.now
        for hold in self.held:
            audience |= hold.audience
        return audience


@dataclass(frozen=True, slots=True)
class Reserve:
    """Who may be told by a list that is a fallback, and how many of them at most; None: all."""

    audience: Audience
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """Some of those whom a list tells have others behind it: who they want to be told by next."""

    audience: Audience
    fallback: tuple["Plan", ...]
    fail_over_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan is one delivery to be made. It starts `pending`, or is over before it began (shadow, a disabled target).

    `fallback` is taken one after the other, never two at once: the first whose target is enabled and does not have the
    alert yet. It is due when it takes over, and then waits for its own fail-over as long as lies between its `due` and
    its `fail_over_at` here; the rest of the row stays behind it. Plans inside `fallback` have none.

    `product`: the delivery may join a message about the same product that already stands at its target. `detail` names
    what holds or drops it from the start, `route` the rule that led to the target: both are for the timeline.

    `people`: its target is a list, and these are told; those in reserve stand in a `fallback` only. `ways` are of those
    of them who have a fallback of their own, in place of the list's. `digest`: it is gathered for the one of that hour.
    """

    target: Target
    lane: str
    expires_at: datetime
    due: datetime
    state: DeliveryState = DeliveryState.PENDING
    why: Why | None = None
    fallback: tuple["Plan", ...] = ()
    fail_over_at: datetime | None = None
    product: str | None = None
    detail: str = ""
    route: str | None = None
    people: Chosen | Reserve | None = None
    ways: tuple[Way, ...] = ()
    digest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    reason: Reason
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    reason: Reason
    original: UUID


@dataclass(frozen=True, slots=True)
class Filtered:
    reason: Reason


Ruling = Accepted | Duplicate | Filtered


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt answers one detection. `error` is the `error` object of an invalid one (`TocsinError.as_json`).

    `notes` say what was mended or left out so that the alert could go out.
    """

    decision: Decision
    id: UUID | None = None
    reason: Reason | None = None
    duplicate_of: UUID | None = None
    error: Mapping[str, Any] | None = None
    notes: tuple[Detail, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The receipt as every door answers it: only what there is to say."""
        if self.decision is Decision.INVALID:
            return {"decision": "invalid", "error": self.error}
        told: dict[str, Any] = {"decision": self.decision.value, "reason": self.reason.value if self.reason else None}
        if self.id is not None:
            told["id"] = str(self.id)
        if self.duplicate_of is not None:
            told["duplicate_of"] = str(self.duplicate_of)
        if self.notes:
            told["notes"] = [note.as_json() for note in self.notes]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Receipt":
        """Read back what `as_json` gave."""
        return cls(
            decision=Decision(told["decision"]),
            id=UUID(told["id"]) if told.get("id") else None,
            reason=Reason(told["reason"]) if told.get("reason") else None,
            duplicate_of=UUID(told["duplicate_of"]) if told.get("duplicate_of") else None,
            error=told.get("error"),
            notes=tuple(Detail(note["path"], note["message"]) for note in told.get("notes", ())),
        )
