"""The end of an episode: sold out, or silent for too long."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from tocsin.core.alert import EpisodeKey
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.record import Event, EventKind
from tocsin.ledger.contract import Closed
from tocsin.ledger.moves import DELIVERIES, put
from tocsin.ledger.rows import RECORD, held_of, record_of
from tocsin.ledger.schema import IS_OPEN, PENDING, Moment, alerts, deliveries, episodes, events, messages
from tocsin.ledger.stream import Stream
from tocsin.ledger.transaction import AnyRow, Transaction

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
    closed = Closed() if episode is None else _end(transaction, stream, episode)
    stream.save()
    return closed


def silence(transaction: Transaction, last_seen_before: datetime, limit: int) -> Closed:
    stream = Stream(transaction)
    silent = transaction.rows(_SILENT, before=last_seen_before, most=limit)
    ended = [_end(transaction, stream, episode) for episode in silent]
    stream.save()
    return Closed(
        tuple(event for closed in ended for event in closed.events),
        tuple(delivery for closed in ended for delivery in closed.cancelled),
    )


def _end(transaction: Transaction, stream: Stream, episode: AnyRow) -> Closed:
    key, opened_at = episode
    transaction.write(_CLOSE_EPISODE, of=key, closed_at=transaction.now)
    told = _close_alerts(transaction, stream, key, opened_at)
    return Closed(tuple(told), tuple(_cancel(transaction, key)))


def _close_alerts(transaction: Transaction, stream: Stream, episode: int, opened_at: datetime) -> list[Event]:
    now, told = transaction.now, []
    rows, changes = [], []
    for alert, *values in transaction.rows(_OPEN_ALERTS, episode=episode):
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
