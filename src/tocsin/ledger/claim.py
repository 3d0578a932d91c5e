"""A claim takes the most important due deliveries of a lane, as late as possible, before anything leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

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
from tocsin.ledger.rows import DELIVERY, RECORD, delivery_of, record_of
from tocsin.ledger.schema import PENDING, Moment, alerts, attempt_members, attempts, deliveries, in_state
from tocsin.ledger.transaction import AnyRow, Transaction

BEYOND = 8  # read past the limit, so that one look is enough where some turn out to be expired
LOOKS = 100  # a lane full of expired deliveries is left to `expire` after so many

_older = deliveries.alias("older")


def _free() -> ColumnElement[bool]:
    """No older delivery of the same episode is being sent to the same target."""
    being_sent = in_state(DeliveryState.SENDING, _older)
    same = (_older.c.episode == deliveries.c.episode) & (_older.c.target == deliveries.c.target)
    return ~exists().where(being_sent, same, _older.c.key < deliveries.c.key)


_IN_LANE = (PENDING, deliveries.c.lane == bindparam("lane"))
_BY = bindparam("by", type_=Moment)
# The sum hides the column from the index by due time: what is due is looked for in order of importance.
_IS_DUE = type_coerce(deliveries.c.due, BigInteger) + literal_column("0") <= _BY


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
_OLDEST = _take(deliveries.c.due <= _BY, deliveries.c.due, deliveries.c.key)
_NEXT_DUE = select(deliveries.c.due).where(*_IN_LANE, _free()).order_by(deliveries.c.due).limit(1)
_BEST_BY = (
    select(deliveries.c.priority)
    .where(*_IN_LANE, _IS_DUE, _free())
    .order_by(deliveries.c.priority.desc(), deliveries.c.key)
    .limit(1)
)
_BEGIN = insert(attempts)
_SEND = (
    update(deliveries)
    .where(deliveries.c.key.in_(bindparam("keys", expanding=True)))
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


class _Candidate(NamedTuple):
    delivery: Delivery
    episode: int | None
    record: AlertRecord


def claim(transaction: Transaction, requests: Sequence[ClaimRequest]) -> list[Claimed]:
    return [_claim(transaction, request) for request in requests]


def _claim(transaction: Transaction, request: ClaimRequest) -> Claimed:
    alive, expired = _candidates(transaction, request)
    bundle = _bundle(alive, request)
    begun = _begin(transaction, bundle) if bundle else None
    return Claimed(begun, _waiting(transaction, request.lane), tuple(expired))


def _candidates(transaction: Transaction, request: ClaimRequest) -> tuple[list[_Candidate], list[Delivery]]:
    """What may be claimed, best first, and what was found past its life on the way (marked so)."""
    window = request.limit + (BEYOND if request.limit > 1 else 1)
    expired: list[Delivery] = []
    for _ in range(LOOKS):
        found = _look(transaction, request, window)
        over = [candidate.delivery for candidate in found if candidate.delivery.expires_at <= transaction.now]
        expired += put(transaction, over, DeliveryState.EXPIRED, Why.PAST_LIFE)
        if len(over) < window:
            return [candidate for candidate in found if candidate.delivery.expires_at > transaction.now], expired
        window = 1000
    return [], expired


def _look(transaction: Transaction, request: ClaimRequest, window: int) -> list[_Candidate]:
    statement = _OLDEST if request.oldest_first else _MOST_IMPORTANT
    rows = transaction.rows(
        statement, lane=request.lane, floor=FLOOR[request.lowest], by=transaction.now, window=window
    )
    return [_candidate(row) for row in rows]


def _candidate(row: AnyRow) -> _Candidate:
    width = len(DELIVERY)
    return _Candidate(delivery_of(row[:width]), row[width], record_of(row[width + 1 :]))


def _bundle(candidates: Sequence[_Candidate], request: ClaimRequest) -> list[_Candidate]:
    """The best one, and what goes with it: same target, one of each episode, as many as fit into one request."""
    together: list[_Candidate] = []
    products: set[int] = set()
    for candidate in candidates:
        same_target = not together or candidate.delivery.target == together[0].delivery.target
        if same_target and candidate.episode not in products:
            together.append(candidate)
            if candidate.episode is not None:
                products.add(candidate.episode)
    together = together[: request.limit]
    if len(together) > 1:
        together = together[
            : max(1, request.pack(together[0].delivery.target, [candidate.record for candidate in together]))
        ]
    return together


def _begin(transaction: Transaction, bundle: Sequence[_Candidate]) -> Claim:
    now, first = transaction.now, bundle[0].delivery
    number = transaction.key_of(
        _BEGIN,
        target=str(first.target), lane=first.lane, started_at=now, answer="", mentioned="", members=len(bundle),
    )  # fmt: skip
    keys = [candidate.delivery.key for candidate in bundle]
    transaction.insert(attempt_members, [(key, number) for key in keys])
    transaction.write(_SEND, keys=keys, number=number, at=now)
    members = tuple((_sending(candidate.delivery, now), candidate.record) for candidate in bundle)
    return Claim(number, first.target, first.lane, now, members)


def _sending(delivery: Delivery, now: datetime) -> Delivery:
    return replace(
        delivery,
        state=DeliveryState.SENDING,
        why=None,
        detail="",
        fence=delivery.fence + 1,
        attempts=delivery.attempts + 1,
        moved_at=now,
    )


def _waiting(transaction: Transaction, lane: str) -> Waiting | None:
    """Deliveries that wait for an older sibling do not count: the settlement of that one wakes their lane."""
    soonest = transaction.row(_NEXT_DUE, lane=lane)
    if soonest is None:
        return None
    due = max(soonest[0], transaction.now)
    best = transaction.row(_BEST_BY, lane=lane, by=due)
    return None if best is None else Waiting(due, Band.of(best[0]))
