"""A settlement writes down what became of deliveries, once, by who holds their fence. Waiting calls share the
statements.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, bindparam, or_, select, update

from tocsin.core.delivery import Delivery, DeliveryState, Why, check_move
from tocsin.core.part import Part
from tocsin.ledger.contract import Move, MoveResult, Settlement
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import Held, held_of
from tocsin.ledger.engine.schema import PENDING, attempts, deliveries, messages
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.operations.targets import disable
from tocsin.ledger.queue import merge, message_edits
from tocsin.ledger.queue.fallback import episodes_of, take_over
from tocsin.ledger.queue.moves import DELIVERIES, note, put
from tocsin.ledger.queue.superseding import MAYBE_THERE, supersede

_FINISH = update(attempts).where(attempts.c.key == bindparam("number"))
_HELD = (  # in order: two nodes that move the same ones wait for each other, and never in a circle
    DELIVERIES.where(among(deliveries.c.key, "keys")).order_by(deliveries.c.key).with_for_update(of=deliveries)
)
_REPEATED = or_(deliveries.c.possibly_repeated, bindparam("repeated", type_=Boolean))
_MOVE = update(deliveries).where(among(deliveries.c.key, "keys")).values(possibly_repeated=_REPEATED)
_WAITING = (
    select(deliveries.c.lane, deliveries.c.episode, deliveries.c.why)
    .where(PENDING, among(deliveries.c.episode, "episodes"))
    .distinct()
)
_STANDING = select(messages.c.delivery).where(among(messages.c.delivery, "keys"))


def settle(transaction: Transaction, settlements: Sequence[Settlement]) -> list[MoveResult]:
    transaction.write_each(_FINISH, [_end(transaction, one) for one in settlements])
    moved = _move(transaction, [one.moves for one in settlements])
    for one, what in zip(settlements, moved, strict=True):
        if one.joined is not None:
            merge.end(transaction, one, one.joined, what)
    return [_rest(transaction, *each) for each in zip(settlements, moved, strict=True)]


def move(transaction: Transaction, calls: Sequence[Sequence[Move]]) -> list[MoveResult]:
    """Make moves outside an attempt: what was found out, or given up, and an operator's retry."""
    results = _move(transaction, calls, noted=True)
    if any(one.state is DeliveryState.PENDING for result in results for one in result.deliveries):
        transaction.changed.add(Part.LANES)
    return results


def _move(transaction: Transaction, calls: Sequence[Sequence[Move]], *, noted: bool = False) -> list[MoveResult]:
    """Each call's deliveries as they now stand; a delivery that two calls move is moved twice, in turn. `noted`: no
    attempt tells of these.
    """
    keys = [one.key for call in calls for one in call]
    if len(set(keys)) < len(keys) and len(calls) > 1:
        return [moved for call in calls for moved in _move(transaction, [call], noted=noted)]
    rows = {row.key: row for row in transaction.rows(_HELD, keys=keys)}
    wanted = [one for call in calls for one in call if one.key in rows and _is_as_seen(rows[one.key], one)]
    moved = {one.key: _moved(transaction, rows[one.key], one) for one in wanted}
    _save(transaction, wanted, moved)
    if noted:
        note(transaction, ((held_of(rows[key]).delivery, one.delivery) for key, one in moved.items()))
    _note_messages(transaction, wanted, moved)
    merge.leave(transaction, [one.key for one in wanted if one.why is Why.POISON])
    refused = [one for one in moved.values() if one.delivery.state is DeliveryState.REFUSED]
    taken, handed_to = take_over(transaction, refused)
    overtaken, freed = _settle_siblings(transaction, list(moved.values()), episodes_of(taken))
    told = {key: overtaken.pop(key, one.delivery) for key, one in moved.items()}
    first, *others = [_result(call, told, handed_to | freed) for call in calls]
    return [replace(first, deliveries=(*first.deliveries, *overtaken.values())), *others]


def _is_as_seen(row: AnyRow, wanted: Move) -> bool:
    return bool(row.fence == wanted.fence) and wanted.origin in (None, row.state)


def _end(transaction: Transaction, settlement: Settlement) -> dict[str, Any]:
    return {
        "number": settlement.attempt,
        "finished_at": transaction.now,
        "outcome": settlement.outcome,
        "status": settlement.status,
        "answer": settlement.answer,
        "mentioned": settlement.mentioned,
        "units": settlement.units,
    }


