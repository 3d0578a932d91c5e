"""What is new for a mirror is written down: from the stream, from deliveries that have ended, and from what is learned
later.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, Column, Select, Table, bindparam, delete, exists, func, insert, select, update

from tocsin.core.click import ClickKind
from tocsin.core.delivery import UNDER_WAY
from tocsin.core.mirror import News
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import clicks, deliveries, delivery_moves, events, in_any, stream
from tocsin.ledger.engine.settled import SETTLED
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.mirrors.schema import mirror_entries, mirror_open, mirrors
from tocsin.ledger.purchases.schema import purchases

_MIRROR: BindParameter[str] = bindparam("mirror")
_CURSOR = select(mirrors).where(mirrors.c.name == _MIRROR).with_for_update()
_BEGIN = insert(mirrors)
_GO_ON = update(mirrors).where(mirrors.c.name == bindparam("mirror_name"))
_EVENTS = (
    select(events.c.position, events.c.alert, events.c.kind)
    .where(events.c.position > bindparam("after"))
    .order_by(events.c.position)
    .limit(bindparam("most"))
)
_UNENDED = exists().where(deliveries.c.alert == mirror_open.c.alert, in_any(UNDER_WAY))
_ENDED = (
    select(mirror_open.c.alert)
    .where(mirror_open.c.mirror == _MIRROR, ~_UNENDED)
    .order_by(mirror_open.c.alert)
    .limit(bindparam("most"))
)
_NO_LONGER_OPEN = delete(mirror_open).where(mirror_open.c.mirror == _MIRROR, among(mirror_open.c.alert, "alerts"))
_STILL_OPEN = select(mirror_open.c.alert).where(mirror_open.c.mirror == _MIRROR, among(mirror_open.c.alert, "alerts"))


def _since(table: Table, at: Column[object], alert: Column[object]) -> Select[tuple[object, ...]]:
    return (
        select(table.c.key, at.label("at"), alert.label("alert"))
        .where(table.c.key > bindparam("after"))
        .order_by(table.c.key)
        .limit(bindparam("most"))
    )


# By the column that remembers how far each was read.
_LATER = {
    "move_key": _since(delivery_moves, delivery_moves.c.at, deliveries.c.alert).join(
        deliveries, deliveries.c.key == delivery_moves.c.delivery
    ),
    "click_key": _since(clicks, clicks.c.at, deliveries.c.alert)
    .join(deliveries, deliveries.c.key == clicks.c.delivery)
    .where(clicks.c.kind == ClickKind.PERSON.value),
    "purchase_key": _since(purchases, purchases.c.entered_at, purchases.c.alert).where(purchases.c.alert.is_not(None)),
}
_NEWEST: dict[str, Select[tuple[int]]] = {
    "position": select(func.max(stream.c.position)),
    "move_key": select(func.max(delivery_moves.c.key)),
    "click_key": select(func.max(clicks.c.key)),
    "purchase_key": select(func.max(purchases.c.key)),
}


def plan(transaction: Transaction, mirror: str, most: int, *, afterwards: bool) -> int:
    """Write down what is new since the last look, and count it."""
    row = transaction.row(_CURSOR, mirror=mirror)
    if row is None:
        _begin(transaction, mirror)
        return 0
    told = _told(transaction, row.position, most)
    last = told[-1].position if told else row.position
    entries = [(mirror, event.position, 0, event.alert, event.kind) for event in told]
    transaction.insert(mirror_open, [(event.alert, mirror) for event in told if event.kind == News.ACCEPTED])
    ended = [one.alert for one in transaction.rows(_ENDED, mirror=mirror, most=most)]
    later, read = _learned(transaction, row, most) if afterwards else ((), {})
    changed = _not_open(transaction, mirror, {*later} - {*ended})
    number = 0 if told else row.number
    news = [(alert, News.FINAL) for alert in ended] + [(alert, News.CHANGED) for alert in changed]
    entries += [(mirror, last, number + at, alert, kind.value) for at, (alert, kind) in enumerate(news, 1)]
    transaction.insert(mirror_entries, entries)
    transaction.write(_NO_LONGER_OPEN, mirror=mirror, alerts=ended)
    if entries or read:
        transaction.write(_GO_ON.values(position=last, number=number + len(news), **read), mirror_name=mirror)
    return len(entries)


def _begin(transaction: Transaction, mirror: str) -> None:
    """It begins with what comes from now on."""
    newest = {name: transaction.connection.scalar(statement) or 0 for name, statement in _NEWEST.items()}
    transaction.write(_BEGIN, name=mirror, number=0, calls=0, **newest)


def _told(transaction: Transaction, after: int, most: int) -> Sequence[AnyRow]:
    return transaction.rows(_EVENTS, after=after, most=most)


def _learned(transaction: Transaction, cursor: AnyRow, most: int) -> tuple[Iterable[int], dict[str, int]]:
    """The alerts of which something was learned, and how far each table is read by that."""
    alerts: dict[int, None] = {}
    read: dict[str, int] = {}
    for column, statement in _LATER.items():
        for row in transaction.rows(statement, after=getattr(cursor, column), most=most):
            if row.at > transaction.now - SETTLED:
                break
            read[column] = row.key
            alerts[row.alert] = None
    return alerts, read


def _not_open(transaction: Transaction, mirror: str, alerts: Iterable[int]) -> Sequence[int]:
    """Of what has not ended yet the mirror hears with its end."""
    asked = sorted(alerts)
    still = {row.alert for row in transaction.rows(_STILL_OPEN, mirror=mirror, alerts=asked)} if asked else set()
    return [alert for alert in asked if alert not in still]
