"""What telling people brought is added up from the purchases themselves: there are few, and retention passes them
by.
"""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, select

from tocsin.core.analytics import HOUR_MICROS, Dimension, hour_from
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.analytics.counted import OF_ALERT, channel_of
from tocsin.ledger.analytics.sums import bucket_of
from tocsin.ledger.contract.analytics import BoughtRow, FigureQuery
from tocsin.ledger.engine.schema import Moment, alerts
from tocsin.ledger.history.punctuality import micros
from tocsin.ledger.purchases.schema import is_newest, monthly_costs, purchases

_HOUR = micros(purchases.c.at) // HOUR_MICROS
_OF = {
    Dimension.ALL: OF_ALERT[Dimension.ALL],
    Dimension.CHANNEL: channel_of(purchases.c.target),
    Dimension.LIST: purchases.c.target,
    Dimension.RETAILER: purchases.c.retailer,
    Dimension.PRODUCT: purchases.c.retailer + ":" + purchases.c.sku,
    Dimension.TYPE: OF_ALERT[Dimension.TYPE],
    Dimension.BAND: OF_ALERT[Dimension.BAND],
}
_STATES = {state.value: purchases.c.state == state.value for state in PurchaseState}
_MONTHS = select(monthly_costs)


def brought(connection: Connection, query: FigureQuery) -> tuple[BoughtRow, ...]:
    of = {"since": hour_from(query.since), "until": hour_from(query.until)}
    return tuple(
        BoughtRow(
            value=row.value or "",
            bucket=row.bucket,
            currency=row.currency,
            confirmed=int(row.confirmed),
            pending=int(row.pending),
            reported=int(row.reported),
            reversed=int(row.reversed),
            alerts=row.alerts,
            amount=row.amount or Decimal(),
            commission=row.commission or Decimal(),
            pending_amount=row.pending_amount or Decimal(),
            pending_commission=row.pending_commission or Decimal(),
        )
        for row in connection.execute(_purchases(query), of)
    )


def months(connection: Connection) -> dict[tuple[str, str], tuple[Decimal, str]]:
    return {(row.month, row.channel): (row.amount, row.currency) for row in connection.execute(_MONTHS)}


def _purchases(query: FigureQuery) -> Select[Any]:
    """Those that are credited, as the newest revision of each says."""
    value, bucket = _OF[query.by].label("value"), bucket_of(_HOUR, query.buckets).label("bucket")
    counted = and_(
        purchases.c.at >= bindparam("since", type_=Moment),
        purchases.c.at < bindparam("until", type_=Moment),
        purchases.c.target.is_not(None),
        is_newest(),
    )
    base = (
        select(value, bucket, purchases)
        .select_from(purchases.outerjoin(alerts, alerts.c.key == purchases.c.alert))
        .where(counted)
        .subquery()
    )
    states = {name: base.c.state == name for name in _STATES}

    def many(name: str) -> ColumnElement[int]:
        return func.sum(case((states[name], 1), else_=0)).label(name)

    def money(column: str, state: PurchaseState, name: str) -> ColumnElement[Decimal]:
        return func.sum(case((states[state.value], base.c[column]))).label(name)

    bought = case((base.c.state != PurchaseState.REVERSED.value, base.c.alert))
    groups = (base.c.value, base.c.bucket, base.c.currency)
    return select(
        *groups,
        *map(many, _STATES),
        func.count(bought.distinct()).label("alerts"),
        money("amount", PurchaseState.CONFIRMED, "amount"),
        money("commission", PurchaseState.CONFIRMED, "commission"),
        money("amount", PurchaseState.PENDING, "pending_amount"),
        money("commission", PurchaseState.PENDING, "pending_commission"),
    ).group_by(*groups)
