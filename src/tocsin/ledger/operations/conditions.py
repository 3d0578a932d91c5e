"""Conditions are kept with what each operator has been told of them: so a restart tells nobody twice."""

import json
from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tocsin.core.condition import Condition, Phase, What
from tocsin.core.delivery import Target
from tocsin.core.part import Part
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import conditions
from tocsin.ledger.engine.transaction import Transaction

_THIS = (conditions.c.what == bindparam("kind"), conditions.c.about == bindparam("whom"))
_TOLD = select(conditions.c.told).where(*_THIS).with_for_update()
_NEW = insert(conditions)
_CHANGE = update(conditions).where(*_THIS)
_FORGET = delete(conditions).where(*_THIS)
_ALL = select(conditions).order_by(conditions.c.began_at, conditions.c.what, conditions.c.about)


def keep(transaction: Transaction, condition: Condition) -> None:
    """Keep the condition, in place of what was known of it. What others told of it stays; where two nodes see it begin
    at once, one keeps it.
    """
    transaction.changed.add(Part.CONDITIONS)
    what, about = condition.what, condition.about
    before = _told(transaction, what, about)
    values = {
        "began_at": condition.began_at,
        "over_at": condition.over_at,
        "detail": condition.detail,
        "told": json.dumps((before or {}) | _words(condition.told)),
        "node": condition.node,
    }
    if before is not None:
        transaction.write(_CHANGE, kind=what.value, whom=about, **values)
        return
    with suppress(IntegrityError), transaction.undoing():
        transaction.write(_NEW, what=what.value, about=about, **values)


def tell(transaction: Transaction, what: What, about: str, told: Mapping[Target, Phase]) -> None:
    """Keep what these targets were told of a condition, if it is still there."""
    transaction.changed.add(Part.CONDITIONS)
    before = _told(transaction, what, about)
    if before is not None:
        transaction.write(_CHANGE, kind=what.value, whom=about, told=json.dumps(before | _words(told)))


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
            node=row.node,
        )
        for row in connection.execute(_ALL)
    )


def _told(transaction: Transaction, what: What, about: str) -> dict[str, str] | None:
    row = transaction.row(_TOLD, kind=what.value, whom=about)
    return None if row is None else json.loads(row.told)


def _words(told: Mapping[Target, Phase]) -> dict[str, str]:
    return {str(target): phase.value for target, phase in told.items()}
