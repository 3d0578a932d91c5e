"""Time alone ends deliveries: they outlive their use, or the process that was sending them."""

from sqlalchemy import bindparam, select, update

from tocsin.core.delivery import DeliveryState, Why, check_move
from tocsin.ledger.contract import MoveResult
from tocsin.ledger.engine.rows import changed, held_of
from tocsin.ledger.engine.schema import PENDING, Moment, attempts, deliveries, in_state
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue.moves import DELIVERIES, put

_OVER = (
    DELIVERIES.where(PENDING, deliveries.c.expires_at <= bindparam("now", type_=Moment))
    .order_by(deliveries.c.expires_at)
    .limit(bindparam("most"))
    .with_for_update(of=deliveries, skip_locked=True)
)
_SENDING = in_state(DeliveryState.SENDING)
_LEFT_BEHIND = DELIVERIES.where(_SENDING).with_for_update(of=deliveries)
_BROKEN_OFF = (
    update(attempts)
    .where(attempts.c.finished_at.is_(None), attempts.c.key.in_(select(deliveries.c.attempt).where(_SENDING)))
    .values(outcome="crashed", answer="stopped between the claim and the answer")
)
_IN_DOUBT = update(deliveries).where(_SENDING).values(fence=deliveries.c.fence + 1)


def expire(transaction: Transaction, limit: int) -> MoveResult:
    over = [held_of(row).delivery for row in transaction.rows(_OVER, now=transaction.now, most=limit)]
    return MoveResult(tuple(put(transaction, over, DeliveryState.EXPIRED, Why.PAST_LIFE)))


def recover(transaction: Transaction) -> MoveResult:
    """Make `unknown` what a dead process was sending. The fence grows: should that not be dead after all, it can no
    longer settle.
    """
    left = transaction.rows(_LEFT_BEHIND)
    for row in left:
        check_move(DeliveryState(row.state), DeliveryState.UNKNOWN, Why.CRASHED)
    transaction.write(_BROKEN_OFF, finished_at=transaction.now)
    unknown = {"state": DeliveryState.UNKNOWN.value, "why": Why.CRASHED.value, "moved_at": transaction.now}
    transaction.write(_IN_DOUBT, **unknown)
    return MoveResult(tuple(changed(row, fence=row.fence + 1, **unknown) for row in left))
