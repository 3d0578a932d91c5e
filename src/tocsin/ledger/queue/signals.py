"""A provider's signal is kept once, and matched with its delivery, now or when that one is known."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract import Judge, Move, MoveResult, ReceiptRow, Received, Settlement
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import cost_of, held_of
from tocsin.ledger.engine.schema import GATHERED, PARKED, deliveries, receipts, signals
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue.moves import DELIVERIES
from tocsin.ledger.queue.settle import move
from tocsin.ledger.queue.settle import settle as settle_attempts

_first = deliveries.alias("first")
_KEEP_MATCHED = insert(signals)
_KEEP = insert(signals).returning(signals.c.key, sort_by_parameter_order=True)
_MATCH = update(signals).where(signals.c.key == bindparam("number"))
_HELD = DELIVERIES.where(deliveries.c.key == bindparam("number")).with_for_update(of=deliveries)
# What left in one digest: the provider speaks of it by the first of them.
_WITH_IT = DELIVERIES.where(
    GATHERED,
    deliveries.c.key != bindparam("number"),
    deliveries.c.slot == bindparam("slot"),
    deliveries.c.attempt == select(_first.c.attempt).where(_first.c.key == bindparam("number")).scalar_subquery(),
).with_for_update(of=deliveries)
_HEARD = select(signals.c.channel, signals.c.event_id).where(among(signals.c.event_id, "events"))
_NAMED = select(receipts.c.delivery).where(
    receipts.c.channel == bindparam("channel"), receipts.c.reference == bindparam("name")
)
_RECEIPT = select(receipts).where(receipts.c.delivery == bindparam("number"))
_FORGET = delete(receipts).where(among(receipts.c.delivery, "keys"))
_NOTE = insert(receipts)
_PRICE = update(receipts).where(receipts.c.delivery == bindparam("number"))
_PARKED = (
    select(signals)
    .where(PARKED, signals.c.channel == bindparam("from_channel"))
    .where(or_(among(signals.c.delivery, "keys"), among(signals.c.reference, "names")))
    .order_by(signals.c.key)
)


def receive(transaction: Transaction, heard: Sequence[Signal], judge: Judge) -> Received:
    """Keep what is new, and apply what can be."""
    fresh = _unheard(transaction, heard)
    keys = transaction.keys_of(_KEEP, [_row(transaction, signal) for signal in fresh])
    result = Received(known=len(heard) - len(fresh))
    for key, signal in zip(keys, fresh, strict=True):
        result = _apply(transaction, key, signal, judge, result)
    return result


def keep_of_persons(transaction: Transaction, heard: Sequence[Signal]) -> list[Signal]:
    """Those that are new, kept: they move no delivery, and wait for none."""
    fresh = _unheard(transaction, heard)
    transaction.write_each(_KEEP_MATCHED, [{**_row(transaction, one), "matched_at": transaction.now} for one in fresh])
    return fresh


def settle(transaction: Transaction, settlements: Sequence[Settlement]) -> list[MoveResult]:
    """Write down what became of attempts, and apply what was heard of their deliveries before that."""
    moved = settle_attempts(transaction, settlements)
    return [_matched(transaction, *each) for each in zip(settlements, moved, strict=True)]


def receipt(connection: Connection, delivery: int) -> ReceiptRow | None:
    row = connection.execute(_RECEIPT, {"number": delivery}).first()
    if row is None:
        return None
    return ReceiptRow(row.reference, row.units, cost_of(row))


def _matched(transaction: Transaction, settlement: Settlement, moved: MoveResult) -> MoveResult:
    """Only a channel whose provider reports later pays for the look."""
    if settlement.receipts is None:
        return moved
    channel, judge = settlement.receipts
    _note_receipts(transaction, channel, settlement.moves)
    names = [move.reference for move in settlement.moves if move.reference is not None]
    keys = [move.key for move in settlement.moves]
    heard = Received()
    for row in transaction.rows(_PARKED, from_channel=channel, keys=keys, names=names):
        heard = _apply(transaction, row.key, _signal(row), judge, heard)
    latest = {one.key: one for one in (*moved.deliveries, *heard.moved)}
    return MoveResult(tuple(latest.values()), moved.lost, moved.lanes | heard.lanes)


def _note_receipts(transaction: Transaction, channel: str, moves: Sequence[Move]) -> None:
    """What the provider took, under its own name for it, and what that counts for. The newest request's stands."""
    told = [move for move in moves if move.reference is not None or move.units is not None]
    transaction.write(_FORGET, keys=[move.key for move in told])
    transaction.write_each(
        _NOTE,
        [
            {
                "delivery": move.key,
                "channel": channel,
                "reference": move.reference,
                **_counted(move),
            }
            for move in told
        ],
    )


