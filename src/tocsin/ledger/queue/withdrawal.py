"""Whoever may not be told any more, or need not, leaves what waits for them, in the transaction that says so."""

from collections.abc import Callable, Collection, Iterable

from sqlalchemy import select

from tocsin.core.alert import Alert
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.recipients import Audience, audience_of
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import RECORD, Held, held_of, record_of
from tocsin.ledger.engine.schema import IS_SET, OF_PERSON, PENDING, alerts, deliveries
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import sets
from tocsin.ledger.queue.moves import DELIVERIES, put

# What another node is claiming at this instant is looked up there once more: it is not waited for.
_SETS = DELIVERIES.where(PENDING, IS_SET).with_for_update(of=deliveries, skip_locked=True)
_ROWS = DELIVERIES.where(PENDING, OF_PERSON, among(deliveries.c.slot, "slots")).with_for_update(
    of=deliveries, skip_locked=True
)
_ALERTS = select(alerts.c.key, *RECORD).where(among(alerts.c.key, "keys"))


def withdraw(transaction: Transaction, slots: Collection[int]) -> list[Delivery]:
    """Cancel what waits for these people: their part of each set, and rows of their own."""
    return _cancel(transaction, _waiting(transaction, slots), audience_of(slots), Why.CONSENT)


def acknowledge(
    transaction: Transaction, slots: Collection[int], is_dealt_with: Callable[[Alert], bool]
) -> list[Delivery]:
    """Cancel what waits for these people about such alerts: it is dealt with."""
    leaving = audience_of(slots)
    for_them = [held for held in _waiting(transaction, slots) if _bits(held, leaving)]
    found = transaction.rows(_ALERTS, keys=sorted({held.alert for held in for_them})) if for_them else ()
    about = {row.key for row in found if is_dealt_with(record_of(row[1:]).alert)}
    return _cancel(transaction, [held for held in for_them if held.alert in about], leaving, Why.ACKNOWLEDGED)


def _waiting(transaction: Transaction, slots: Collection[int]) -> list[Held]:
    """Every set, and the rows of these people."""
    return list(map(held_of, [*transaction.rows(_SETS), *transaction.rows(_ROWS, slots=sorted(slots))]))


def _cancel(transaction: Transaction, waiting: Iterable[Held], leaving: Audience, why: Why) -> list[Delivery]:
    parts = [sets.split_off_alone(transaction, held, _bits(held, leaving)) for held in waiting]
    gone = [part.delivery for part in parts if part is not None]
    return put(transaction, gone, DeliveryState.CANCELLED, why)


def _bits(held: Held, leaving: Audience) -> int:
    return 0 if held.shard is None else held.shard.within(leaving)
