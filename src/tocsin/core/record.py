"""A record is what the ledger keeps of an alert, and an event one step of the live stream."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tocsin.core.alert import Alert
from tocsin.core.decision import Decision, Reason
from tocsin.core.errors import InvalidRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRecord:
    """A record is an alert with its decision and what happened to it since. `closed_at`: when its episode ended."""

    alert: Alert
    accepted_at: datetime
    decision: Decision
    reason: Reason
    repeats: int = 0
    last_seen_at: datetime
    closed_at: datetime | None = None

    @property
    def began_at(self) -> datetime:
        """When life and latency begin to count: the earlier of detection, by the detector's clock, and acceptance."""
        return min(self.alert.timestamp, self.accepted_at)

    @property
    def is_test(self) -> bool:
        """Whether it is an operator's test: it says so on every channel, nothing is for sale, no socket hears of it."""
        return self.reason is Reason.TEST

    def as_json(self) -> dict[str, Any]:
        """The alert as every door shows it: money as decimal strings, times in RFC 3339 UTC with milliseconds."""
        alert = self.alert
        return {
            "id": str(alert.id),
            "type": alert.type.value,
            "priority": alert.priority,
            "band": alert.band.value,
            "sku": alert.sku,
            "product_name": alert.product_name,
            "retailer": alert.retailer,
            "price": None if alert.price is None else money(alert.price),
            "currency": alert.currency,
            "url": alert.url,
            "variant": alert.variant,
            "seller": alert.seller,
            "timestamp": rfc3339(alert.timestamp),
            "metadata": dict(alert.metadata),
            "accepted_at": rfc3339(self.accepted_at),
            "decision": self.decision.value,
            "reason": self.reason.value,
            "state": "open" if self.closed_at is None else "closed",
            "repeats": self.repeats,
            "last_seen_at": rfc3339(self.last_seen_at),
        }


class EventKind(StrEnum):
    ACCEPTED = "accepted"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event is one step of the live stream. Positions have no gaps and follow the order of commits.

    `opened_at` is set on closed events: when the episode that has just ended began.
    """

    position: int
    kind: EventKind
    at: datetime
    record: AlertRecord
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor is written `epoch.position`, opaque to clients. The epoch is drawn when a ledger is made."""

    epoch: str
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.position}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read a cursor. Raises InvalidRequestError for anything that no server of ours ever gave out."""
        epoch, dot, position = text.partition(".")
        if not (dot and epoch.isalnum() and position.isascii() and position.isdigit() and len(position) < 19):  # noqa: PLR2004 - BIGINT
            raise InvalidRequestError("`after` is not a cursor of this service: pass on one that an event carried")
        return cls(epoch, int(position))


def rfc3339(moment: datetime) -> str:
    """Write the instant as every door does: in UTC, with milliseconds and `Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def money(price: Decimal) -> str:
    """Write the amount as a plain decimal with at least two places: the same words for the same amount, however it was
    spelled.
    """
    whole, _, cents = format(price, "f").partition(".")
    return f"{whole}.{cents.rstrip('0'):0<2}"
