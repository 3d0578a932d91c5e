"""Retention forgets the stream from its old end on, so that what is kept of it has no holes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Delete, Table, bindparam, delete, exists, func, select

from tocsin.core.analytics import hour_of
from tocsin.core.delivery import UNDER_WAY
from tocsin.core.killpoint import Point, kill_point
from tocsin.ledger.analytics.rollup import freeze
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import (
    IS_OPEN,
    STRAY,
    Moment,
    alerts,
    attempt_members,
    attempts,
    audiences,
    clicks,
    deliveries,
    delivery_moves,
    episodes,
    events,
    idempotency,
    in_any,
    messages,
    receipts,
    signals,
    texts,
)
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.history.names import forget, names_of
from tocsin.ledger.mirrors.schema import mirror_entries, mirror_open
from tocsin.ledger.purchases.schema import answers
from tocsin.ledger.queue.idempotency import KEPT

REPEATED_WITHIN = timedelta(hours=26)  # SendGrid tries for 24 h to tell of an event
_INSTANT = timedelta(microseconds=1)

_BEFORE = bindparam("before", type_=Moment)
_MOST: BindParameter[int] = bindparam("most")

_OLDEST_EVENTS = select(events.c.position, events.c.at).order_by(events.c.position).limit(_MOST)
_FORGET_EVENTS = delete(events).where(events.c.position <= bindparam("last"))
_OLDEST_KEPT = select(func.min(events.c.position))
_UNDER_WAY = exists().where(in_any(UNDER_WAY), deliveries.c.alert == alerts.c.key)
_LAST_POSITION = func.coalesce(alerts.c.closed_position, alerts.c.position, 0)
_OLDEST_ALERTS = (
    select(alerts.c.key, alerts.c.accepted_at, _LAST_POSITION.label("position"), _UNDER_WAY.label("busy"))
    .order_by(alerts.c.key)
    .limit(_MOST)
)
_DELIVERIES_OF = select(deliveries.c.key).where(among(deliveries.c.alert, "keys"))
_ATTEMPTS_OF = select(attempt_members.c.attempt).distinct().where(among(attempt_members.c.delivery, "keys"))
_EMPTY_ATTEMPTS = delete(attempts).where(
    among(attempts.c.key, "keys"), ~exists().where(attempt_members.c.attempt == attempts.c.key)
)
_OLD_ANSWERS = delete(idempotency).where(idempotency.c.at <= _BEFORE)
# An event that a provider sends once more changes nothing for as long as it is known.
_OLD_SIGNALS = delete(signals).where(
    signals.c.key.in_(select(signals.c.key).where(STRAY, signals.c.at < _BEFORE).order_by(signals.c.at).limit(_MOST))
)
_OLD_EPISODES = (
    select(episodes.c.key)
    .where(~IS_OPEN, episodes.c.last_seen_at < _BEFORE)
    .where(~exists().where(alerts.c.episode == episodes.c.key, alerts.c.closed_at.is_(None)))
    .order_by(episodes.c.last_seen_at)
    .limit(_MOST)
)

KEPT_AT_MOST = 1000  # so many old alerts may be held back at once before younger ones wait for them


def prune(transaction: Transaction, accepted_before: datetime, limit: int) -> int:
    """Forget the oldest alerts, and count them; fewer than `limit` means that nothing is left to do for now."""
    stream = Stream(transaction)
    freeze(transaction, hour_of(accepted_before - _INSTANT) + 1)
    _prune_events(transaction, accepted_before, limit)
    found = _forgettable(transaction, accepted_before, stream.position, limit)
    _forget_alerts(transaction, found)
    transaction.write(_OLD_ANSWERS, before=transaction.now - KEPT)
    transaction.write(_OLD_SIGNALS, before=min(accepted_before, transaction.now - REPEATED_WITHIN), most=limit)
    _prune_episodes(transaction, accepted_before, limit)
    kill_point(Point.RETENTION_DELETED)
    return len(found)


def _prune_events(transaction: Transaction, before: datetime, limit: int) -> None:
    last = None
    for position, at in transaction.rows(_OLDEST_EVENTS, most=2 * limit):
        if at >= before:
            break
        last = position
    if last is not None:
        transaction.write(_FORGET_EVENTS, last=last)


def _forgettable(transaction: Transaction, before: datetime, newest: int, limit: int) -> list[int]:
    """Old enough, nothing of it under way, and no event of it in the stream any more."""
    first = transaction.row(_OLDEST_KEPT)
    oldest_kept = newest + 1 if first is None or first[0] is None else first[0]
    oldest = transaction.rows(_OLDEST_ALERTS, most=limit + KEPT_AT_MOST)
    over = (row for row in oldest if row.accepted_at < before and row.position < oldest_kept and not row.busy)
    return [row.key for row in over][:limit]


def _forget_alerts(transaction: Transaction, keys: Sequence[int]) -> None:
    made = [row.key for row in transaction.rows(_DELIVERIES_OF, keys=keys)]
    carried = [row.attempt for row in transaction.rows(_ATTEMPTS_OF, keys=made)]
    for table in (attempt_members, delivery_moves, messages, receipts, signals, clicks, answers):
        transaction.write(_delete(table, "delivery"), keys=made)
    transaction.write(_EMPTY_ATTEMPTS, keys=carried)
    transaction.write(_delete(deliveries, "key"), keys=made)
    named = names_of(transaction, keys)
    for beside in (texts, audiences, mirror_entries, mirror_open):
        transaction.write(_delete(beside, "alert"), keys=keys)
    forget(transaction, named)
    transaction.write(_delete(alerts, "key"), keys=keys)


def _prune_episodes(transaction: Transaction, before: datetime, limit: int) -> None:
    found = [row.key for row in transaction.rows(_OLD_EPISODES, before=before, most=limit)]
    transaction.write(_delete(episodes, "key"), keys=found)


def _delete(table: Table, column: str) -> Delete:
    return delete(table).where(among(table.c[column], "keys"))
