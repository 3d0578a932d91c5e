"""A detection is what a detector says of a product, as `send_alert` takes it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Required, TypedDict

from tocsin.core.alert import AlertType


class Detection(TypedDict, total=False):
    """A detection has these fields. Left out and None mean the same: not known. `price` is required for in_stock and
    price_drop.
    """

    type: Required[AlertType | str]
    sku: Required[str]
    retailer: Required[str]
    price: Decimal | float | str | None  # in `currency`
    currency: str | None  # ISO 4217; USD where nothing is said
    priority: int | None  # 1 to 10; that of its type where nothing is said
    product_name: str | None
    url: str | None
    timestamp: datetime | str | None  # of the detection, with its zone; now where nothing is said
    variant: str | None
    seller: str | None
    metadata: Mapping[str, Any] | None
    idempotency_key: str | None
