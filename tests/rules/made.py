"""Values for the tests of the rules: each says what matters to it and leaves the rest."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tocsin.core.alert import Alert, AlertType, EpisodeKey, RepeatKey
from tocsin.core.decision import Episode, LastAccepted
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.rules.catalog import Catalog, Product, Retailer

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

GENERAL, HIGH, STAFF = Target("discord", "general"), Target("discord", "high_priority"), Target("discord", "staff")

CATALOG = Catalog(
    products={
        "rtx-5090-fe": Product(
            name="rtx-5090-fe",
            family="rtx50",
            skus=("best_buy:6634940", "Newegg:14-932-*"),
            min_price=Decimal(1500),
            max_price=Decimal(2199),
        ),
        "switch-2": Product(name="switch-2", family="console", skus=("NSW2",)),
        "loose": Product(name="loose", skus=("bestbuy:77",)),
    },
    retailers={
        "bestbuy": Retailer(key="bestbuy", title="Best Buy", aliases=("best_buy", "BBY")),
        "newegg": Retailer(key="newegg", title="Newegg"),
    },
)


def alert(**given: Any) -> Alert:
    values = {
        "id": UUID(int=1),
        "type": AlertType.IN_STOCK,
        "sku": "6634940",
        "retailer": "bestbuy",
        "timestamp": NOW,
        "price": Decimal("1999.99"),
    } | given
    return Alert(**({"priority": values["type"].default_priority} | values))


def accepted(at: datetime = NOW, price: str | None = "1999.99", identity: int = 7) -> LastAccepted:
    return LastAccepted(UUID(int=identity), at, None if price is None else Decimal(price))


def episode(*, opened_at: datetime | None = None, closed_at: datetime | None = None, **last: LastAccepted) -> Episode:
    """`last` by the word of the type, its price in dollars: `in_stock=accepted(...)`; in euros as `in_stock_EUR`."""
    return Episode(
        key=EpisodeKey("6634940", "bestbuy"),
        opened_at=opened_at,
        closed_at=closed_at,
        last={_repeat_key(word, value): value for word, value in last.items()},
    )


def _repeat_key(word: str, value: LastAccepted) -> RepeatKey:
    kind, currency = (word[:-4], word[-3:]) if word[-3:].isupper() else (word, "USD")
    return RepeatKey(AlertType(kind), "" if value.price is None else currency)


def delivery(**given: Any) -> Delivery:
    values = {
        "key": 1,
        "alert_id": UUID(int=1),
        "target": GENERAL,
        "lane": "discord:general",
        "priority": 9,
        "state": DeliveryState.SENDING,
        "why": None,
        "fence": 1,
        "attempts": 1,
        "planned_at": NOW,
        "due": NOW,
        "expires_at": NOW + 10 * MINUTE,
        "moved_at": NOW,
    } | given
    return Delivery(**values)
