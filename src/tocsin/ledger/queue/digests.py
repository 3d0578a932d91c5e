"""What one person has gathered leaves together: whatever of it is due at a list, out of its sets and rows, as one
attempt.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from tocsin.core.recipients import Shard
from tocsin.ledger.engine.rows import DELIVERY, RECORD
from tocsin.ledger.engine.schema import GATHERED, IS_SET, PENDING, Moment, alerts, deliveries
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue import sets

MOST = 100  # alerts in one digest; what is more than that follows in another

_DUE = (
    PENDING,
    GATHERED,
    deliveries.c.target == bindparam("target"),
    deliveries.c.due <= bindparam("now", type_=Moment),
    deliveries.c.expires_at > bindparam("now", type_=Moment),
)
_SETS = (
    select(deliveries.c.key, deliveries.c.recipients)
    .where(*_DUE, IS_SET)
    .with_for_update(of=deliveries, skip_locked=True)
)


class Digests:
    """`free` says which deliveries may leave: no older one of their episode is on its way to the same person."""

    def __init__(self, free: ColumnElement[bool]) -> None:
        self._rows = (
            select(*DELIVERY, deliveries.c.product, *RECORD)
            .join(alerts, alerts.c.key == deliveries.c.alert)
            .where(*_DUE, deliveries.c.slot == bindparam("slot"), free)
            .order_by(deliveries.c.priority.desc(), deliveries.c.key)
            .limit(MOST)
            .with_for_update(of=deliveries, skip_locked=True)
        )

    def of(self, transaction: Transaction, target: str, slot: int) -> Sequence[AnyRow]:
        """All that is due for this person at that list, the most important first, each with a row of its own; with the
        columns of a claim.
        """
        about: dict[str, Any] = {"target": target, "now": transaction.now}
        for key, packed in transaction.rows(_SETS, **about):
            sets.take_one(transaction, key, Shard.unpack(packed), slot)
        return transaction.rows(self._rows, slot=slot, **about)
