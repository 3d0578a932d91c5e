"""Clicks are kept: short links that were followed, and by whom."""

from sqlalchemy import Connection, insert, select

from tocsin.core.click import Click, ClickKind
from tocsin.ledger.engine.schema import clicks, deliveries
from tocsin.ledger.engine.transaction import Transaction

_CLICK = insert(clicks)


def click(transaction: Transaction, delivery: int, followed: Click) -> None:
    transaction.write(_CLICK, delivery=delivery, at=followed.at, kind=followed.kind.value, why=followed.why)


def clicks_of(connection: Connection, alert_key: int) -> tuple[Click, ...]:
    """Of persons and suspects, on the links of that alert, in the order in which they came."""
    rows = connection.execute(
        select(clicks.c.at, clicks.c.kind, clicks.c.why)
        .join(deliveries, deliveries.c.key == clicks.c.delivery)
        .where(deliveries.c.alert == alert_key, clicks.c.kind != ClickKind.ROBOT.value)
        .order_by(clicks.c.at)
    )
    return tuple(Click(at, ClickKind(kind), why) for at, kind, why in rows)
