"""Uptime is kept by the minute: for each hour of a channel the minutes in which it worked, and those in which it did
not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tocsin.core.analytics import hour_from
from tocsin.ledger.analytics.schema import uptime
from tocsin.ledger.contract.analytics import UptimeRow
from tocsin.ledger.engine.transaction import Transaction

_PLACE = (uptime.c.channel == bindparam("of"), uptime.c.at == bindparam("hour"))
_ADD = (
    update(uptime)
    .where(*_PLACE)
    .values(
        up=uptime.c.up.op("|")(bindparam("more_up")),
        down=uptime.c.down.op("|")(bindparam("more_down")),
    )
)
_NEW = insert(uptime)
_OF = (
    select(uptime.c.channel, uptime.c.at, uptime.c.up, uptime.c.down)
    .where(uptime.c.at >= bindparam("since"), uptime.c.at < bindparam("until"))
    .order_by(uptime.c.channel, uptime.c.at)
)
_NEWEST_HOUR = select(uptime.c.channel, func.max(uptime.c.at).label("at")).group_by(uptime.c.channel).subquery()
_NEWEST = select(uptime).join(
    _NEWEST_HOUR, (_NEWEST_HOUR.c.channel == uptime.c.channel) & (_NEWEST_HOUR.c.at == uptime.c.at)
)


def note(transaction: Transaction, rows: Sequence[UptimeRow]) -> None:
    for row in rows:
        more: dict[str, Any] = {"of": row.channel, "hour": row.hour, "more_up": row.up, "more_down": row.down}
        if transaction.write(_ADD, **more) == 0 and not _begun(transaction, row):
            transaction.write(_ADD, **more)


def _begun(transaction: Transaction, row: UptimeRow) -> bool:
    """Begin the hour; False where another node has, just now."""
    try:
        with transaction.undoing():
            transaction.write(_NEW, channel=row.channel, at=row.hour, up=row.up, down=row.down)
    except IntegrityError:
        return False
    return True


def between(connection: Connection, since: int, until: int) -> tuple[UptimeRow, ...]:
    return tuple(map(UptimeRow._make, connection.execute(_OF, {"since": since, "until": until})))


def newest(connection: Connection) -> Mapping[str, datetime]:
    return {
        row.channel: hour_from(row.at) + timedelta(minutes=(row.up | row.down).bit_length() - 1)
        for row in connection.execute(_NEWEST)
        if row.up | row.down
    }
