"""The columns of a table of alerts, and what stands in each.

Types and their options are those of Airtable's metadata API ("Field model"). Words stand in text columns: a column of
choices refuses those that it does not know, and we ask for no typecast.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tocsin.core.mirror import Account
from tocsin.core.record import money, rfc3339

_TEXT, _NUMBER, _TIME, _ADDRESS = "singleLineText", "number", "dateTime", "url"
_WHOLE: Mapping[str, Any] = {"precision": 0}
_CENTS: Mapping[str, Any] = {"precision": 2}
_UTC: Mapping[str, Any] = {"timeZone": "utc", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}


@dataclass(frozen=True, slots=True)
class Column:
    """A column has a name, a type, what stands in it, and the options that its type wants."""

    name: str
    kind: str
    value: Callable[[Account], Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the metadata API creates it."""
        return {"name": self.name, "type": self.kind} | ({"options": dict(self.options)} if self.options else {})


def _number(account: Account) -> float | None:
    price = account.record.alert.price
    return None if price is None else float(price)


def _seconds(account: Account) -> int | None:
    lasted = account.sold_out_after
    return None if lasted is None else round(lasted.total_seconds())


def _amounts(account: Account) -> str:
    """`1999.99 USD, 12.00 EUR`."""
    return ", ".join(f"{money(amount)} {currency}" for currency, amount in sorted(account.amounts.items()))


KEY = Column("Alert ID", _TEXT, lambda account: str(account.record.alert.id))
CHANNELS = Column("Sent channels", _TEXT, lambda account: ", ".join(account.sent_channels))
STATUS = Column("Delivery status", _TEXT, lambda account: account.delivery_status.value)

COLUMNS: tuple[Column, ...] = (
    KEY,
    Column("Accepted", _TIME, lambda account: rfc3339(account.record.accepted_at), _UTC),
    Column("Detected", _TIME, lambda account: rfc3339(account.record.alert.timestamp), _UTC),
    Column("Type", _TEXT, lambda account: account.record.alert.type.value),
    Column("Priority", _NUMBER, lambda account: account.record.alert.priority, _WHOLE),
    Column("Band", _TEXT, lambda account: account.record.alert.band.value),
    Column("SKU", _TEXT, lambda account: account.record.alert.sku),
    Column("Product", _TEXT, lambda account: account.record.alert.product_name),
    Column("Retailer", _TEXT, lambda account: account.record.alert.retailer),
    Column("Price", _NUMBER, _number, _CENTS),
    Column("Currency", _TEXT, lambda account: account.record.alert.currency),
    Column("URL", _ADDRESS, lambda account: account.record.alert.url),
    Column("State", _TEXT, lambda account: "open" if account.record.closed_at is None else "closed"),
    Column("Sold out after (s)", _NUMBER, _seconds, _WHOLE),
    Column("Repeats", _NUMBER, lambda account: account.record.repeats, _WHOLE),
    CHANNELS,
    STATUS,
    Column("Sent", _NUMBER, lambda account: account.sent, _WHOLE),
    Column("Failed", _NUMBER, lambda account: account.failed, _WHOLE),
    Column("Clicks", _NUMBER, lambda account: account.clicks, _WHOLE),
    Column("Purchases", _NUMBER, lambda account: account.purchases, _WHOLE),
    Column("Bought for", _TEXT, _amounts),
)
