"""Which detections nobody wants to hear of, and how important the others are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Episode, Filtered
from tocsin.rules.catalog import Catalog

MAX_AGE: Mapping[AlertType, timedelta] = {
    AlertType.IN_STOCK: timedelta(minutes=10),
    AlertType.PRICE_DROP: timedelta(hours=6),
    AlertType.RESTOCK_SOON: timedelta(hours=12),
    AlertType.BACK_ORDER: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPolicy:
    """`priority_skus` may be `retailer:sku`; `max_age` is the useful life of an alert by its type."""

    min_price_drop_percent: Decimal = Decimal(0)
    excluded_retailers: frozenset[str] = frozenset()
    priority_skus: frozenset[str] = frozenset()
    max_age: Mapping[AlertType, timedelta] = field(default_factory=lambda: MAX_AGE)


def priority_of(kind: AlertType, sku: str, retailer: str, asked: int | None, policy: FilterPolicy) -> int:
    """10 for a priority SKU, else what was asked for, else the type's default."""
    raise NotImplementedError


def screen(
    alert: Alert, last: Episode | None, now: datetime, policy: FilterPolicy, catalog: Catalog
) -> Filtered | None:
    """The first filter that holds the alert back; None lets it pass."""
    raise NotImplementedError
