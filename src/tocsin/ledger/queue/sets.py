"""Waiting sets: one row for up to 4,096 people of a list. Who is claimed gets a row of their own, and leaves the set.

For one alert and target nobody is in two sets, nor in a set and in a row; together they are those who were planned.
Keys say so, too: each set has a key for each of its slots right below its own, so that somebody who was taken out has
the one row that there can be, and stands before the rest of the set and behind whatever was planned earlier.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, bindparam, delete, insert, literal, null, select, true, update

from tocsin.core.decision import Plan
from tocsin.core.recipients import SLOTS, Audience, Shard, shards_of
from tocsin.ledger.engine.in_list import each_of
from tocsin.ledger.engine.rows import Held, delivery_row, place_of
from tocsin.ledger.engine.schema import deliveries, delivery_moves
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import AnyRow, Transaction

_KEY, _SLOT = place_of("key"), place_of("slot")
_OWN = ("key", "slot", "recipients", "people")  # what a row that is made from another does not have from it
_COPIED = tuple(column for column in deliveries.columns if column.name not in _OWN)
_NAMES = [*_OWN, *(column.name for column in _COPIED)]

_slots = each_of("slots")
_slot = _slots.c.value
_ROWS = insert(deliveries).from_select(
    _NAMES,
    select(deliveries.c.key - 1 - _slot % SLOTS, _slot, null(), literal(1, Integer), *_COPIED)
    .select_from(deliveries.join(_slots, true()))
    .where(deliveries.c.key == bindparam("of")),
)
_PART = insert(deliveries).from_select(
    _NAMES,
    select(
        bindparam("number", type_=BigInteger),
        null(),
        bindparam("packed", type_=LargeBinary),
        bindparam("many", type_=Integer),
        *_COPIED,
    ).where(deliveries.c.key == bindparam("of")),
)
_RECIPIENTS = select(deliveries.c.recipients).where(deliveries.c.key == bindparam("of"))
_KEEP = update(deliveries).where(deliveries.c.key == bindparam("of"))
_EMPTY = (
    delete(deliveries).where(deliveries.c.key == bindparam("of")),
    delete(delivery_moves).where(delivery_moves.c.delivery == bindparam("of")),
)


def rows_of(
    transaction: Transaction,
    stream: Stream,
    plan: Plan,
    audience: Audience,
    *,
    alert: int,
    priority: int,
    episode: int | None,
) -> list[tuple[Any, ...]]:
    """The sets of an audience, as they are written."""
    return [
        delivery_row(
            transaction, key_for(stream, shard), plan, alert=alert, priority=priority, episode=episode, shard=shard
        )
        for shard in shards_of(audience)
    ]


def key_for(stream: Stream, shard: Shard) -> int:
    """With a key below it for everybody who may be taken out."""
    return stream.next_delivery(room=shard.bits.bit_length())


def is_set(row: AnyRow) -> bool:
    """From the columns of `DELIVERY`."""
    return row[_SLOT] is None


def take_out(transaction: Transaction, candidates: Sequence[AnyRow], wanted: int) -> bool:
    """So many of the best, those of sets among them, each with a row of their own. False where no set had to be asked:
    the candidates are rows already.
    """
    taken, left = False, wanted
    for row in candidates:
        if left <= 0:
            break
        if is_set(row):
            left -= _take(transaction, row[_KEY], left)
            taken = True
        else:
            left -= 1
    return taken


def take_one(transaction: Transaction, key: int, shard: Shard, slot: int) -> None:
    """That one out of a set, where it is among its people, with a row of its own."""
    one = Shard.of(slot)
    if one.number == shard.number and one.bits & shard.bits:
        transaction.write(_ROWS, of=key, slots=[slot])
        _keep(transaction, key, shard._replace(bits=shard.bits ^ one.bits))


def split_off(transaction: Transaction, stream: Stream, held: Held, leaving: int) -> Held | None:
    """Those of a set, or the one of a row, who are among the bits of `leaving`, as a row that may be moved; the others
    stay where they are. None where it is for none of these.
    """
    assert held.shard is not None, "only what is for people can be split"
    part = held.shard._replace(bits=held.shard.bits & leaving)
    if not part.bits:
        return None
    if part == held.shard:
        return held
    key = key_for(stream, part)
    transaction.write(_PART, of=held.delivery.key, number=key, packed=part.pack(), many=part.size)
    _keep(transaction, held.delivery.key, held.shard._replace(bits=held.shard.bits ^ part.bits))
    return replace(held, delivery=replace(held.delivery, key=key, people=part.size), shard=part)


def split_off_alone(transaction: Transaction, held: Held, leaving: int) -> Held | None:
    """The same, where nothing else of the transaction draws keys."""
    if held.shard is None or held.shard.bits & ~leaving == 0:
        return held
    if not held.shard.bits & leaving:
        return None
    stream = Stream(transaction)
    part = split_off(transaction, stream, held, leaving)
    stream.save()
    return part


def shard_of(row: AnyRow) -> Shard:
    """Whom a row with `slot` and `recipients` is for. A target that is no list has the place that is nobody's."""
    return Shard.unpack(row.recipients) if row.slot is None else Shard.of(row.slot)


def _take(transaction: Transaction, key: int, most: int) -> int:
    row = transaction.row(_RECIPIENTS, of=key)
    assert row is not None, "it is locked, or there is no other writer"
    out, rest = Shard.unpack(row.recipients).split(most)
    transaction.write(_ROWS, of=key, slots=list(out.slots()))
    _keep(transaction, key, rest)
    return out.size


def _keep(transaction: Transaction, key: int, rest: Shard) -> None:
    """A set that is empty is over, and shown nowhere: those who were in it have rows."""
    if rest.bits:
        transaction.write(_KEEP, of=key, recipients=rest.pack(), people=rest.size)
    else:
        for statement in _EMPTY:
            transaction.write(statement, of=key)
