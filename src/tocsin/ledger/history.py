"""What was, by page and by name: alerts, deliveries, the stream."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from tocsin.core.alert import FLOOR, TOP_PRIORITY, Band, key_of_id
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.ledger.contract import AlertQuery, AlertStory, AttemptRow, DeliveryStory, Page
from tocsin.ledger.page import below, bounded, page_of
from tocsin.ledger.queue import ATTEMPT, attempt_of
from tocsin.ledger.rows import DELIVERY, RECORD, delivery_of, record_of
from tocsin.ledger.schema import (
    ALONE,
    alerts,
    attempt_members,
    attempts,
    clicks,
    deliveries,
    episodes,
    events,
    in_state,
    stream,
)
from tocsin.ledger.transaction import AnyRow

_EVENT = (events.c.position, events.c.kind, events.c.at, events.c.opened_at)
_DELIVERIES = select(*DELIVERY).join(alerts, alerts.c.key == deliveries.c.alert)
_BOTH = select(*DELIVERY, *RECORD).join(alerts, alerts.c.key == deliveries.c.alert)
_ATTEMPTS = (
    select(attempt_members.c.delivery, *ATTEMPT)
    .join(attempts, attempts.c.key == attempt_members.c.attempt)
    .join(deliveries, deliveries.c.key == attempt_members.c.delivery)
    .order_by(attempts.c.key)
)


def alerts_page(connection: Connection, query: AlertQuery) -> Page[AlertRecord]:
    limit, last = bounded(query.limit), below(query.page, "alerts")
    statement = select(alerts.c.key, *RECORD).where(*_conditions(query)).order_by(alerts.c.key.desc()).limit(limit + 1)
    if last is not None:
        statement = statement.where(alerts.c.key < last)
    return page_of(connection.execute(statement).all(), limit, "alerts", lambda row: record_of(row[1:]))


def alert(connection: Connection, identifier: UUID) -> AlertRecord | None:
    row = connection.execute(select(*RECORD).where(alerts.c.id == identifier)).first()
    return None if row is None else record_of(row)


def story(connection: Connection, identifier: UUID) -> AlertStory | None:
    row = connection.execute(select(alerts.c.key, alerts.c.position, *RECORD).where(alerts.c.id == identifier)).first()
    if row is None:
        return None
    key, position, *record = row
    made = connection.execute(_DELIVERIES.where(deliveries.c.alert == key).order_by(deliveries.c.key)).all()
    tried = _attempts_by_delivery(connection, key)
    stories = tuple(DeliveryStory(delivery_of(one), tuple(tried[one.key])) for one in made)
    return AlertStory(record_of(record), position, stories, _clicks(connection, key))


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
    """A key that stands in another name (a wrong moment before it) is not this one."""
    row = connection.execute(_DELIVERIES.where(deliveries.c.key == key_of_id(identifier))).first()
    found = None if row is None else delivery_of(row)
    return found if found is not None and found.id == identifier else None


def by_key(connection: Connection, key: int) -> tuple[Delivery, AlertRecord] | None:
    row = connection.execute(_BOTH.where(deliveries.c.key == key)).first()
    return None if row is None else (delivery_of(row[: len(DELIVERY)]), record_of(row[len(DELIVERY) :]))


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


def _event(row: AnyRow) -> Event:
    position, kind, at, opened_at, *record = row
    return Event(position=position, kind=EventKind(kind), at=at, record=record_of(record), opened_at=opened_at)


def _attempts_by_delivery(connection: Connection, alert_key: int) -> defaultdict[int, list[AttemptRow]]:
    tried: defaultdict[int, list[AttemptRow]] = defaultdict(list)
    for number, *values in connection.execute(_ATTEMPTS.where(deliveries.c.alert == alert_key)):
        tried[number].append(attempt_of(values))
    return tried


def _clicks(connection: Connection, alert_key: int) -> tuple[Any, ...]:
    of_people = (
        select(clicks.c.at)
        .join(deliveries, deliveries.c.key == clicks.c.delivery)
        .where(deliveries.c.alert == alert_key, ~clicks.c.robot)
        .order_by(clicks.c.at)
    )
    return tuple(connection.scalars(of_people))


def _conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool] | None] = [
        alerts.c.type.in_([kind.value for kind in query.types]) if query.types else None,
        or_(*map(_sku_like, query.skus)) if query.skus else None,
        or_(*(_like(alerts.c.retailer, retailer) for retailer in query.retailers)) if query.retailers else None,
        or_(*map(_in_band, query.bands)) if query.bands else None,
        alerts.c.priority >= query.min_priority if query.min_priority > 1 else None,
        alerts.c.decision == query.decision.value if query.decision else None,
        _in_alert_state(query.state),
        alerts.c.accepted_at >= query.since if query.since else None,
        alerts.c.accepted_at < query.until if query.until else None,
    ]
    return [condition for condition in conditions if condition is not None]


def _in_alert_state(state: str | None) -> ColumnElement[bool] | None:
    match state:
        case None:
            return None
        case "open":
            return alerts.c.closed_at.is_(None)
        case "closed":
            return alerts.c.closed_at.is_not(None)
    return false()


def _sku_like(pattern: str) -> ColumnElement[bool]:
    """`sku`, or `retailer:sku`; a colon may also belong to the SKU itself."""
    retailer, colon, sku = pattern.partition(":")
    whole = _sku_is(pattern)
    return or_(whole, and_(_like(alerts.c.retailer, retailer), _sku_is(sku))) if colon else whole


def _sku_is(pattern: str) -> ColumnElement[bool]:
    """By way of the product's episodes, whose index is small; what was filtered or was a test has none."""
    if "*" in pattern:
        return _like(alerts.c.sku, pattern)
    of_product = select(episodes.c.key).where(episodes.c.sku == pattern)
    return alerts.c.episode.in_(of_product) | (ALONE & (alerts.c.sku == pattern))


def _like(column: ColumnElement[str], glob: str) -> ColumnElement[bool]:
    if "*" not in glob:
        return column == glob
    escaped = glob.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return column.like(escaped, escape="\\")


def _in_band(band: Band) -> ColumnElement[bool]:
    above = [floor for floor in FLOOR.values() if floor > FLOOR[band]]
    return alerts.c.priority.between(FLOOR[band], min(above, default=TOP_PRIORITY + 1) - 1)
