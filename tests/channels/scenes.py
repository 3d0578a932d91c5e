"""Alerts, deliveries and attempts as the channel tests need them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tocsin.channels.contract import Attempt, Member
from tocsin.core.alert import Alert, AlertType, id_of_key
from tocsin.core.decision import Decision, Reason
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.record import AlertRecord

NOW = datetime(2026, 11, 20, 14, 0, 0, 490_000, UTC)
GENERAL = Target("discord", "general")


def an_alert(number: int = 1, **changes: Any) -> Alert:
    told: dict[str, Any] = {
        "id": UUID(int=number),
        "type": AlertType.IN_STOCK,
        "priority": 9,
        "sku": "6634940",
        "retailer": "bestbuy",
        "timestamp": NOW,
        "price": Decimal("1999.99"),
        "product_name": "GeForce RTX 5090",
        "url": f"https://www.bestbuy.example/site/{number}.p",
    }
    return Alert(**(told | changes))


def a_record(
    number: int = 1, *, closed_after: float | None = None, reason: Reason = Reason.NEW, **changes: Any
) -> AlertRecord:
    """`closed_after`: the product was sold out so many seconds later."""
    return AlertRecord(
        alert=an_alert(number, **changes),
        accepted_at=NOW,
        decision=Decision.ACCEPTED,
        reason=reason,
        last_seen_at=NOW,
        closed_at=None if closed_after is None else NOW + timedelta(seconds=closed_after),
    )


def a_member(record: AlertRecord, key: int, target: Target = GENERAL) -> Member:
    return Member(
        Delivery(
            key=key,
            alert_id=record.alert.id,
            target=target,
            lane=str(target),
            priority=record.alert.priority,
            state=DeliveryState.SENDING,
            why=None,
            fence=1,
            attempts=1,
            planned_at=NOW,
            due=NOW,
            expires_at=NOW + timedelta(minutes=10),
            moved_at=NOW,
        ),
        record,
    )


def an_attempt(records: Sequence[AlertRecord], target: Target = GENERAL, **changes: Any) -> Attempt:
    members = tuple(a_member(record, key, target) for key, record in enumerate(records, 100))
    told: dict[str, Any] = {
        "key": 7,
        "target": target,
        "lane": str(target),
        "started_at": NOW,
        "deadline": NOW + timedelta(minutes=10),
        "members": members,
    }
    return Attempt(**(told | changes))


def an_id(key: int) -> UUID:
    return id_of_key(NOW, key)
