"""A query's conditions are said as a database hears them."""

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, union_all

from tocsin.core.alert import FLOOR, TOP_PRIORITY, Band
from tocsin.core.delivery import UNDER_WAY, WENT_WRONG
from tocsin.ledger.contract import AlertQuery
from tocsin.ledger.engine.schema import ALONE, alerts, deliveries, episodes, in_any, in_state, texts
from tocsin.ledger.history.names import escaped, has

# Few deliveries are in these at any time: each has a small index of its own.
_RARE = frozenset({*UNDER_WAY, *WENT_WRONG})


def conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    narrowing: list[ColumnElement[bool] | None] = [
        alerts.c.type.in_([kind.value for kind in query.types]) if query.types else None,
        or_(*map(_sku_like, query.skus)) if query.skus else None,
        or_(*(_like(alerts.c.retailer, retailer) for retailer in query.retailers)) if query.retailers else None,
        or_(*map(_in_band, query.bands)) if query.bands else None,
        alerts.c.priority >= query.min_priority if query.min_priority > 1 else None,
        alerts.c.decision == query.decision.value if query.decision else None,
        _in_alert_state(query.state),
        alerts.c.accepted_at >= query.since if query.since else None,
        alerts.c.accepted_at < query.until if query.until else None,
        _was_delivered(query),
        *has(texts.c.text, query.words),
    ]
    return [condition for condition in narrowing if condition is not None]


def _was_delivered(query: AlertQuery) -> ColumnElement[bool] | None:
    """By way of the states where those are rare, else by way of each alert."""
    if not (query.channels or query.delivery_states):
        return None
    where = [or_(*map(_on_channel, query.channels))] if query.channels else []
    states = sorted(query.delivery_states)
    if states and _RARE.issuperset(states):
        found = union_all(*(select(deliveries.c.alert).where(in_state(state), *where) for state in states))
        return alerts.c.key.in_(found)
    if states:
        where.append(in_any(states))
    return exists().where(deliveries.c.alert == alerts.c.key, *where)


def _on_channel(channel: str) -> ColumnElement[bool]:
    """`channel`, or one target of it, `channel:name`."""
    if ":" in channel:
        return deliveries.c.target == channel
    return deliveries.c.target.startswith(f"{channel}:", autoescape=True)


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
    return column.like(escaped(glob).replace("*", "%"), escape="\\")


def _in_band(band: Band) -> ColumnElement[bool]:
    above = [floor for floor in FLOOR.values() if floor > FLOOR[band]]
    return alerts.c.priority.between(FLOOR[band], min(above, default=TOP_PRIORITY + 1) - 1)
