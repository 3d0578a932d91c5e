"""What a provider says of a message later, by itself: that it has it, that it arrived or did not, what it cost."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class SignalKind(StrEnum):
    ACCEPTED = "accepted"  # the provider has it: an answer that was lost has been found
    DELIVERED = "delivered"  # it reached the person
    FAILED = "failed"  # it did not, and will not
    PRICED = "priced"  # its cost is known now


@dataclass(frozen=True, slots=True)
class Cost:
    """What the provider takes; `currency` is an ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`event_id` is the provider's own and stands once in a channel: the same again changes nothing.

    It is of the delivery with that ledger key, where our own code came back with it, else of the message that the
    provider knows by `reference`. `units` is how much was counted, where the provider says so.
    """

    channel: str
    event_id: str
    kind: SignalKind
    delivery: int | None = None
    reference: str | None = None
    detail: str = ""
    units: int | None = None
    cost: Cost | None = None
