"""An alert: one detected fact about one product at one retailer; immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from tocsin.core.clock import epoch_micros
from tocsin.core.money import rounded

DEAREST = Decimal(10) ** 12  # what costs as much is a mistake; in micros it still fits a BIGINT

NOTHING: Mapping[str, Any] = MappingProxyType({})


class AlertType(StrEnum):
    """The types of alerts say what was detected; the comment is the priority an alert has when its sender
    names none.
    """

    IN_STOCK = "in_stock"  # 9
    PRICE_DROP = "price_drop"  # 8
    RESTOCK_SOON = "restock_soon"  # 5
    BACK_ORDER = "back_order"  # 2

    @property
    def default_priority(self) -> int:
        return _DEFAULT_PRIORITY[self]

    @property
    def buyable(self) -> bool:
        """Whether the product can be bought right now: such alerts need a price and open an episode."""
        return self in (AlertType.IN_STOCK, AlertType.PRICE_DROP)


_DEFAULT_PRIORITY = {
    AlertType.IN_STOCK: 9,
    AlertType.PRICE_DROP: 8,
    AlertType.RESTOCK_SOON: 5,
    AlertType.BACK_ORDER: 2,
}

TOP_PRIORITY = 10


class Band(StrEnum):
    """A band groups priorities for budgets: high 8-10, medium 4-7, low 1-3."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def of(cls, priority: int) -> "Band":
        return next(band for band, floor in FLOOR.items() if priority >= floor)


# The lowest priority that still belongs to a band, from the top down.
FLOOR: Mapping[Band, int] = MappingProxyType({Band.HIGH: 8, Band.MEDIUM: 4, Band.LOW: 1})


class EpisodeKey(NamedTuple):
    """An episode's key tells one restock from another; variant and seller are empty where not given."""

    sku: str
    retailer: str
    variant: str = ""
    seller: str = ""


class RepeatKey(NamedTuple):
    """A repeat's key tells what repeats within an episode apart: the type, and the currency of the price; empty without
    one.
    """

    type: AlertType
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert is one detected fact about one product at one retailer. Times carry a zone; `timestamp` is the time of
    detection.

    `priority` runs from 1 to 10. `retailer` is the canonical spelling (aliases are folded at intake). `price` is None
    where unknown.
    """

    id: UUID
    type: AlertType
    priority: int
    sku: str
    retailer: str
    timestamp: datetime
    price: Decimal | None = None
    currency: str = "USD"
    product_name: str | None = None
    url: str | None = None
    variant: str | None = None
    seller: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def band(self) -> Band:
        return Band.of(self.priority)

    @property
    def episode(self) -> EpisodeKey:
        return EpisodeKey(self.sku, self.retailer, self.variant or "", self.seller or "")

    @property
    def repeat_key(self) -> RepeatKey:
        return RepeatKey(self.type, "" if self.price is None else self.currency)

    @property
    def shown_price(self) -> Decimal | None:
        """The price as people are shown it; prices are compared so, or 19.994 and 19.99 would read as two."""
        return None if self.price is None else rounded(self.price, self.currency)

    @property
    def previous_price(self) -> Decimal | None:
        """The price before, as `metadata.previous_price` has it (a number or a decimal string in the currency of the
        alert) and as people are shown it; None where that is no price above 0.
        """
        told = self.metadata.get("previous_price")
        if isinstance(told, bool) or not isinstance(told, int | float | str | Decimal):
            return None
        try:
            price = Decimal(str(told).strip())
        except (InvalidOperation, ValueError):
            return None
        return (rounded(price, self.currency) or None) if price.is_finite() and 0 < price < DEAREST else None

    @property
    def title(self) -> str:
        """The product's name, else its SKU: what people call it."""
        return self.product_name or self.sku


def new_id(now: datetime) -> UUID:
    """Draw a UUIDv7 (RFC 9562): it sorts by the millisecond of `now`, with 74 random bits below that."""
    return _uuid7(epoch_micros(now) // 1000, _chance.getrandbits(74))


def id_of_key(moment: datetime, key: int) -> UUID:
    """Make a UUIDv7 that carries a ledger key (below 2**62) in place of its random bits.

    Deliveries and attempts are named so outside: no column, no index, and the key can be read back.
    """
    return _uuid7(epoch_micros(moment) // 1000, key)


def key_of_id(identifier: UUID) -> int:
    """Read back the ledger key that `id_of_key` put in."""
    return identifier.int & _LOW_62


_LOW_62 = (1 << 62) - 1
_chance = Random()  # noqa: S311 - ids have to differ, they need not be secret; the system's source costs a call each


def _uuid7(millis: int, low: int) -> UUID:
    return UUID(int=(millis & ((1 << 48) - 1)) << 80 | 7 << 76 | (low >> 62 & 0xFFF) << 64 | 2 << 62 | low & _LOW_62)