def _moved(transaction: Transaction, row: AnyRow, wanted: Move) -> Held:
    check_move(DeliveryState(row.state), wanted.to, wanted.why)
    now, why = transaction.now, None if wanted.why is None else wanted.why.value
    changes: dict[str, Any] = {"state": wanted.to.value, "why": why, "moved_at": now, "detail": wanted.detail}
    if wanted.to is DeliveryState.PENDING:
        changes["due"] = now + (wanted.wait or timedelta())
    if wanted.life is not None:
        changes["expires_at"] = now + wanted.life
    if wanted.possibly_repeated:
        changes["possibly_repeated"] = True
    return held_of(row, **changes)


def _save(transaction: Transaction, moves: Iterable[Move], moved: Mapping[int, Held]) -> None:
    """One statement for all that move alike: most of an attempt, mostly all of it."""
    alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for one in moves:
        now = moved[one.key].delivery
        times = [now.due, now.expires_at] if one.to is DeliveryState.PENDING else []
        alike[one.to, one.why, one.detail, one.possibly_repeated, *times].append(one.key)
    for (to, why, detail, repeated, *times), keys in alike.items():
        changes = dict(zip(("due", "expires_at"), times, strict=False))
        transaction.write(
            _MOVE,
            keys=keys,
            state=to.value,
            why=None if why is None else why.value,
            detail=detail,
            repeated=repeated,
            moved_at=transaction.now,
            **changes,
        )


def _note_messages(transaction: Transaction, moves: Iterable[Move], held: Mapping[int, Held]) -> None:
    """A reference names what stands at the provider from now on; the first one stays. What sold out while its message
    was on the way is to be edited at once.
    """
    told = {one.key: one.reference for one in moves if one.reference is not None}
    if not told:
        return
    known = {row.delivery for row in transaction.rows(_STANDING, keys=list(told))}
    rows = [
        (key, name, "open", "closed" if held[key].closed else "open", transaction.micros)
        for key, name in told.items()
        if key not in known
    ]
    transaction.insert(messages, rows)
    message_edits.forget_older(transaction, [held[key] for key in told])


def _settle_siblings(
    transaction: Transaction, ended: Sequence[Held], handed_on: set[int]
) -> tuple[dict[int, Delivery], set[str]]:
    """What came back to the queue is not wanted any more where its product is sold out, or a newer alert of its
    episode waits for the same target; nor are older ones beside it, or beside what was handed on in these episodes, nor
    what would be sent again though a newer one is there now. A newer one that waited for this one is free to go: its
    lane is told.
    """
    back = [one for one in ended if one.delivery.state is DeliveryState.PENDING]
    sold_out = [one.delivery for one in back if _sold_out(one)]
    moved = put(transaction, sold_out, DeliveryState.CANCELLED, Why.CLOSED)
    products = sorted({one.episode for one in ended if one.episode is not None})
    waiting = transaction.rows(_WAITING, episodes=products) if products else ()
    lanes = {row.lane for row in waiting}
    episodes = handed_on | {one.episode for one in back if one.episode is not None}
    episodes |= {row.episode for row in waiting if row.why in MAYBE_THERE}
    moved += supersede(transaction, episodes, {one.delivery.key for one in back})
    return {one.key: one for one in moved}, lanes | _freed(ended)


def _freed(ended: Iterable[Held]) -> set[str]:
    """Where something about the same product may have waited, to join the message."""
    return {one.delivery.lane for one in ended if one.product is not None}


def _sold_out(held: Held) -> bool:
    """An operator's retry is a wish that outlives the episode."""
    return held.closed and held.delivery.why is not Why.RETRIED


def _result(call: Sequence[Move], told: Mapping[int, Delivery], woken: set[str] | frozenset[str]) -> MoveResult:
    mine = tuple(told[one.key] for one in call if one.key in told)
    lost = tuple(one.key for one in call if one.key not in told)
    back = {one.lane for one in mine if one.state is DeliveryState.PENDING}
    return MoveResult(mine, lost, frozenset(back | woken))


def _rest(transaction: Transaction, settlement: Settlement, moved: MoveResult) -> MoveResult:
    if settlement.disable is None:
        return moved
    rest = disable(transaction, *settlement.disable)
    return MoveResult(moved.deliveries + rest.deliveries, moved.lost, moved.lanes | rest.lanes)
