"""A jump of the wall clock changes no life: what is under way keeps what it had left, and the pause it was told to
make.
"""

from datetime import timedelta

from sqlalchemy import BigInteger, Column, ColumnElement, bindparam, type_coerce, update

from tocsin.core.delivery import UNDER_WAY
from tocsin.ledger.engine.schema import PENDING, deliveries, in_any, lanes
from tocsin.ledger.engine.transaction import Transaction

LEAST = timedelta(seconds=2)  # less than that is drift, and not worth a correction

# What came back waits for so long. Quiet hours are another matter: they wait for a time of day, which the clock has
# right now.
_PAUSING = deliveries.c.why.is_not(None)


def _later(moment: Column[object]) -> ColumnElement[int]:
    return type_coerce(moment, BigInteger) + bindparam("by", type_=BigInteger)


_LIFE = (
    update(deliveries)
    .where(in_any(UNDER_WAY))
    .values(expires_at=_later(deliveries.c.expires_at), fail_over_at=_later(deliveries.c.fail_over_at))
)
_SHUT = update(lanes).values(probe_at=_later(lanes.c.probe_at), shut_until=_later(lanes.c.shut_until))
_PAUSE = update(deliveries).where(PENDING, _PAUSING).values(due=_later(deliveries.c.due))


def follow(transaction: Transaction, jump: timedelta) -> None:
    """Follow a clock that was moved by `jump`, forwards or (negative) back."""
    by = jump // timedelta(microseconds=1)
    transaction.write(_LIFE, by=by)
    transaction.write(_PAUSE, by=by)
    transaction.write(_SHUT, by=by)
