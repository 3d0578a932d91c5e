"""Targets that are disabled: each rests until a human enables it."""

from sqlalchemy import Connection, bindparam, delete, select

from tocsin.core.delivery import Target
from tocsin.core.part import Part
from tocsin.ledger.contract import MoveResult, TargetRow
from tocsin.ledger.engine.rows import held_of, target_of
from tocsin.ledger.engine.schema import PENDING, deliveries, targets
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue.fallback import refuse
from tocsin.ledger.queue.moves import DELIVERIES

_PENDING_FOR = DELIVERIES.where(PENDING, deliveries.c.target == bindparam("target")).with_for_update(of=deliveries)
_WAKE = delete(targets).where(targets.c.target == bindparam("name"))
_ALL = select(targets).order_by(targets.c.disabled_at)


def disable(transaction: Transaction, target: Target, why: str, detail: str) -> MoveResult:
    """What is pending for it is refused, and goes to its fallback."""
    transaction.changed.add(Part.TARGETS)
    transaction.write(_WAKE, name=str(target))
    transaction.insert(targets, [(str(target), transaction.micros, why, detail)])
    pending = [held_of(row) for row in transaction.rows(_PENDING_FOR, target=str(target))]
    moved, woken = refuse(transaction, pending)
    return MoveResult(tuple(moved), lanes=woken)


def enable(transaction: Transaction, target: Target) -> bool:
    transaction.changed.add(Part.TARGETS)
    return transaction.write(_WAKE, name=str(target)) > 0


def listed(connection: Connection) -> tuple[TargetRow, ...]:
    return tuple(
        TargetRow(target=target_of(row.target), disabled_at=row.disabled_at, why=row.why, detail=row.detail)
        for row in connection.execute(_ALL)
    )
