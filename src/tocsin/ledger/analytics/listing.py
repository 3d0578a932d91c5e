"""What a figure counts is listed, by the same conditions that it was counted by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, exists, or_, select

from tocsin.core.alert import AlertType, id_of_key
from tocsin.core.analytics import Dimension
from tocsin.core.click import ClickKind
from tocsin.core.clock import epoch_micros
from tocsin.core.delivery import DeliveryState
from tocsin.ledger.analytics.counted import (
    DIMENSIONS,
    FAILURE,
    FIGURES,
    IS_DUE,
    NAMED_BEFORE,
    NO_TEST,
    NOT_SENT,
    OVER_A_SECOND,
    TABLES,
    TIMED,
    TOLD,
)
from tocsin.ledger.contract.analytics import CountedQuery, CountedRow
from tocsin.ledger.contract.history import Page
from tocsin.ledger.engine.rows import DELIVERY, delivery_of
from tocsin.ledger.engine.schema import alerts, clicks, deliveries, in_any, in_state
from tocsin.ledger.history.page import below, bounded, page_of

_PLANNED_AFTER = timedelta(days=2)  # a fallback takes over while the alert lives

CLICKED = exists().where(clicks.c.delivery == deliveries.c.key, clicks.c.kind == ClickKind.PERSON.value)
COUNTED: Mapping[str, ColumnElement[bool]] = {
    **{name: condition for name, condition in FIGURES.items() if name not in ("possibly_sent", "doubtful")},
    "due": IS_DUE,
    "unknown": in_any((DeliveryState.UNKNOWN, DeliveryState.POSSIBLY_SENT)),
    "not_sent": NOT_SENT,
    "timed": TIMED,
    "told": TOLD,
    "over_1s": OVER_A_SECOND,
    "clicked": CLICKED,
}

_ABOUT = (alerts.c.type, alerts.c.sku, alerts.c.retailer, alerts.c.product_name)
_FIRST_KEY = select(deliveries.c.key).join(alerts, alerts.c.key == deliveries.c.alert).limit(1)
_BEFORE = _FIRST_KEY.where(alerts.c.id < bindparam("named")).order_by(alerts.c.id.desc(), deliveries.c.key)
_AFTER = _FIRST_KEY.where(alerts.c.id >= bindparam("named")).order_by(alerts.c.id, deliveries.c.key)


def counted(connection: Connection, query: CountedQuery, now: datetime) -> Page[CountedRow]:
    """Read a page of what a figure counts, the newest first."""
    limit, last = bounded(query.limit), below(query.page, "counted")
    statement = (
        select(*DELIVERY, *_ABOUT)
        .select_from(TABLES)
        .where(NO_TEST, *_conditions(query), *_bounds(connection, query))
        .order_by(deliveries.c.key.desc())
        .limit(limit + 1)
    )
    if last is not None:
        statement = statement.where(deliveries.c.key < last)
    rows = connection.execute(statement, {"now": epoch_micros(now)}).all()
    return page_of(rows, limit, "counted", _row_of)


def _row_of(values: Sequence[Any]) -> CountedRow:
    *delivery, kind, sku, retailer, product_name = values
    return CountedRow(delivery_of(delivery), AlertType(kind), sku, retailer, product_name)


def _conditions(query: CountedQuery) -> Iterator[ColumnElement[bool]]:
    if query.figure is not None:
        yield COUNTED[query.figure]
    if query.reason is not None:
        failed = and_(in_state(DeliveryState.REFUSED), FAILURE.in_((query.reason,)))
        yield or_(and_(NOT_SENT, deliveries.c.why == query.reason), failed)
    if query.state is not None:
        yield in_state(query.state)
    if query.since is not None:
        yield alerts.c.accepted_at >= query.since
    if query.until is not None:
        yield alerts.c.accepted_at < query.until
    for by, value in query.of.items():
        if by is Dimension.CHANNEL:
            yield deliveries.c.target.startswith(f"{value}:", autoescape=True)
        else:
            yield DIMENSIONS[by] == value


def _bounds(connection: Connection, query: CountedQuery) -> Iterator[ColumnElement[bool]]:
    """Keys are given out in the order of planning: so a time is a span of keys, whichever of them count."""
    for statement, moment in (
        (_BEFORE, query.since and query.since - NAMED_BEFORE),
        (_AFTER, query.until and query.until + _PLANNED_AFTER),
    ):
        found = moment and connection.scalar(statement, {"named": id_of_key(moment, 0)})
        if found is not None:
            edge = bindparam(None, found, BigInteger)
            yield deliveries.c.key < edge if statement is _AFTER else deliveries.c.key >= edge
