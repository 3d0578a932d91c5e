"""Time alone ends deliveries: they outlive their use, or the process that was sending them."""

from collections.abc import Sequence

from sqlalchemy import bindparam, exists, update

from tocsin.core.delivery import DeliveryState, Why, check_move
from tocsin.ledger.contract import MoveResult
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import changed, held_of
from tocsin.ledger.engine.schema import PENDING, Moment, attempts, deliveries, in_state
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue.moves import DELIVERIES, put

_OVER = (
    DELIVERIES.where(PENDING, deliveries.c.expires_at <= bindparam("now", type_=Moment))
    .order_by(deliveries.c.expires_at)
    .limit(bindparam("most"))
    .with_for_update(of=deliveries, skip_locked=True)
)
_SENDING = (
    DELIVERIES.add_columns(deliveries.c.attempt).where(in_state(DeliveryState.SENDING)).with_for_update(of=deliveries)
)
_ITS_ATTEMPT = attempts.c.key == deliveries.c.attempt
_OF_NODE = _SENDING.where(exists().where(_ITS_ATTEMPT, attempts.c.node == bindparam("node")))
_OF_NOBODY = _SENDING.where(exists().where(_ITS_ATTEMPT, attempts.c.node.is_(None)))
_BROKEN_OFF = (
    update(attempts)
    .where(attempts.c.finished_at.is_(None), among(attempts.c.key, "numbers"))
    .values(outcome="crashed", answer="stopped between the claim and the answer")
)
_IN_DOUBT = update(deliveries).where(among(deliveries.c.key, "keys")).values(fence=deliveries.c.fence + 1)


def expire(transaction: Transaction, limit: int) -> MoveResult:
    over = [held_of(row).delivery for row in transaction.rows(_OVER, now=transaction.now, most=limit)]
    return MoveResult(tuple(put(transaction, over, DeliveryState.EXPIRED, Why.PAST_LIFE)))


def recover(transaction: Transaction, node: str | None) -> MoveResult:
    """Make `unknown` what a node was sending, None: what anybody was. The fence grows: should that not be dead after
    all, it can no longer settle.
    """
    return _put_in_doubt(
        transaction, transaction.rows(_SENDING) if node is None else transaction.rows(_OF_NODE, node=node)
    )


def recover_nobodys(transaction: Transaction) -> MoveResult:
    """Make `unknown` what was sent by processes that had the ledger to themselves."""
    return _put_in_doubt(transaction, transaction.rows(_OF_NOBODY))


def _put_in_doubt(transaction: Transaction, left: Sequence[AnyRow]) -> MoveResult:
    if not left:
        return MoveResult(())
    for row in left:
        check_move(DeliveryState(row.state), DeliveryState.UNKNOWN, Why.CRASHED)
    transaction.write(_BROKEN_OFF, numbers=sorted({row.attempt for row in left}), finished_at=transaction.now)
    unknown = {"state": DeliveryState.UNKNOWN.value, "why": Why.CRASHED.value, "moved_at": transaction.now}
    transaction.write(_IN_DOUBT, keys=[row.key for row in left], **unknown)
    return MoveResult(tuple(changed(row, fence=row.fence + 1, **unknown) for row in left))
