"""Deliveries change their state: by the table of legal moves only, and only under the fence they were read with."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select, update

from tocsin.core.delivery import Delivery, DeliveryState, Why, check_move
from tocsin.ledger.rows import BEHIND, DELIVERY
from tocsin.ledger.schema import alerts, deliveries
from tocsin.ledger.transaction import Transaction

DELIVERIES = select(*DELIVERY, *BEHIND).join(alerts, alerts.c.key == deliveries.c.alert)

KEYS_AT_ONCE = 500
_PUT = update(deliveries).where(deliveries.c.key.in_(bindparam("keys", expanding=True)))
_MOVE = update(deliveries).where(deliveries.c.key == bindparam("of"))


def put(
    transaction: Transaction, moved: Sequence[Delivery], to: DeliveryState, why: Why | None = None, detail: str = ""
) -> list[Delivery]:
    """The same move for all of them; they are locked, or no other writer exists."""
    for delivery in moved:
        check_move(delivery.state, to, why)
    for start in range(0, len(moved), KEYS_AT_ONCE):
        keys = [delivery.key for delivery in moved[start : start + KEYS_AT_ONCE]]
        word = None if why is None else why.value
        transaction.write(_PUT, keys=keys, state=to.value, why=word, detail=detail, moved_at=transaction.now)
    return [replace(delivery, state=to, why=why, detail=detail, moved_at=transaction.now) for delivery in moved]


def save(transaction: Transaction, moved: Sequence[Delivery]) -> None:
    """Write deliveries as they now stand; each knows its own end."""
    transaction.write_each(_MOVE, [_change(delivery) for delivery in moved])


def _change(delivery: Delivery) -> dict[str, int | str | bool | datetime | None]:
    return {
        "of": delivery.key,
        "state": delivery.state.value,
        "why": None if delivery.why is None else delivery.why.value,
        "due": delivery.due,
        "expires_at": delivery.expires_at,
        "moved_at": delivery.moved_at,
        "fence": delivery.fence,
        "possibly_repeated": delivery.possibly_repeated,
        "detail": delivery.detail,
    }
