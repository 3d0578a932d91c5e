"""A claim takes the most important due deliveries of a lane, as late as possible, before anything leaves."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    exists,
    insert,
    literal_column,
    select,
    type_coerce,
    update,
)

from tocsin.core.alert import FLOOR, Band
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import Claim, Claimed, ClaimRequest, Waiting
from tocsin.ledger.moves import put
from tocsin.ledger.rows import DELIVERY, RECORD, changed, delivery_of, record_of, target_of
from tocsin.ledger.schema import LATER, PENDING, Moment, alerts, attempt_members, attempts, deliveries, in_state
from tocsin.ledger.transaction import AnyRow, Transaction

BEYOND = 8  # read past the limit, so that one look is enough where some turn out to be expired
LOOKS = 100  # a lane full of expired deliveries is left to `expire` after so many

Bundle = Sequence[tuple[AnyRow, AlertRecord]]  # what one request is to carry

_older = deliveries.alias("older")


def _free() -> ColumnElement[bool]:
    """No older delivery of the same episode is being sent to the same target."""
    being_sent = in_state(DeliveryState.SENDING, _older)
    same = (_older.c.episode == deliveries.c.episode) & (_older.c.target == deliveries.c.target)
    return ~exists().where(being_sent, same, _older.c.key < deliveries.c.key)


_IN_LANE = (PENDING, deliveries.c.lane == bindparam("lane"))
_BY = bindparam("by", type_=Moment)
# What was planned for at once is due whatever the wall clock did since. The sum hides the column from the index by
# due time: what is due is looked for in order of importance.
_IS_DUE = ~LATER | (type_coerce(deliveries.c.due, BigInteger) + literal_column("0") <= _BY)


def _take(is_due: ColumnElement[bool], *order: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(*DELIVERY, deliveries.c.episode, *RECORD)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .where(*_IN_LANE, deliveries.c.priority >= bindparam("floor"), is_due, _free())
        .order_by(*order)
        .limit(bindparam("window"))
        .with_for_update(of=deliveries, skip_locked=True)
    )


_MOST_IMPORTANT = _take(_IS_DUE, deliveries.c.priority.desc(), deliveries.c.key)
_OLDEST = _take(_IS_DUE, deliveries.c.key)
_NEXT_DUE = select(deliveries.c.due).where(*_IN_LANE, LATER, _free()).order_by(deliveries.c.due).limit(1)
_BEST_BY = (
    select(deliveries.c.priority)
    .where(*_IN_LANE, _IS_DUE, _free())
    .order_by(deliveries.c.priority.desc(), deliveries.c.key)
    .limit(1)
)
_BEGIN = insert(attempts).returning(attempts.c.key, sort_by_parameter_order=True)
_SEND = (
    update(deliveries)
    .where(deliveries.c.key == bindparam("of"))
    .values(
        state=DeliveryState.SENDING.value,
        why=None,
        detail="",
        fence=deliveries.c.fence + 1,
        attempts=deliveries.c.attempts + 1,
        attempt=bindparam("number"),
        moved_at=bindparam("at"),
    )
)


def claim(transaction: Transaction, requests: Sequence[ClaimRequest]) -> list[Claimed]:
    return [_claim(transaction, request) for request in requests]


def _claim(transaction: Transaction, request: ClaimRequest) -> Claimed:
    alive, expired = _candidates(transaction, request)
    begun = _begin(transaction, list(_bundles(alive, request)))
    return Claimed(begun, _waiting(transaction, request.lane), tuple(expired))


def _candidates(transaction: Transaction, request: ClaimRequest) -> tuple[Sequence[AnyRow], list[Delivery]]:
    """What may be claimed, best first, and what was found past its life on the way (marked so)."""
    wanted = request.limit * request.attempts
    window = wanted + (BEYOND if wanted > 1 else 0)
    expired: list[Delivery] = []
    for _ in range(LOOKS):
        found = _look(transaction, request, window)
        over = [delivery_of(row[: len(DELIVERY)]) for row in found if row.expires_at <= transaction.now]
        expired += put(transaction, over, DeliveryState.EXPIRED, Why.PAST_LIFE)
        if len(over) < window:
            return [row for row in found if row.expires_at > transaction.now], expired
        window = 1000
    return [], expired


def _look(transaction: Transaction, request: ClaimRequest, window: int) -> Sequence[AnyRow]:
    statement = _OLDEST if request.oldest_first else _MOST_IMPORTANT
    floor = FLOOR[request.lowest]
    return transaction.rows(statement, lane=request.lane, floor=floor, by=transaction.now, window=window)


def _bundles(candidates: Sequence[AnyRow], request: ClaimRequest) -> Iterator[Bundle]:
    """One attempt after the other; two of them never carry the same episode to the same target at once."""
    left = list(candidates)
    for _ in range(request.attempts):
        if not left:
            return
        bundle = _bundle(left, request)
        yield bundle
        taken = {row.key for row, _ in bundle}
        busy = {(row.target, row.episode) for row, _ in bundle if row.episode is not None}
        left = [row for row in left if row.key not in taken and (row.target, row.episode) not in busy]


def _bundle(candidates: Sequence[AnyRow], request: ClaimRequest) -> Bundle:
    """The best one, and what goes with it: same target, one of each episode, as many as fit into one request."""
    together: list[AnyRow] = []
    products: set[int] = set()
    for row in candidates:
        if row.target == candidates[0].target and row.episode not in products and len(together) < request.limit:
            together.append(row)
            if row.episode is not None:
                products.add(row.episode)
    records = [record_of(row[len(DELIVERY) + 1 :]) for row in together]
    fit = request.pack(target_of(together[0].target), records) if len(together) > 1 else 1
    return list(zip(together, records, strict=True))[: max(1, fit)]


def _begin(transaction: Transaction, bundles: Sequence[Bundle]) -> tuple[Claim, ...]:
    """Each bundle is an attempt of its own; all of them share their statements."""
    keys = transaction.keys_of(_BEGIN, [_attempt(bundle, transaction.now) for bundle in bundles])
    carried = [(row.key, number) for number, bundle in zip(keys, bundles, strict=True) for row, _ in bundle]
    transaction.insert(attempt_members, carried)
    sent = [{"of": key, "number": number, "at": transaction.now} for key, number in carried]
    transaction.write_each(_SEND, sent)
    return tuple(_claimed(number, bundle, transaction.now) for number, bundle in zip(keys, bundles, strict=True))


def _attempt(bundle: Bundle, now: datetime) -> dict[str, Any]:
    first = bundle[0][0]
    return {
        "target": first.target,
        "lane": first.lane,
        "started_at": now,
        "answer": "",
        "mentioned": "",
        "members": len(bundle),
    }


def _claimed(number: int, bundle: Bundle, now: datetime) -> Claim:
    first = bundle[0][0]
    members = tuple((_sending(row, now), record) for row, record in bundle)
    return Claim(number, target_of(first.target), first.lane, now, members)


def _sending(row: AnyRow, now: datetime) -> Delivery:
    return changed(
        row,
        state=DeliveryState.SENDING.value,
        why=None,
        detail="",
        fence=row.fence + 1,
        attempts=row.attempts + 1,
        moved_at=now,
    )


def _waiting(transaction: Transaction, lane: str) -> Waiting | None:
    """Deliveries that wait for an older sibling do not count: the settlement of that one wakes their lane."""
    best = transaction.row(_BEST_BY, lane=lane, by=transaction.now)
    if best is not None:
        return Waiting(transaction.now, Band.of(best[0]))
    soonest = transaction.row(_NEXT_DUE, lane=lane)
    if soonest is None:
        return None
    best = transaction.row(_BEST_BY, lane=lane, by=soonest[0])
    return None if best is None else Waiting(soonest[0], Band.of(best[0]))
