"""A move changes a delivery's state: by the table of legal moves only, and only under the fence it was read with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import insert, select, update

from tocsin.core.delivery import Delivery, DeliveryState, Why, check_move
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import BEHIND, DELIVERY
from tocsin.ledger.engine.schema import alerts, deliveries, delivery_moves
from tocsin.ledger.engine.transaction import Transaction

DELIVERIES = select(*DELIVERY, *BEHIND).join(alerts, alerts.c.key == deliveries.c.alert)

_PUT = update(deliveries).where(among(deliveries.c.key, "keys"))
_NOTE = insert(delivery_moves)


def put(
    transaction: Transaction, moved: Sequence[Delivery], to: DeliveryState, why: Why | None = None
) -> list[Delivery]:
    """Make the same move for all of them; they are locked, or no other writer exists. What was said of each when it
    began to wait stays: it names what it waited for.
    """
    if not moved:
        return []
    for delivery in moved:
        check_move(delivery.state, to, why)
    now, word = transaction.now, None if why is None else why.value
    keys = [delivery.key for delivery in moved]
    transaction.write(_PUT, keys=keys, state=to.value, why=word, moved_at=now)
    after = [replace(delivery, state=to, why=why, moved_at=now) for delivery in moved]
    note(transaction, zip(moved, after, strict=True))
    return after


def note(transaction: Transaction, moves: Iterable[tuple[Delivery, Delivery]]) -> None:
    """Note moves that no attempt tells, each before and after: what a later one makes of the delivery
    wipes out none.
    """
    transaction.write_each(
        _NOTE,
        [
            {
                "delivery": before.key,
                "at": after.moved_at,
                "origin": before.state.value,
                "origin_why": before.why and before.why.value,
                "state": after.state.value,
                "why": after.why and after.why.value,
                "detail": after.detail,
            }
            for before, after in moves
        ],
    )
