"""A delivery brings one alert to one target, and has a state. The table below is the only source of legal moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from tocsin.core.alert import Band, id_of_key
from tocsin.core.errors import IllegalMoveError


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A target is one place on a channel, written `channel:name`: `discord:high_priority`."""

    channel: str
    name: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Read a target as it is written. Raises ValueError where there is no `channel:name`."""
        channel, colon, name = text.partition(":")
        if not (colon and channel and name):
            raise ValueError(f"{text!r} is not of the form channel:name")
        return cls(channel, name)


class DeliveryState(StrEnum):
    """The states of a delivery, and what each means in the world."""

    PENDING = "pending"  # waits for its lane
    SENDING = "sending"  # claimed: a request may leave, or has left, the machine
    UNKNOWN = "unknown"  # nobody can say whether it arrived; its channel finds out or decides
    SENT = "sent"  # the provider took it
    DELIVERED = "delivered"  # the provider says it reached the person
    REFUSED = "refused"  # it will never arrive, and we know why
    EXPIRED = "expired"  # its useful life ended before it could leave
    CANCELLED = "cancelled"  # it was not wanted any more
    POSSIBLY_SENT = "possibly_sent"  # it may have arrived; by configuration it is not repeated


class Why(StrEnum):
    """The reasons why a delivery is in its state, where the state alone does not say."""

    POISON = "poison"  # our own code failed on it again and again
    NO_TARGET = "no_target"  # the target is disabled or gone
    REFUSED = "refused"  # the provider refused; the attempt tells with which words
    CLOSED = "closed"  # the episode ended: sold out
    SUPERSEDED = "superseded"  # a newer alert of the same episode took its place
    ACKNOWLEDGED = "acknowledged"  # the person said it is dealt with
    CONSENT = "consent"  # the person took back the consent
    PER_DAY = "per_day"  # the person has heard of as many today, by that channel, as wanted
    SPEND_CAP = "spend_cap"  # what may be spent today, or sent to that person, was used up
    QUIET = "quiet"  # quiet hours of that target
    SHADOW = "shadow"  # shadow mode: decided and shown, never sent
    FAILED_OVER = "failed_over"  # the fallback took over
    PAST_LIFE = "past_life"  # older than its max_age
    DEFERRED = "deferred"  # back in the queue with a due time
    RETRIED = "retried"  # an operator asked for another try
    RESENT = "resent"  # the answer was lost; it is sent again: by configuration, or since the receiver drops repeats
    FOUND = "found"  # asked, or by itself, the provider said that it has it
    NOT_FOUND = "not_found"  # asked, the provider said that it never had it
    HELD = "held"  # the answer was lost, and by configuration it is not sent again
    ANSWER_LOST = "answer_lost"
    CRASHED = "crashed"


_S = DeliveryState

UNDER_WAY = (_S.PENDING, _S.SENDING, _S.UNKNOWN)
TAKEN = (_S.SENT, _S.DELIVERED)  # by its provider
WENT_WRONG = (_S.REFUSED, _S.EXPIRED, _S.POSSIBLY_SENT)
NOT_REACHED = (_S.REFUSED, _S.EXPIRED, _S.CANCELLED)  # nor will be, by itself

# from -> to -> the reasons that move may have (none: the state says it all).
MOVES: Mapping[DeliveryState, Mapping[DeliveryState, frozenset[Why]]] = MappingProxyType(
    {
        _S.PENDING: {
            _S.SENDING: frozenset(),
            _S.SENT: frozenset({Why.FOUND}),  # after an unknown: the resend that waits is off
            _S.DELIVERED: frozenset({Why.FOUND}),
            _S.EXPIRED: frozenset({Why.PAST_LIFE}),
            _S.REFUSED: frozenset({Why.POISON, Why.NO_TARGET}),
            _S.CANCELLED: frozenset(
                {
                    Why.CLOSED,
                    Why.SUPERSEDED,
                    Why.ACKNOWLEDGED,
                    Why.CONSENT,
                    Why.PER_DAY,
                    Why.SPEND_CAP,
                    Why.QUIET,
                    Why.SHADOW,
                    Why.FAILED_OVER,
                }
            ),
        },
        _S.SENDING: {
            _S.SENT: frozenset(),
            _S.PENDING: frozenset({Why.DEFERRED}),
            _S.REFUSED: frozenset({Why.REFUSED}),
            _S.UNKNOWN: frozenset({Why.ANSWER_LOST, Why.CRASHED}),
        },
        _S.UNKNOWN: {
            _S.SENT: frozenset({Why.FOUND}),
            _S.DELIVERED: frozenset({Why.FOUND}),
            _S.PENDING: frozenset({Why.RESENT, Why.NOT_FOUND}),
            _S.POSSIBLY_SENT: frozenset({Why.HELD}),
        },
        _S.SENT: {
            _S.DELIVERED: frozenset(),
            _S.REFUSED: frozenset({Why.REFUSED}),
        },
        _S.REFUSED: {_S.PENDING: frozenset({Why.RETRIED})},
        _S.EXPIRED: {_S.PENDING: frozenset({Why.RETRIED})},
        _S.CANCELLED: {_S.PENDING: frozenset({Why.RETRIED})},
        _S.POSSIBLY_SENT: {
            _S.PENDING: frozenset({Why.RETRIED}),
            _S.SENT: frozenset({Why.FOUND}),
            _S.DELIVERED: frozenset({Why.FOUND}),
        },
        _S.DELIVERED: {},
    }
)

# Nothing more happens to these by themselves: an operator retries, or a provider reports late what nobody knew.
FINAL = frozenset({_S.DELIVERED, _S.REFUSED, _S.EXPIRED, _S.CANCELLED, _S.POSSIBLY_SENT})


def check_move(origin: DeliveryState, to: DeliveryState, why: Why | None) -> None:
    """Allow a legal move. Raises IllegalMoveError for a move or a reason that the table does not have."""
    reasons = MOVES[origin].get(to)
    if reasons is None or (why not in reasons if reasons else why is not None):
        raise IllegalMoveError(f"a delivery does not go from {origin} to {to} because of {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the ledger. `fence` grows with each claim: who holds an older one can neither send nor settle.

    `route` is the name of the rule that led to its target. `is_test`: an operator's test, which nobody waited for.
    `slot` names the address of the one person whom it is for; None where its target is nobody in particular, and where
    it waits for a whole set of `people`. `digest` is the hour of the one mail in which it is told with others; None
    where it leaves by itself.
    """

    key: int
    alert_id: UUID
    target: Target
    lane: str
    priority: int
    state: DeliveryState
    why: Why | None
    fence: int
    attempts: int  # claims so far, this one included; raised before the work begins
    planned_at: datetime
    due: datetime  # not before
    expires_at: datetime  # the end of its useful life
    moved_at: datetime
    possibly_repeated: bool = False
    detail: str = ""  # what was said when it was last moved
    route: str | None = None
    is_test: bool = False
    slot: int | None = None
    people: int | None = None  # how many a waiting set is for; None for anything else
    digest: datetime | None = None

    @property
    def size(self) -> int:
        """How many deliveries it counts for."""
        return 1 if self.people is None else self.people

    @property
    def id(self) -> UUID:
        return id_of_key(self.planned_at, self.key)

    @property
    def band(self) -> Band:
        return Band.of(self.priority)
