"""What waits for a mirror is read in its order, and forgotten once it was taken."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, delete, func, select, update

from tocsin.core.mirror import Entry, MirrorStanding, News, Place
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.mirrors.accounts import accounts_of
from tocsin.ledger.mirrors.schema import mirror_entries, mirrors

_MINE = mirror_entries.c.mirror == bindparam("mirror")
_PLACE = (mirror_entries.c.position, mirror_entries.c.number)
_ROWS = select(*_PLACE, mirror_entries.c.alert, mirror_entries.c.news).where(_MINE).order_by(*_PLACE)
_OLDEST = _ROWS.limit(bindparam("most"))
_OLDEST_ALERTS = (
    select(mirror_entries.c.alert)
    .where(_MINE)
    .group_by(mirror_entries.c.alert)
    .order_by(func.min(mirror_entries.c.position), mirror_entries.c.alert)
    .limit(bindparam("most"))
)
_OF_ALERTS = _ROWS.where(among(mirror_entries.c.alert, "alerts"))
_AT = and_(mirror_entries.c.position == bindparam("at"), mirror_entries.c.number == bindparam("nth"))
_NOT_AFTER = (mirror_entries.c.position < bindparam("at")) | (
    (mirror_entries.c.position == bindparam("at")) & (mirror_entries.c.number <= bindparam("nth"))
)
_FORGET = delete(mirror_entries).where(_MINE, _AT)
_FORGET_ALERT = delete(mirror_entries).where(_MINE, mirror_entries.c.alert == bindparam("of"), _NOT_AFTER)
_NAMED = mirrors.c.name == bindparam("mirror_name")
_TAKEN = update(mirrors).where(_NAMED)
_CURSOR = select(mirrors).where(_NAMED)
_WAITING = select(func.count()).select_from(mirror_entries).where(_MINE)
_NEWEST = select(func.max(stream.c.position))


def due(connection: Connection, mirror: str, most: int, *, by_alert: bool) -> Sequence[Entry]:
    """Read the oldest entries. Those of alerts that are not kept any more are left out."""
    rows = _newest_each(connection, mirror, most) if by_alert else _oldest(connection, mirror, most)
    accounts = accounts_of(connection, sorted({row.alert for row in rows}))
    return [
        Entry(
            place=Place(row.position, row.number),
            alert=row.alert,
            news=News(row.news),
            account=accounts[row.alert],
        )
        for row in rows
        if row.alert in accounts
    ]


def taken(transaction: Transaction, mirror: str, entries: Sequence[Entry], *, by_alert: bool) -> None:
    """Forget what was taken."""
    places = [
        {"mirror": mirror, "at": entry.place.position, "nth": entry.place.number}
        | ({"of": entry.alert} if by_alert else {})
        for entry in entries
    ]
    transaction.write_each(_FORGET_ALERT if by_alert else _FORGET, places)
    transaction.write(_TAKEN.values(written_at=transaction.now), mirror_name=mirror)


def called(transaction: Transaction, mirror: str) -> None:
    """Count a request in this month."""
    row = transaction.row(_CURSOR, mirror_name=mirror)
    made = 0 if row is None else _standing(row).calls_of(transaction.now)
    transaction.write(_TAKEN.values(calls=made + 1, counted_at=transaction.now), mirror_name=mirror)


def standing(connection: Connection, mirror: str) -> MirrorStanding:
    row = connection.execute(_CURSOR, {"mirror_name": mirror}).first()
    if row is None:
        return MirrorStanding()
    waiting = connection.scalar(_WAITING, {"mirror": mirror}) or 0
    newest = connection.scalar(_NEWEST) or 0
    return _standing(row, waiting, newest - row.position)


def _standing(row: AnyRow, waiting: int = 0, unread: int = 0) -> MirrorStanding:
    return MirrorStanding(
        waiting=waiting,
        unread=unread,
        calls=row.calls,
        counted_at=row.counted_at,
        written_at=row.written_at,
    )


def _oldest(connection: Connection, mirror: str, most: int) -> Sequence[AnyRow]:
    return connection.execute(_OLDEST, {"mirror": mirror, "most": most}).all()


def _newest_each(connection: Connection, mirror: str, most: int) -> Sequence[AnyRow]:
    """Of the alerts that wait longest, each with its newest entry."""
    keys = connection.execute(_OLDEST_ALERTS, {"mirror": mirror, "most": most}).scalars().all()
    newest = {row.alert: row for row in connection.execute(_OF_ALERTS, {"mirror": mirror, "alerts": list(keys)})}
    return [newest[key] for key in keys]
