"""Accounts of alerts are read together: what became of each so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy import Connection, func, select

from tocsin.core.click import ClickKind
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.mirror import Account
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import RECORD, record_of, target_of
from tocsin.ledger.engine.schema import alerts, clicks, deliveries, events
from tocsin.ledger.purchases.schema import is_newest, purchases

_OF = among(deliveries.c.alert, "alerts")
_RECORDS = (
    select(alerts.c.key, events.c.at, events.c.opened_at, *RECORD)
    .outerjoin(events, events.c.position == alerts.c.closed_position)
    .where(among(alerts.c.key, "alerts"))
)
_STATES = (
    select(deliveries.c.alert, deliveries.c.target, deliveries.c.state, func.sum(deliveries.c.people).label("people"))
    .where(_OF)
    .group_by(deliveries.c.alert, deliveries.c.target, deliveries.c.state)
)
_CLICKS = (
    select(deliveries.c.alert, func.count().label("many"))
    .join(clicks, clicks.c.delivery == deliveries.c.key)
    .where(_OF, clicks.c.kind == ClickKind.PERSON.value)
    .group_by(deliveries.c.alert)
)
_PURCHASES = select(purchases.c.alert, purchases.c.state, purchases.c.amount, purchases.c.currency).where(
    among(purchases.c.alert, "alerts"), purchases.c.state != PurchaseState.REVERSED.value, is_newest()
)

_Counts = dict[Target, dict[DeliveryState, int]]


def accounts_of(connection: Connection, keys: Sequence[int]) -> Mapping[int, Account]:
    """Give account of alerts by their keys; those that are not kept any more are left out."""
    told = {"alerts": list(keys)}
    states: defaultdict[int, _Counts] = defaultdict(dict)
    for row in connection.execute(_STATES, told):
        states[row.alert].setdefault(target_of(row.target), {})[DeliveryState(row.state)] = int(row.people)
    clicked = {row.alert: row.many for row in connection.execute(_CLICKS, told)}
    bought: defaultdict[int, list[tuple[Decimal | None, str | None]]] = defaultdict(list)
    for row in connection.execute(_PURCHASES, told):
        bought[row.alert].append((row.amount, row.currency))
    return {
        key: Account(
            record=record_of(record),
            deliveries=states[key],
            sold_out_after=None if closed_at is None or opened_at is None else closed_at - opened_at,
            clicks=clicked.get(key, 0),
            purchases=len(bought[key]),
            amounts=_summed(bought[key]),
        )
        for key, closed_at, opened_at, *record in connection.execute(_RECORDS, told)
    }


def _summed(amounts: Sequence[tuple[Decimal | None, str | None]]) -> Mapping[str, Decimal]:
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for amount, currency in amounts:
        if amount is not None and currency is not None:
            total[currency] += amount
    return dict(total)
