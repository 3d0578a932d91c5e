"""Records are read by page and by name: alerts, deliveries, the stream."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, func, select

from tocsin.core.alert import key_of_id
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.errors import NotFoundError
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.ledger.contract import (
    AlertQuery,
    AlertRow,
    AlertStory,
    AttemptRow,
    DeliveryRow,
    DeliveryStory,
    LinkRow,
    MoveRow,
    Page,
)
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import BRIEF, DELIVERY, RECORD, brief_of, delivery_of, record_of
from tocsin.ledger.engine.schema import (
    OF_NOBODY,
    alerts,
    attempt_members,
    attempts,
    deliveries,
    delivery_moves,
    events,
    in_state,
    stream,
    texts,
)
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.history.audiences import audiences_of
from tocsin.ledger.history.clicks import clicks_of
from tocsin.ledger.history.names import bearing
from tocsin.ledger.history.page import below, bounded, page_of
from tocsin.ledger.history.query import conditions
from tocsin.ledger.queue.depth import ATTEMPT, attempt_of

# With the event that closed it, where it is closed.
_LISTED = select(alerts.c.key, alerts.c.position, events.c.at, events.c.opened_at, *RECORD).outerjoin(
    events, events.c.position == alerts.c.closed_position
)
_BRIEFS = (
    select(deliveries.c.alert, *BRIEF).where(among(deliveries.c.alert, "alerts"), OF_NOBODY).order_by(deliveries.c.key)
)
_EVENT = (events.c.position, events.c.kind, events.c.at, events.c.opened_at)
_DELIVERIES = select(*DELIVERY).join(alerts, alerts.c.key == deliveries.c.alert)
_LINKED = (
    select(attempts.c.finished_at, *DELIVERY, *RECORD)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .outerjoin(attempts, attempts.c.key == deliveries.c.attempt)
)
_ATTEMPTS = (
    select(attempt_members.c.delivery, *ATTEMPT)
    .join(attempts, attempts.c.key == attempt_members.c.attempt)
    .join(deliveries, deliveries.c.key == attempt_members.c.delivery)
    .where(OF_NOBODY)
    .order_by(attempts.c.key)
)
_MOVES = (
    select(*(column for column in delivery_moves.c if column.name != "key"))
    .join(deliveries, deliveries.c.key == delivery_moves.c.delivery)
    .where(deliveries.c.alert == bindparam("of"), OF_NOBODY)
    .order_by(delivery_moves.c.key)
)


def alerts_page(connection: Connection, query: AlertQuery) -> Page[AlertRow]:
    """Read a page of alerts. Raises InvalidRequestError, and NotFoundError where `before` is no alert that is kept."""
    limit = bounded(query.limit)
    ends = (below(query.page, "alerts"), _key_of(connection, query.before))
    end = min((end for end in ends if end is not None), default=None)
    found = bearing(connection, query.words) if query.words else None
    rows = connection.execute(listing(query, end) if found is None else listing_of(found, query, end)).all()
    keys = [row.key for row in rows[:limit]]
    made, lists = _briefs(connection, keys), audiences_of(connection, keys)
    return page_of(
        rows,
        limit,
        "alerts",
        lambda row: AlertRow(record_of(row[4:]), _lasted(row), tuple(made[row.key]), lists.get(row.key, ())),
    )


def listing(query: AlertQuery, end: int | None = None) -> Select[Any]:
    """Select alerts from below that key on, one row more than asked for. A search begins with the names, the alerts
    follow.
    """
    key = texts.c.alert if query.words else alerts.c.key
    statement = _LISTED.where(*conditions(query)).order_by(key.desc()).limit(query.limit + 1)
    if query.words:
        statement = statement.join(texts, texts.c.alert == alerts.c.key)
    return statement if end is None else statement.where(key < end)


def listing_of(found: Sequence[int], query: AlertQuery, end: int | None = None) -> Select[Any]:
    """Select of these alerts those that are asked for: their names were looked at."""
    statement = listing(replace(query, words=()), end)
    return statement.where(among(alerts.c.key, "found")).params(found=list(found))


def alert(connection: Connection, identifier: UUID) -> AlertRecord | None:
    row = connection.execute(select(*RECORD).where(alerts.c.id == identifier)).first()
    return None if row is None else record_of(row)


def story(connection: Connection, identifier: UUID) -> AlertStory | None:
    row = connection.execute(_LISTED.where(alerts.c.id == identifier)).first()
    if row is None:
        return None
    key, position, _, _, *record = row
    made = connection.execute(_DELIVERIES.where(deliveries.c.alert == key, OF_NOBODY).order_by(deliveries.c.key)).all()
    tried, moved = _attempts_by_delivery(connection, key), _moves_by_delivery(connection, key)
    stories = tuple(DeliveryStory(delivery_of(one), tuple(tried[one.key]), tuple(moved[one.key])) for one in made)
    lists = audiences_of(connection, [key]).get(key, ())
    return AlertStory(record_of(record), position, stories, clicks_of(connection, key), _lasted(row), lists)


def deliveries_page(
    connection: Connection, state: DeliveryState | None, channel: str | None, limit: int, page: str | None
) -> Page[Delivery]:
    limit, last = bounded(limit), below(page, "deliveries")
    statement = _DELIVERIES.order_by(deliveries.c.key.desc()).limit(limit + 1)
    if last is not None:
        statement = statement.where(deliveries.c.key < last)
    if state is not None:
        statement = statement.where(in_state(state))
    if channel is not None:
        statement = statement.where(deliveries.c.target.startswith(f"{channel}:", autoescape=True))
    return page_of(connection.execute(statement).all(), limit, "deliveries", delivery_of)


def delivery(connection: Connection, identifier: UUID) -> Delivery | None:
    """Read a delivery. A key that stands in another name (a wrong moment before it) is not this one."""
    row = connection.execute(_DELIVERIES.where(deliveries.c.key == key_of_id(identifier))).first()
    found = None if row is None else delivery_of(row)
    return found if found is not None and found.id == identifier else None


def by_key(connection: Connection, key: int) -> LinkRow | None:
    row = connection.execute(_LINKED.where(deliveries.c.key == key)).first()
    if row is None:
        return None
    sent_at, *values = row
    return LinkRow(delivery_of(values[: len(DELIVERY)]), record_of(values[len(DELIVERY) :]), sent_at)


def events_after(connection: Connection, after: int, limit: int) -> tuple[Event, ...]:
    rows = connection.execute(
        select(*_EVENT, *RECORD)
        .join(alerts, alerts.c.key == events.c.alert)
        .where(events.c.position > after)
        .order_by(events.c.position)
        .limit(limit)
    )
    return tuple(_event(row) for row in rows)


def span(connection: Connection) -> tuple[int, int]:
    newest: int = connection.scalar(select(stream.c.position)) or 0
    oldest: int | None = connection.scalar(select(func.min(events.c.position)))
    return (newest + 1 if newest else 0) if oldest is None else oldest, newest


def _key_of(connection: Connection, identifier: UUID | None) -> int | None:
    if identifier is None:
        return None
    key: int | None = connection.scalar(select(alerts.c.key).where(alerts.c.id == identifier))
    if key is None:
        raise NotFoundError(f"there is no alert {identifier}, or it is not kept any more")
    return key


def _lasted(row: AnyRow) -> timedelta | None:
    return None if row.at is None or row.opened_at is None else row.at - row.opened_at


def _briefs(connection: Connection, keys: Sequence[int]) -> defaultdict[int, list[DeliveryRow]]:
    made: defaultdict[int, list[DeliveryRow]] = defaultdict(list)
    for alert_key, *values in connection.execute(_BRIEFS, {"alerts": list(keys)}):
        made[alert_key].append(brief_of(values))
    return made


def _event(row: AnyRow) -> Event:
    position, kind, at, opened_at, *record = row
    return Event(position=position, kind=EventKind(kind), at=at, record=record_of(record), opened_at=opened_at)


def _attempts_by_delivery(connection: Connection, alert_key: int) -> defaultdict[int, list[AttemptRow]]:
    tried: defaultdict[int, list[AttemptRow]] = defaultdict(list)
    for number, *values in connection.execute(_ATTEMPTS.where(deliveries.c.alert == alert_key)):
        tried[number].append(attempt_of(values))
    return tried


def _moves_by_delivery(connection: Connection, alert_key: int) -> defaultdict[int, list[MoveRow]]:
    moved: defaultdict[int, list[MoveRow]] = defaultdict(list)
    for number, at, origin, origin_why, state, why, detail in connection.execute(_MOVES, {"of": alert_key}):
        reasons = [None if word is None else Why(word) for word in (origin_why, why)]
        moved[number].append(MoveRow(at, DeliveryState(origin), reasons[0], DeliveryState(state), reasons[1], detail))
    return moved
