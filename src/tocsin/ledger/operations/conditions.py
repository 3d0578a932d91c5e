"""Conditions are kept with what each operator has been told of them: so a restart tells nobody twice."""

import json

from sqlalchemy import Connection, bindparam, delete, select

from tocsin.core.condition import Condition, Phase, What
from tocsin.core.part import Part
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import conditions
from tocsin.ledger.engine.transaction import Transaction

_FORGET = delete(conditions).where(conditions.c.what == bindparam("kind"), conditions.c.about == bindparam("whom"))
_ALL = select(conditions).order_by(conditions.c.began_at, conditions.c.what, conditions.c.about)


def keep(transaction: Transaction, condition: Condition) -> None:
    """Keep the condition, in place of what was known of it."""
    forget(transaction, condition.what, condition.about)
    row = (
        condition.what.value,
        condition.about,
        transaction.stored(condition.began_at),
        None if condition.over_at is None else transaction.stored(condition.over_at),
        condition.detail,
        json.dumps({str(target): phase.value for target, phase in condition.told.items()}),
    )
    transaction.insert(conditions, [row])


def forget(transaction: Transaction, what: What, about: str) -> None:
    transaction.changed.add(Part.CONDITIONS)
    transaction.write(_FORGET, kind=what.value, whom=about)


def listed(connection: Connection) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            what=What(row.what),
            about=row.about,
            began_at=row.began_at,
            over_at=row.over_at,
            detail=row.detail,
            told={target_of(target): Phase(phase) for target, phase in json.loads(row.told).items()},
        )
        for row in connection.execute(_ALL)
    )
