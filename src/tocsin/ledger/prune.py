"""Retention. The stream is forgotten from its old end on, so that what is kept of it has no holes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Delete, Table, bindparam, delete, exists, func, or_, select

from tocsin.core.delivery import DeliveryState
from tocsin.ledger.answers import KEPT
from tocsin.ledger.schema import (
    IS_OPEN,
    Moment,
    alerts,
    attempt_members,
    attempts,
    clicks,
    deliveries,
    episodes,
    events,
    idempotency,
    in_state,
    latest,
    messages,
)
from tocsin.ledger.stream import Stream
from tocsin.ledger.transaction import Transaction

UNDER_WAY = or_(*map(in_state, (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)))

_BEFORE = bindparam("before", type_=Moment)
_MOST: BindParameter[int] = bindparam("most")
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)

_OLDEST_EVENTS = select(events.c.position, events.c.at).order_by(events.c.position).limit(_MOST)
_FORGET_EVENTS = delete(events).where(events.c.position <= bindparam("last"))
_OLDEST_KEPT = select(func.min(events.c.position))
_FORGETTABLE = (
    select(alerts.c.key)
    .where(
        alerts.c.accepted_at < _BEFORE,
        func.coalesce(alerts.c.closed_position, alerts.c.position, 0) < bindparam("first"),
        ~exists().where(UNDER_WAY, deliveries.c.alert == alerts.c.key),
    )
    .order_by(alerts.c.accepted_at)
    .limit(_MOST)
)
_DELIVERIES_OF = select(deliveries.c.key).where(deliveries.c.alert.in_(_KEYS))
_ATTEMPTS_OF = select(attempt_members.c.attempt).distinct().where(attempt_members.c.delivery.in_(_KEYS))
_EMPTY_ATTEMPTS = delete(attempts).where(
    attempts.c.key.in_(_KEYS), ~exists().where(attempt_members.c.attempt == attempts.c.key)
)
_OLD_ANSWERS = delete(idempotency).where(idempotency.c.at <= _BEFORE)
_OLD_EPISODES = (
    select(episodes.c.key)
    .where(~IS_OPEN, episodes.c.last_seen_at < _BEFORE)
    .where(~exists().where(alerts.c.episode == episodes.c.key, alerts.c.closed_at.is_(None)))
    .order_by(episodes.c.last_seen_at)
    .limit(_MOST)
)

KEYS_AT_ONCE = 500


def prune(transaction: Transaction, accepted_before: datetime, limit: int) -> int:
    """How many alerts were forgotten; fewer than `limit` means that nothing is left to do for now."""
    stream = Stream(transaction)
    _prune_events(transaction, accepted_before, limit)
    first = transaction.row(_OLDEST_KEPT)
    oldest_kept = stream.position + 1 if first is None or first[0] is None else first[0]
    found = transaction.rows(_FORGETTABLE, before=accepted_before, first=oldest_kept, most=limit)
    for chunk in _chunks([row.key for row in found]):
        _forget_alerts(transaction, chunk)
    transaction.write(_OLD_ANSWERS, before=transaction.now - KEPT)
    _prune_episodes(transaction, accepted_before, limit)
    return len(found)


def _prune_events(transaction: Transaction, before: datetime, limit: int) -> None:
    last = None
    for position, at in transaction.rows(_OLDEST_EVENTS, most=2 * limit):
        if at >= before:
            break
        last = position
    if last is not None:
        transaction.write(_FORGET_EVENTS, last=last)


def _forget_alerts(transaction: Transaction, keys: Sequence[int]) -> None:
    for chunk in _chunks([row.key for row in transaction.rows(_DELIVERIES_OF, keys=keys)]):
        carried = [row.attempt for row in transaction.rows(_ATTEMPTS_OF, keys=chunk)]
        for table, column in ((attempt_members, "delivery"), (messages, "delivery"), (clicks, "delivery")):
            transaction.write(_delete(table, column), keys=chunk)
        transaction.write(_delete(deliveries, "key"), keys=chunk)
        for some in _chunks(carried):
            transaction.write(_EMPTY_ATTEMPTS, keys=some)
    transaction.write(_delete(alerts, "key"), keys=keys)


def _prune_episodes(transaction: Transaction, before: datetime, limit: int) -> None:
    found = transaction.rows(_OLD_EPISODES, before=before, most=limit)
    for chunk in _chunks([row.key for row in found]):
        transaction.write(_delete(latest, "episode"), keys=chunk)
        transaction.write(_delete(episodes, "key"), keys=chunk)


def _delete(table: Table, column: str) -> Delete:
    return delete(table).where(table.c[column].in_(_KEYS))


def _chunks(keys: Sequence[Any]) -> list[Sequence[Any]]:
    return [keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE)]
