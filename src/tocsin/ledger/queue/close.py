"""A close ends an episode: sold out, or silent for too long. One with many alerts ends in parts;
others come between.
"""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from tocsin.core.alert import EpisodeKey
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.record import Event, EventKind
from tocsin.ledger.contract import Closed
from tocsin.ledger.engine.rows import RECORD, held_of, record_of
from tocsin.ledger.engine.schema import IS_OPEN, PENDING, Moment, alerts, deliveries, episodes, events, messages
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue.moves import DELIVERIES, put

AT_ONCE = 500  # alerts

_EPISODE = select(episodes.c.key, episodes.c.opened_at).where(
    IS_OPEN, *(episodes.c[name] == bindparam(name) for name in EpisodeKey._fields)
)
_SILENT = (
    select(episodes.c.key, episodes.c.opened_at)
    .where(IS_OPEN, episodes.c.last_seen_at < bindparam("before", type_=Moment))
    .order_by(episodes.c.last_seen_at)
    .limit(bindparam("most"))
)
_OPEN_ALERTS = (
    select(alerts.c.key, *RECORD)
    .where(alerts.c.episode == bindparam("episode"), alerts.c.closed_at.is_(None))
    .order_by(alerts.c.key)
    .limit(bindparam("most"))
)
_PENDING = DELIVERIES.where(PENDING, deliveries.c.episode == bindparam("episode")).with_for_update(
    of=deliveries, skip_locked=True
)
_CLOSE_EPISODE = update(episodes).where(episodes.c.key == bindparam("of"))
_CLOSE_ALERT = update(alerts).where(alerts.c.key == bindparam("of"))
_EDIT = (
    update(messages)
    .where(messages.c.delivery.in_(select(deliveries.c.key).where(deliveries.c.alert == bindparam("of"))))
    .values(wanted="closed")
)


def close(transaction: Transaction, key: EpisodeKey) -> Closed:
    stream = Stream(transaction)
    episode = transaction.row(_EPISODE, **key._asdict())
    closed = Closed() if episode is None else _end(transaction, stream, episode, AT_ONCE)
    stream.save()
    return closed


def silence(transaction: Transaction, last_seen_before: datetime, limit: int) -> Closed:
    stream = Stream(transaction)
    closed = Closed()
    for episode in transaction.rows(_SILENT, before=last_seen_before, most=limit):
        closed += _end(transaction, stream, episode, AT_ONCE - len(closed.events))
        if closed.more:
            break
    stream.save()
    return closed


def _end(transaction: Transaction, stream: Stream, episode: AnyRow, most: int) -> Closed:
    """The oldest alerts first. The episode itself ends with the last of them: what is cut short is gone on with."""
    key, opened_at = episode
    told = _close_alerts(transaction, stream, key, opened_at, most)
    more = len(told) == most
    if not more:
        transaction.write(_CLOSE_EPISODE, of=key, closed_at=transaction.now)
    return Closed(tuple(told), tuple(_cancel(transaction, key)), more)


def _close_alerts(
    transaction: Transaction, stream: Stream, episode: int, opened_at: datetime, most: int
) -> list[Event]:
    now, told = transaction.now, []
    rows, changes = [], []
    for alert, *values in transaction.rows(_OPEN_ALERTS, episode=episode, most=most):
        position = stream.next_position()
        record = record_of((*values[:-1], now))
        told.append(Event(position=position, kind=EventKind.CLOSED, at=now, record=record, opened_at=opened_at))
        rows.append((position, EventKind.CLOSED.value, alert, transaction.micros, transaction.stored(opened_at)))
        changes.append({"of": alert, "closed_at": now, "closed_position": position})
    transaction.insert(events, rows)
    transaction.write_each(_CLOSE_ALERT, changes)
    transaction.write_each(_EDIT, [{"of": change["of"]} for change in changes])
    return told


def _cancel(transaction: Transaction, episode: int) -> list[Delivery]:
    pending = [held_of(row).delivery for row in transaction.rows(_PENDING, episode=episode)]
    return put(transaction, pending, DeliveryState.CANCELLED, Why.CLOSED)
