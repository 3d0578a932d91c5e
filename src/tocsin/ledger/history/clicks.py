"""Clicks are kept: short links that were followed, and by whom."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from tocsin.core.click import SEVERAL, Click, ClickKind
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import Moment, clicks, deliveries
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.people.questions import note_click

_LATELY = 200  # clicks that are looked through for those of the same message: more than come in two seconds

_CLICK = insert(clicks)
_newest = select(clicks).order_by(clicks.c.key.desc()).limit(_LATELY).subquery()
_other = deliveries.alias("other")
_same_message = (_other.c.attempt == deliveries.c.attempt) & (_other.c.slot == deliveries.c.slot)
# Of a target that is no list nobody knows who follows two links of one message: many read it.
_BESIDE = (
    select(_newest.c.key)
    .join(_other, _other.c.key == _newest.c.delivery)
    .join(deliveries, _same_message & (deliveries.c.slot > 0) & (deliveries.c.key != _other.c.key))
    .where(deliveries.c.key == bindparam("of"), _newest.c.kind != ClickKind.ROBOT.value)
    .where(_newest.c.at > bindparam("since", type_=Moment))
)
_SUSPECT = (
    update(clicks)
    .where(among(clicks.c.key, "keys"), clicks.c.kind == ClickKind.PERSON.value)
    .values(kind=ClickKind.SUSPECT.value, why=SEVERAL)
)


def click(transaction: Transaction, delivery: int, followed: Click, together: timedelta) -> None:
    beside = _beside(transaction, delivery, followed, together)
    if beside:
        transaction.write(_SUSPECT, keys=beside)
    if beside and followed.kind is ClickKind.PERSON:
        followed = replace(followed, kind=ClickKind.SUSPECT, why=SEVERAL)
    transaction.write(_CLICK, delivery=delivery, at=followed.at, kind=followed.kind.value, why=followed.why)
    if followed.kind is ClickKind.PERSON:
        note_click(transaction, delivery, followed)


def clicks_of(connection: Connection, alert_key: int) -> tuple[Click, ...]:
    """Of persons and suspects, on the links of that alert, in the order in which they came."""
    rows = connection.execute(
        select(clicks.c.at, clicks.c.kind, clicks.c.why)
        .join(deliveries, deliveries.c.key == clicks.c.delivery)
        .where(deliveries.c.alert == alert_key, clicks.c.kind != ClickKind.ROBOT.value)
        .order_by(clicks.c.at)
    )
    return tuple(Click(at, ClickKind(kind), why) for at, kind, why in rows)


def _beside(transaction: Transaction, delivery: int, followed: Click, together: timedelta) -> Sequence[int]:
    """The clicks of the same person on other links of the same message, made at the same time."""
    if followed.kind is ClickKind.ROBOT:
        return ()
    return [row.key for row in transaction.rows(_BESIDE, of=delivery, since=followed.at - together)]
