"""Clicks are kept: short links that were followed, and by whom."""

from sqlalchemy import insert

from tocsin.core.click import Click
from tocsin.ledger.engine.schema import clicks
from tocsin.ledger.engine.transaction import Transaction

_CLICK = insert(clicks)


def click(transaction: Transaction, delivery: int, followed: Click) -> None:
    transaction.write(_CLICK, delivery=delivery, at=followed.at, kind=followed.kind.value, why=followed.why)
