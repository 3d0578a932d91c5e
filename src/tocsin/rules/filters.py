"""Which detections nobody wants to hear of, how important the others are, and how long they are worth telling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from tocsin.core.alert import TOP_PRIORITY, Alert, AlertType
from tocsin.core.decision import Episode, Filtered, Reason
from tocsin.rules.catalog import Catalog, fold, fold_sku
from tocsin.rules.episode import standing

MAX_AGE: Mapping[AlertType, timedelta] = MappingProxyType(
    {
        AlertType.IN_STOCK: timedelta(minutes=10),
        AlertType.PRICE_DROP: timedelta(hours=6),
        AlertType.RESTOCK_SOON: timedelta(hours=12),
        AlertType.BACK_ORDER: timedelta(hours=24),
    }
)

# A detector's clock may run ahead by this much; what claims to be from later still is not an alert.
FUTURE_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPolicy:
    """`priority_skus` may be `retailer:sku`; `max_age` is the useful life of an alert by its type (MAX_AGE for a type
    that is not in it). Retailers are folded here, but for aliases: those are the catalog's to fold.
    """

    min_price_drop_percent: Decimal = Decimal(0)
    excluded_retailers: frozenset[str] = frozenset()
    priority_skus: frozenset[str] = frozenset()
    max_age: Mapping[AlertType, timedelta] = field(default_factory=lambda: MAX_AGE)

    def __post_init__(self) -> None:
        object.__setattr__(self, "excluded_retailers", frozenset(map(fold, self.excluded_retailers)))
        object.__setattr__(self, "priority_skus", frozenset(map(fold_sku, self.priority_skus)))


def priority_of(kind: AlertType, sku: str, retailer: str, asked: int | None, policy: FilterPolicy) -> int:
    """10 for a priority SKU, else what was asked for, else the type's default."""
    listed = policy.priority_skus
    if listed and (sku in listed or f"{fold(retailer)}:{sku}" in listed):
        return TOP_PRIORITY
    return kind.default_priority if asked is None else asked


def from_the_future(timestamp: datetime, now: datetime) -> bool:
    """The time of detection lies further ahead than a clock may be wrong: intake refuses the alert as invalid."""
    return timestamp - now > FUTURE_TOLERANCE


def end_of_life(alert: Alert, now: datetime, max_age: Mapping[AlertType, timedelta]) -> datetime:
    """When an alert stops being worth telling: life counts from the earlier of detection and acceptance (`now`)."""
    return min(alert.timestamp, now) + life(alert.type, max_age)


def life(kind: AlertType, max_age: Mapping[AlertType, timedelta]) -> timedelta:
    return max_age.get(kind, MAX_AGE[kind])


def screen(
    alert: Alert, last: Episode | None, now: datetime, policy: FilterPolicy, catalog: Catalog
) -> Filtered | None:
    """The first filter that holds the alert back; None lets it pass."""
    reason = (
        _unwanted_retailer(alert, policy, catalog)
        or _stale(alert, now, policy)
        or _outside_price_limits(alert, catalog)
        or _too_small_a_drop(alert, last, now, policy)
    )
    return None if reason is None else Filtered(reason)


def _unwanted_retailer(alert: Alert, policy: FilterPolicy, catalog: Catalog) -> Reason | None:
    excluded = policy.excluded_retailers
    if excluded and not excluded.isdisjoint(catalog.spellings(alert.retailer)):
        return Reason.EXCLUDED_RETAILER
    return None


def _stale(alert: Alert, now: datetime, policy: FilterPolicy) -> Reason | None:
    return Reason.STALE if end_of_life(alert, now, policy.max_age) <= now else None


def _outside_price_limits(alert: Alert, catalog: Catalog) -> Reason | None:
    """An unknown price passes: better a look too many than a restock missed."""
    product = catalog.product_of(alert)
    if product is None or alert.price is None:
        return None
    if product.min_price is not None and alert.price < product.min_price:
        return Reason.BELOW_MIN_PRICE
    if product.max_price is not None and alert.price > product.max_price:
        return Reason.ABOVE_MAX_PRICE
    return None


def _too_small_a_drop(alert: Alert, last: Episode | None, now: datetime, policy: FilterPolicy) -> Reason | None:
    """A drop from an unknown price passes; a limit of 0 is none."""
    if alert.type is not AlertType.PRICE_DROP or not policy.min_price_drop_percent or alert.price is None:
        return None
    before = previous_price(alert.metadata.get("previous_price")) or _last_price(last, now)
    if before is None:
        return None
    dropped = (before - alert.price) * 100 / before
    return Reason.PRICE_DROP_TOO_SMALL if dropped < policy.min_price_drop_percent else None


def previous_price(told: Any) -> Decimal | None:
    """What `metadata.previous_price` says (a number or a decimal string), None where it is no price above 0."""
    if isinstance(told, bool) or not isinstance(told, int | float | str | Decimal):
        return None
    try:
        price = Decimal(str(told).strip())
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 0 else None


def _last_price(last: Episode | None, now: datetime) -> Decimal | None:
    """The latest price accepted in the episode, of whatever type."""
    priced = [accepted for accepted in standing(last, now).values() if accepted.price]
    return max(priced, key=lambda accepted: accepted.at).price if priced else None
