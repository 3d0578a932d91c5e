"""Monitors are kept as they were last heard."""

import json
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, select

from tocsin.core.monitor import Monitor
from tocsin.core.part import Part
from tocsin.ledger.engine.schema import monitors
from tocsin.ledger.engine.transaction import Transaction

_MICROSECOND = timedelta(microseconds=1)
_FORGET = delete(monitors).where(monitors.c.id == bindparam("of"))
_ALL = select(monitors).order_by(monitors.c.id)


def keep(transaction: Transaction, monitor: Monitor) -> None:
    """Keep the monitor, in place of what was known of it."""
    forget(transaction, monitor.id)
    row = (
        monitor.id,
        monitor.retailer,
        json.dumps(monitor.skus),
        monitor.interval // _MICROSECOND,
        transaction.stored(monitor.registered_at),
        transaction.stored(monitor.heard_at),
        None if monitor.lost_at is None else transaction.stored(monitor.lost_at),
    )
    transaction.insert(monitors, [row])


def forget(transaction: Transaction, identifier: str) -> bool:
    transaction.changed.add(Part.MONITORS)
    return transaction.write(_FORGET, of=identifier) > 0


def listed(connection: Connection) -> tuple[Monitor, ...]:
    return tuple(
        Monitor(
            id=row.id,
            retailer=row.retailer,
            skus=tuple(json.loads(row.skus)),
            interval=row.interval * _MICROSECOND,
            registered_at=row.registered_at,
            heard_at=row.heard_at,
            lost_at=row.lost_at,
        )
        for row in connection.execute(_ALL)
    )