def _unheard(transaction: Transaction, heard: Sequence[Signal]) -> list[Signal]:
    """Each event once, the first of those that come together."""
    rows = transaction.rows(_HEARD, events=sorted({signal.event_id for signal in heard}))
    seen = {(row.channel, row.event_id) for row in rows}
    fresh = []
    for signal in heard:
        if (name := (signal.channel, signal.event_id)) not in seen:
            seen.add(name)
            fresh.append(signal)
    return fresh


def _apply(transaction: Transaction, key: int, signal: Signal, judge: Judge, result: Received) -> Received:
    """Parked where nobody knows its delivery, or where that one is being sent: it is looked at again when that ends."""
    number = signal.delivery if signal.delivery is not None else _named(transaction, signal)
    row = None if number is None else transaction.row(_HELD, number=number)
    held = None if row is None else held_of(row).delivery
    steps = None if held is None else judge(held.state, held.why, signal.kind)
    if held is None or steps is None:
        return replace(result, parked=result.parked + 1)
    transaction.write(_MATCH, number=key, delivery=held.key, matched_at=transaction.now)
    if signal.units is not None or signal.cost is not None:
        _book(transaction, held, signal)
    for one in (held, *_in_one_digest(transaction, held)):
        result = _led(transaction, one, signal, judge(one.state, one.why, signal.kind) or (), result)
    return result


def _in_one_digest(transaction: Transaction, held: Delivery) -> list[Delivery]:
    if held.digest is None:
        return []
    return [held_of(row).delivery for row in transaction.rows(_WITH_IT, number=held.key, slot=held.slot)]


def _led(
    transaction: Transaction,
    held: Delivery,
    signal: Signal,
    steps: Iterable[tuple[DeliveryState, Why | None]],
    result: Received,
) -> Received:
    """One delivery by these steps, in turn."""
    led = False
    for to, why in steps:
        one = Move(key=held.key, fence=held.fence, to=to, why=why, detail=signal.detail)
        (moved,) = move(transaction, [[one]])
        held, *gave_way = moved.deliveries
        result = replace(result, moved=(*result.moved, *gave_way), lanes=result.lanes | moved.lanes)
        led = True
    return replace(result, moved=(*result.moved, held)) if led else result


def _named(transaction: Transaction, signal: Signal) -> int | None:
    row = transaction.row(_NAMED, channel=signal.channel, name=signal.reference) if signal.reference else None
    number: int | None = None if row is None else row.delivery
    return number


def _book(transaction: Transaction, held: Delivery, signal: Signal) -> None:
    """Units and price, as the provider counts them: often minutes after the message."""
    known = _counted(signal)
    told = {name: value for name, value in known.items() if value is not None}
    if transaction.write(_PRICE, number=held.key, **told) == 0:
        row = {"delivery": held.key, "channel": signal.channel, "reference": signal.reference, **known}
        transaction.write_each(_NOTE, [row])


def _row(transaction: Transaction, signal: Signal) -> dict[str, object]:
    return {
        "channel": signal.channel,
        "event_id": signal.event_id,
        "kind": signal.kind.value,
        "at": transaction.now,
        "delivery": signal.delivery,
        "reference": signal.reference,
        "detail": signal.detail,
        **_counted(signal),
    }


def _counted(told: Signal | Move) -> dict[str, object]:
    """What it counts for, and what the provider takes for it, as it is stored."""
    return {
        "units": told.units,
        "cost": told.cost and told.cost.amount,
        "currency": told.cost and told.cost.currency,
    }


def _signal(row: AnyRow) -> Signal:
    return Signal(
        channel=row.channel,
        event_id=row.event_id,
        kind=SignalKind(row.kind),
        delivery=row.delivery,
        reference=row.reference,
        detail=row.detail,
        units=row.units,
        cost=cost_of(row),
    )
