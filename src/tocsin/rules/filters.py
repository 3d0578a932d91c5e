"""Filters hold back detections that nobody wants to hear of; how important the others are, and how long they are worth
telling.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from tocsin.core.alert import TOP_PRIORITY, Alert, AlertType
from tocsin.core.decision import Episode, Filtered, Reason
from tocsin.core.money import rounded
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
    """The operator's filters. `priority_skus` may be `retailer:sku`; `max_age` is the useful life of an alert by its
    type (MAX_AGE for a type that is not in it).

    Retailers are folded here, but for aliases: those are the catalog's to fold.
    """

    min_price_drop_percent: Decimal = Decimal(0)
    excluded_retailers: frozenset[str] = frozenset()
    priority_skus: frozenset[str] = frozenset()
    max_age: Mapping[AlertType, timedelta] = field(default_factory=lambda: MAX_AGE)

    def __post_init__(self) -> None:
        object.__setattr__(self, "excluded_retailers", frozenset(map(fold, self.excluded_retailers)))
        object.__setattr__(self, "priority_skus", frozenset(map(fold_sku, self.priority_skus)))


def priority_of(kind: AlertType, sku: str, retailer: str, asked: int | None, policy: FilterPolicy) -> int:
    """The priority of an alert, from 1 to 10: 10 for a priority SKU, else what was asked for, else the
    type's default.
    """
    listed = policy.priority_skus
    if listed and (sku in listed or f"{fold(retailer)}:{sku}" in listed):
        return TOP_PRIORITY
    return kind.default_priority if asked is None else asked


def from_the_future(timestamp: datetime, now: datetime) -> bool:
    """Whether the time of detection lies further ahead than a clock may be wrong: then intake refuses the alert as
    invalid.
    """
    return timestamp - now > FUTURE_TOLERANCE


def end_of_life(alert: Alert, now: datetime, max_age: Mapping[AlertType, timedelta]) -> datetime:
    """When an alert stops being worth telling: life counts from the earlier of detection and acceptance (`now`)."""
    return min(alert.timestamp, now) + life(alert.type, max_age)


def life(kind: AlertType, max_age: Mapping[AlertType, timedelta]) -> timedelta:
    """How long an alert of this type is worth telling."""
    return max_age.get(kind, MAX_AGE[kind])


def screen(
    alert: Alert, last: Episode | None, now: datetime, policy: FilterPolicy, catalog: Catalog
) -> Filtered | None:
    """The first filter that holds the alert back; None lets it pass."""
    reason = (
        _unwanted_retailer(alert, policy, catalog)
        or _stale(alert, now, policy)
        or _outside_price_limits(alert, catalog)
        or _no_drop(alert, last, now, policy)
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
    """An unknown price passes, and one in another currency than the limits: better a look too many than a restock
    missed.
    """
    product, price = catalog.product_of(alert), alert.shown_price
    if product is None or price is None or alert.currency != product.currency:
        return None
    if product.min_price is not None and price < product.min_price:
        return Reason.BELOW_MIN_PRICE
    if product.max_price is not None and price > product.max_price:
        return Reason.ABOVE_MAX_PRICE
    return None


def _no_drop(alert: Alert, last: Episode | None, now: datetime, policy: FilterPolicy) -> Reason | None:
    """A rise, or less of a drop than is asked for; one from an unknown price passes. As people are shown the prices."""
    price = alert.shown_price
    if alert.type is not AlertType.PRICE_DROP or price is None:
        return None
    before = alert.previous_price or _last_price(alert, last, now)
    if before is None:
        return None
    if price > before:
        return Reason.PRICE_ROSE
    small = (before - price) * 100 < policy.min_price_drop_percent * before
    return Reason.PRICE_DROP_TOO_SMALL if small else None


def _last_price(alert: Alert, last: Episode | None, now: datetime) -> Decimal | None:
    """The latest price accepted in the episode in the currency of the alert, of whatever type."""
    told = standing(last, now).items()
    priced = [accepted for key, accepted in told if key.currency == alert.currency and accepted.price]
    newest = max(priced, key=lambda accepted: accepted.at, default=None)
    return None if newest is None or newest.price is None else rounded(newest.price, alert.currency)
