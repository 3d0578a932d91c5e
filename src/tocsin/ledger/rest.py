"""A target rests until a human enables it: what is pending for it is refused, and goes to its fallback."""

from sqlalchemy import bindparam, delete

from tocsin.core.delivery import Target
from tocsin.ledger.contract import Moved
from tocsin.ledger.fallback import refuse
from tocsin.ledger.moves import DELIVERIES
from tocsin.ledger.rows import held_of
from tocsin.ledger.schema import PENDING, deliveries, targets
from tocsin.ledger.transaction import Transaction

_PENDING_FOR = DELIVERIES.where(PENDING, deliveries.c.target == bindparam("target")).with_for_update(of=deliveries)
_WAKE = delete(targets).where(targets.c.target == bindparam("name"))


def disable(transaction: Transaction, target: Target, why: str, detail: str) -> Moved:
    transaction.write(_WAKE, name=str(target))
    transaction.insert(targets, [(str(target), transaction.micros, why, detail)])
    pending = [held_of(row) for row in transaction.rows(_PENDING_FOR, target=str(target))]
    moved, woken = refuse(transaction, pending)
    return Moved(tuple(moved), lanes=woken)


def enable(transaction: Transaction, target: Target) -> bool:
    return transaction.write(_WAKE, name=str(target)) > 0
