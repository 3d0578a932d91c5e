"""A mention is written to its attempt before the request that makes it leaves."""

from sqlalchemy import bindparam, update

from tocsin.ledger.engine.schema import attempts
from tocsin.ledger.engine.transaction import Transaction

_NOTE = update(attempts).where(attempts.c.key == bindparam("number"))


def note(transaction: Transaction, attempt: int, mentioned: str) -> None:
    transaction.write(_NOTE, number=attempt, mentioned=mentioned)
