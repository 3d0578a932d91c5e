"""Short links that were followed."""

from sqlalchemy import insert

from tocsin.ledger.engine.schema import clicks
from tocsin.ledger.engine.transaction import Transaction

_CLICK = insert(clicks)


def click(transaction: Transaction, delivery: int, *, robot: bool) -> None:
    transaction.write(_CLICK, delivery=delivery, at=transaction.now, robot=robot)
