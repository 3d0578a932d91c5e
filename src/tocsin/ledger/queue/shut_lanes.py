"""Lanes that are shut are kept as they were last written down."""

from sqlalchemy import Connection, bindparam, delete, select

from tocsin.ledger.contract import ShutLane
from tocsin.ledger.engine.schema import lanes
from tocsin.ledger.engine.transaction import Transaction

_FORGET = delete(lanes).where(lanes.c.lane == bindparam("of"))
_ALL = select(lanes).order_by(lanes.c.lane)


def keep(transaction: Transaction, lane: ShutLane) -> None:
    """Keep that the lane is shut, in place of what was known of it."""
    forget(transaction, lane.lane)
    times = [None if at is None else transaction.stored(at) for at in (lane.probe_at, lane.shut_until)]
    transaction.insert(lanes, [(lane.lane, lane.failures, *times, lane.why)])


def forget(transaction: Transaction, name: str) -> None:
    transaction.write(_FORGET, of=name)


def listed(connection: Connection) -> tuple[ShutLane, ...]:
    return tuple(
        ShutLane(
            lane=row.lane,
            failures=row.failures,
            probe_at=row.probe_at,
            shut_until=row.shut_until,
            why=row.why,
        )
        for row in connection.execute(_ALL)
    )
