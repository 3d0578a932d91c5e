"""What became of deliveries is written down, once, by who holds their fence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select, update

from tocsin.core.delivery import Delivery, DeliveryState, Why, check_move
from tocsin.ledger.contract import Move, Moved, Settlement
from tocsin.ledger.fallback import take_over
from tocsin.ledger.moves import DELIVERIES, KEYS_AT_ONCE, put, save
from tocsin.ledger.rest import disable
from tocsin.ledger.rows import Held, held_of
from tocsin.ledger.schema import PENDING, attempts, deliveries, messages
from tocsin.ledger.transaction import Transaction

_HELD = DELIVERIES.where(deliveries.c.key.in_(bindparam("keys", expanding=True))).with_for_update(of=deliveries)
_FINISH = update(attempts).where(attempts.c.key == bindparam("number"))
_WAITING = select(deliveries.c.key, deliveries.c.episode, deliveries.c.target, deliveries.c.lane).where(
    PENDING, deliveries.c.episode.in_(bindparam("episodes", expanding=True))
)
_STANDING = select(messages.c.delivery).where(messages.c.delivery.in_(bindparam("keys", expanding=True)))


def settle(transaction: Transaction, settlement: Settlement) -> Moved:
    transaction.write(
        _FINISH,
        number=settlement.attempt,
        finished_at=transaction.now,
        outcome=settlement.outcome,
        status=settlement.status,
        answer=settlement.answer,
        mentioned=settlement.mentioned,
    )
    moved = move(transaction, settlement.moves)
    if settlement.disable is None:
        return moved
    rest = disable(transaction, *settlement.disable)
    return Moved(moved.deliveries + rest.deliveries, moved.lost, moved.lanes | rest.lanes)


def move(transaction: Transaction, moves: Sequence[Move]) -> Moved:
    held = _hold(transaction, moves)
    wanted = {one.key: one for one in moves if one.key in held and held[one.key].delivery.fence == one.fence}
    lost = tuple(one.key for one in moves if one.key not in wanted)
    moved = {key: _moved(transaction, held[key].delivery, one) for key, one in wanted.items()}
    save(transaction, list(moved.values()))
    _note_messages(transaction, wanted.values())
    woken = {one.lane for one in moved.values() if one.state is DeliveryState.PENDING}
    refused = [held[key] for key, one in moved.items() if one.state is DeliveryState.REFUSED]
    _, handed_to = take_over(transaction, refused)
    overtaken, freed = _settle_siblings(transaction, [replace(held[key], delivery=one) for key, one in moved.items()])
    moved |= {one.key: one for one in overtaken}
    return Moved(tuple(moved.values()), lost, frozenset(woken | handed_to | freed))


def _hold(transaction: Transaction, moves: Sequence[Move]) -> Mapping[int, Held]:
    keys = [one.key for one in moves]
    chunks = (keys[start : start + KEYS_AT_ONCE] for start in range(0, len(keys), KEYS_AT_ONCE))
    rows = (row for chunk in chunks for row in transaction.rows(_HELD, keys=chunk))
    return {one.delivery.key: one for one in map(held_of, rows)}


def _moved(transaction: Transaction, delivery: Delivery, wanted: Move) -> Delivery:
    check_move(delivery.state, wanted.to, wanted.why)
    now, expires_at = transaction.now, delivery.expires_at
    if wanted.why is Why.RETRIED:
        expires_at = now + (delivery.expires_at - delivery.planned_at)
    due = now if wanted.to is DeliveryState.PENDING else delivery.due
    return replace(
        delivery,
        state=wanted.to,
        why=wanted.why,
        due=wanted.due or due,
        expires_at=expires_at,
        moved_at=now,
        detail=wanted.detail,
        possibly_repeated=delivery.possibly_repeated or wanted.possibly_repeated,
    )


def _note_messages(transaction: Transaction, moves: Iterable[Move]) -> None:
    """A reference names what stands at the provider from now on; the first one stays."""
    told = {one.key: one.reference for one in moves if one.reference is not None}
    if not told:
        return
    known = {row.delivery for row in transaction.rows(_STANDING, keys=list(told))}
    rows = [(key, name, "open", "open", transaction.micros) for key, name in told.items() if key not in known]
    transaction.insert(messages, rows)


def _settle_siblings(transaction: Transaction, ended: Sequence[Held]) -> tuple[list[Delivery], set[str]]:
    """What came back to the queue is not wanted any more where its product is sold out, or a newer alert of its
    episode waits for the same target. A newer one that waited for this one is free to go: its lane is told.
    """
    back = [one for one in ended if one.delivery.state is DeliveryState.PENDING]
    moved = put(transaction, [one.delivery for one in back if _sold_out(one)], DeliveryState.CANCELLED, Why.CLOSED)
    products = sorted({one.episode for one in ended if one.episode is not None})
    if not products:
        return moved, set()
    rows = transaction.rows(_WAITING, episodes=products)
    newest: dict[tuple[int, str], int] = {}
    for row in rows:
        place = (row.episode, row.target)
        newest[place] = max(row.key, newest.get(place, 0))
    late = [
        one.delivery
        for one in back
        if not _sold_out(one) and newest.get((one.episode or 0, str(one.delivery.target)), 0) > one.delivery.key
    ]
    moved += put(transaction, late, DeliveryState.CANCELLED, Why.SUPERSEDED)
    return moved, {row.lane for row in rows}


def _sold_out(held: Held) -> bool:
    """An operator's retry is a wish that outlives the episode."""
    return held.closed and held.delivery.why is not Why.RETRIED
