"""A claim takes the most important due deliveries of a lane, as late as possible, before anything leaves."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
    update,
)

from tocsin.core.alert import FLOOR, Band
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.ledger.cluster import owners
from tocsin.ledger.contract import Claim, Claimed, ClaimRequest, Full, StandingMessage, Waiting
from tocsin.ledger.engine.rows import DELIVERY, RECORD, changed, delivery_of, place_of, record_of, target_of
from tocsin.ledger.engine.schema import LATER, PENDING, Moment, alerts, attempt_members, attempts, deliveries, in_state
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.people.questions import note_asked
from tocsin.ledger.people.reach import introduce
from tocsin.ledger.queue import merge, sets
from tocsin.ledger.queue.day_limits import beyond
from tocsin.ledger.queue.digests import Digests
from tocsin.ledger.queue.merge import Standing
from tocsin.ledger.queue.moves import put

BEYOND = 2  # read past the limit, so that one look is enough where some turn out to be expired
SUSPECT_FROM = 2  # attempts; what comes back from doubt after so many leaves alone
LOOKS = 100  # a lane full of expired deliveries is left to `expire` after so many

Reach = Callable[[Transaction, Sequence[int]], Mapping[int, Recipient]]
"""By slot: those of them who may be told at this moment, and where to."""

Bundle = Sequence[tuple[AnyRow, AlertRecord]]  # what one request is to carry

# Where in a candidate's row they stand: each is looked at many times, and a place is found faster than a name.
_LOST = Claimed((), None, lost=True)
_DOUBTFUL = frozenset((Why.RESENT.value, Why.NOT_FOUND.value))
_KEY, _TARGET, _EXPIRES_AT, _SLOT = (place_of(name) for name in ("key", "target", "expires_at", "slot"))
_ALERT = place_of("alert_id")
_WHY, _ATTEMPTS = place_of("why"), place_of("attempts")
_DIGEST = place_of("digest")
_EPISODE, _PRODUCT = place_of("episode"), len(DELIVERY)
_CUT = len(DELIVERY) + 1  # the columns of the alert begin

_older, _other = deliveries.alias("older"), deliveries.alias("other")


def _free() -> ColumnElement[bool]:
    """No older delivery of the same episode is being sent to the same target, nor to the same person of a list."""
    being_sent = in_state(DeliveryState.SENDING, _older)
    same = (_older.c.episode == deliveries.c.episode) & (_older.c.target == deliveries.c.target)
    # A set has no slot, so that it is always free: who is taken out of it may have to wait.
    same = same & (_older.c.slot == deliveries.c.slot)
    return ~exists().where(being_sent, same, _older.c.alert < deliveries.c.alert)


def _free_to_join() -> ColumnElement[bool]:
    """Nor is one about the same product. What is being sent is little, what ever was about a product is not: the
    function hides the column from the index by product.
    """
    being_sent = in_state(DeliveryState.SENDING, _other)
    same = (func.coalesce(_other.c.product, "") == deliveries.c.product) & (_other.c.target == deliveries.c.target)
    return _free() & (deliveries.c.product.is_(None) | ~exists().where(being_sent, same))


_IN_LANE = (PENDING, deliveries.c.lane == bindparam("lane"))
_BY = bindparam("by", type_=Moment)
# What was planned for at once is due whatever the wall clock did since. The sum hides the column from the index by
# due time: what is due is looked for in order of importance.
_IS_DUE = ~LATER | (type_coerce(deliveries.c.due, BigInteger) + literal_column("0") <= _BY)


@dataclass(frozen=True, slots=True)
class _Looks:
    """What is asked of a lane, about those of its deliveries that are free to leave."""

    most_important: Select[*tuple[Any, ...]]
    oldest: Select[*tuple[Any, ...]]
    next_due: Select[*tuple[Any, ...]]
    best_by: Select[*tuple[Any, ...]]


def _looks(free: ColumnElement[bool]) -> _Looks:
    by_importance = (deliveries.c.priority.desc(), deliveries.c.key)
    return _Looks(
        most_important=_take(free, *by_importance),
        oldest=_take(free, deliveries.c.key),
        next_due=select(deliveries.c.due).where(*_IN_LANE, LATER, free).order_by(deliveries.c.due).limit(1),
        best_by=select(deliveries.c.priority).where(*_IN_LANE, _IS_DUE, free).order_by(*by_importance).limit(1),
    )


def _take(free: ColumnElement[bool], *order: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(*DELIVERY, deliveries.c.product, *RECORD)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .where(*_IN_LANE, deliveries.c.priority >= bindparam("floor"), _IS_DUE, free)
        .order_by(*order)
        .limit(bindparam("window"))
        .with_for_update(of=deliveries, skip_locked=True)
    )


_ALONE, _JOINING = _looks(_free()), _looks(_free_to_join())
_GATHERED = Digests(_free())
_NOTE_MENTION = update(attempts).where(attempts.c.key == bindparam("number"))
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


@dataclass(slots=True)
class _Found:
    """What may be claimed, best first, with whom the rows of lists are for; and what was found on the way, and marked
    so: past its life, or for somebody who may not be told any more.
    """

    rows: Sequence[AnyRow] = ()
    recipients: Mapping[int, Recipient] = field(default_factory=dict)  # by slot
    expired: list[Delivery] = field(default_factory=list)
    withdrawn: list[Delivery] = field(default_factory=list)
    full: list[Full] = field(default_factory=list)


def claim(reach: Reach, transaction: Transaction, requests: Sequence[ClaimRequest]) -> list[Claimed]:
    """Claim what each request asks for; `reach` says who may still be told."""
    held = owners.held(transaction, {one.lane: one.hold for one in requests if one.hold is not None})
    return [_claim(transaction, one, reach) if one.hold is None or one.lane in held else _LOST for one in requests]


def note_mention(transaction: Transaction, attempt: int, mentioned: str) -> None:
    """Whom an attempt rings out to, written before it does."""
    transaction.write(_NOTE_MENTION, number=attempt, mentioned=mentioned)


def _claim(transaction: Transaction, request: ClaimRequest, reach: Reach) -> Claimed:
    looks = _ALONE if request.joins is None else _JOINING
    found = _candidates(transaction, request, looks, reach)
    standing = merge.find(transaction, request, found.rows)
    bundles = list(_bundles(transaction, found.rows, request, standing))
    node = None if request.hold is None else request.hold.node
    recipients = _asked(transaction, bundles, _introduced(transaction, bundles, found.recipients), request)
    begun = _begin(transaction, bundles, standing, recipients, node)
    waiting = _waiting(transaction, request.lane, looks)
    return Claimed(begun, waiting, tuple(found.expired), tuple(found.withdrawn), tuple(found.full))


def _candidates(transaction: Transaction, request: ClaimRequest, looks: _Looks, reach: Reach) -> _Found:
    wanted = request.limit * request.attempts
    window = wanted + (BEYOND if wanted > 1 else 0)
    found = _Found()
    for _ in range(LOOKS):
        rows = _look(transaction, request, looks, window)
        over = [delivery_of(row[: len(DELIVERY)]) for row in rows if row[_EXPIRES_AT] <= transaction.now]
        found.expired += put(transaction, over, DeliveryState.EXPIRED, Why.PAST_LIFE)
        if len(over) == window:
            window = 1000
            continue
        alive = [row for row in rows if row[_EXPIRES_AT] > transaction.now] if over else rows
        alike, most = _alike(alive, request)
        if sets.take_out(transaction, alike, most):
            continue
        if _reached(transaction, alike, reach, request, found):
            return found
    found.rows = ()
    return found


def _alike(alive: Sequence[AnyRow], request: ClaimRequest) -> tuple[Sequence[AnyRow], int]:
    """What may be claimed together with the best one, and how many of it: digests are one person an attempt, whose
    others are looked for then, and nothing that leaves by itself is in one.
    """
    if not alive or alive[0][_DIGEST] is None:
        return [row for row in alive if row[_DIGEST] is None], request.limit * request.attempts
    return [row for row in alive if row[_DIGEST] is not None][: request.attempts], request.attempts


def _reached(
    transaction: Transaction, alive: Sequence[AnyRow], reach: Reach, request: ClaimRequest, found: _Found
) -> bool:
    """Find those who may be told; False where somebody may not any more, whatever was planned, or has heard of enough
    today: that is marked so.
    """
    found.rows = [row for row in alive if not sets.is_set(row)]
    people = [row for row in found.rows if row[_SLOT]]
    if not people:
        return True
    found.recipients = reach(transaction, [row[_SLOT] for row in people])
    gone = _give_up(transaction, found, Why.CONSENT, [row for row in people if row[_SLOT] not in found.recipients])
    full = {slot for slot, recipient in found.recipients.items() if recipient.contact in request.sated}
    gone |= _give_up(transaction, found, Why.SPEND_CAP, [row for row in people if row[_SLOT] in full])
    gone |= _limit(transaction, [row for row in people if row[_KEY] not in gone], request, found)
    return not gone


def _limit(transaction: Transaction, people: Sequence[AnyRow], request: ClaimRequest, found: _Found) -> set[int]:
    """Give up what is for those who have heard of enough today. What may be too much is left for the next claim."""
    if request.day_limits is None:
        return set()
    over = beyond(transaction, people, found.recipients, request.day_limits)
    found.full += [Full(target_of(row[_TARGET]).channel, row[_SLOT], limit.until) for row, limit in over.full]
    later = {row[_KEY] for row in over.later}
    found.rows = [row for row in found.rows if row[_KEY] not in later]
    return _give_up(transaction, found, Why.PER_DAY, [row for row, _ in over.full])


def _give_up(transaction: Transaction, found: _Found, why: Why, rows: Sequence[AnyRow]) -> set[int]:
    """Cancel these; their keys."""
    gone = [delivery_of(row[: len(DELIVERY)]) for row in rows]
    found.withdrawn += put(transaction, gone, DeliveryState.CANCELLED, why)
    return {one.key for one in gone}


def _look(transaction: Transaction, request: ClaimRequest, looks: _Looks, window: int) -> Sequence[AnyRow]:
    statement = looks.oldest if request.oldest_first else looks.most_important
    floor = FLOOR[request.lowest]
    return transaction.rows(statement, lane=request.lane, floor=floor, by=transaction.now, window=window)


def _bundles(
    transaction: Transaction, candidates: Sequence[AnyRow], request: ClaimRequest, standing: Standing
) -> Iterator[Bundle]:
    """One attempt after the other; two of them never carry the same episode to the same target (or the same person of a
    list) at once, nor, where the second could join the first, the same product.
    """
    left = candidates
    for _ in range(request.attempts):
        if not left:
            return
        gathered = left[0][_DIGEST] is not None
        bundle = _digest(transaction, left[0]) if gathered else _bundle(left, request, standing)
        yield bundle
        taken = {row[_KEY] for row, _ in bundle}
        busy: set[tuple[Any, ...]] = {
            (row[_TARGET], row[_EPISODE], row[_SLOT]) for row, _ in bundle if row[_EPISODE] is not None
        }
        if request.joins is not None:
            busy |= {(row[_TARGET], row[_PRODUCT]) for row, _ in bundle if row[_PRODUCT] is not None}
        left = [row for row in left if row[_KEY] not in taken and not _is_busy(row, busy)]


def _is_busy(row: AnyRow, busy: Container[tuple[Any, ...]]) -> bool:
    return (row[_TARGET], row[_EPISODE], row[_SLOT]) in busy or (row[_TARGET], row[_PRODUCT]) in busy


def _bundle(candidates: Sequence[AnyRow], request: ClaimRequest, standing: Standing) -> Bundle:
    """The best one, and what goes with it: same target, one of each episode, as many as fit into one request. Those
    that join a message go with others that join the same, tests (of no episode) with tests, and suspects go alone.
    People go with others who are told of the same alert.
    """
    first, message = candidates[0], standing.get(candidates[0][_KEY])
    together: list[AnyRow] = []
    products: set[int] = set()
    for row in candidates:
        if len(together) == request.limit:
            break
        if row is not first and (_is_suspect(first) or _is_suspect(row)):
            continue
        same = row[_TARGET] == first[_TARGET] and standing.get(row[_KEY]) is message
        if same and first[_SLOT]:
            if row[_ALERT] == first[_ALERT]:
                together.append(row)
            continue
        same = same and (row[_EPISODE] is None) is (first[_EPISODE] is None)
        if same and row[_EPISODE] not in products:
            together.append(row)
            if row[_EPISODE] is not None:
                products.add(row[_EPISODE])
    records = [record_of(row[_CUT:]) for row in together]
    if len(together) == 1:
        return [(first, records[0])]
    beside = merge.beside(message, {row[_KEY] for row in together})
    fit = request.pack(target_of(first[_TARGET]), [*beside, *records]) - len(beside)
    return list(zip(together, records, strict=True))[: max(1, fit)]


def _digest(transaction: Transaction, first: AnyRow) -> Bundle:
    """All that the person of the first one has gathered there, one of each episode; suspects go alone."""
    episodes = {first[_EPISODE]}
    together = [first]
    for row in () if _is_suspect(first) else _GATHERED.of(transaction, first[_TARGET], first[_SLOT]):
        if row[_KEY] != first[_KEY] and row[_EPISODE] not in episodes and not _is_suspect(row):
            episodes.add(row[_EPISODE])
            together.append(row)
    return [(row, record_of(row[_CUT:])) for row in together]


def _is_suspect(row: AnyRow) -> bool:
    """Again its end was not known: should the process die over it, its neighbours live."""
    return row[_ATTEMPTS] >= SUSPECT_FROM and row[_WHY] in _DOUBTFUL


def _begin(
    transaction: Transaction,
    bundles: Sequence[Bundle],
    standing: Standing,
    recipients: Mapping[int, Recipient],
    node: str | None,
) -> tuple[Claim, ...]:
    """Each bundle is an attempt of its own; all of them share their statements."""
    keys = transaction.keys_of(_BEGIN, [_attempt(bundle, transaction.now, node) for bundle in bundles])
    carried = [(row[_KEY], number) for number, bundle in zip(keys, bundles, strict=True) for row, _ in bundle]
    transaction.insert(attempt_members, carried)
    sent = [{"of": key, "number": number, "at": transaction.now} for key, number in carried]
    transaction.write_each(_SEND, sent)
    return tuple(
        replace(
            _claimed(number, bundle, transaction.now, _joined(transaction, bundle, standing), recipients), node=node
        )
        for number, bundle in zip(keys, bundles, strict=True)
    )


def _introduced(
    transaction: Transaction, bundles: Sequence[Bundle], recipients: Mapping[int, Recipient]
) -> Mapping[int, Recipient]:
    """Of those who are new, the first of their deliveries tells who writes."""
    first: dict[int, int] = {}
    for bundle in bundles:
        for row, _ in bundle:
            if row[_SLOT] in recipients and recipients[row[_SLOT]].is_new:
                first.setdefault(row[_SLOT], row[_KEY])
    introduce(transaction, first)
    return {**recipients, **{slot: replace(recipients[slot], introduced_by=key) for slot, key in first.items()}}


def _asked(
    transaction: Transaction, bundles: Sequence[Bundle], recipients: Mapping[int, Recipient], request: ClaimRequest
) -> Mapping[int, Recipient]:
    """Of those who are to be asked something, the first of their deliveries does. A person is asked once."""
    if request.asks is None:
        return recipients
    first: dict[int, int] = {}
    asked: dict[int, Recipient] = {}
    for row, record in (pair for bundle in bundles for pair in bundle):
        recipient = recipients.get(row[_SLOT])
        if recipient is None or recipient.question is None or recipient.contact is None or record.is_test:
            continue
        if recipient.contact not in first and request.asks(recipient):
            first[recipient.contact] = row[_KEY]
            question = replace(recipient.question, asked_at=transaction.now, asked_by=row[_KEY])
            asked[row[_SLOT]] = replace(recipient, question=question)
    note_asked(transaction, first)
    return {**recipients, **asked}


def _joined(transaction: Transaction, bundle: Bundle, standing: Standing) -> StandingMessage | None:
    message = standing.get(bundle[0][0].key)
    return None if message is None else merge.begin(transaction, message, [row.key for row, _ in bundle])


def _attempt(bundle: Bundle, now: datetime, node: str | None) -> dict[str, Any]:
    first = bundle[0][0]
    return {
        "target": first.target,
        "lane": first.lane,
        "started_at": now,
        "answer": "",
        "mentioned": "",
        "members": len(bundle),
        "node": node,
    }


def _claimed(
    number: int, bundle: Bundle, now: datetime, joined: StandingMessage | None, recipients: Mapping[int, Recipient]
) -> Claim:
    first = bundle[0][0]
    members = tuple((_sending(row, now), record) for row, record in bundle)
    told = {slot: recipients[slot] for row, _ in bundle if (slot := row[_SLOT])}
    return Claim(number, target_of(first.target), first.lane, now, members, joined, told)


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


def _waiting(transaction: Transaction, lane: str, looks: _Looks) -> Waiting | None:
    """Deliveries that wait for an older sibling do not count: the settlement of that one wakes their lane."""
    best = transaction.row(looks.best_by, lane=lane, by=transaction.now)
    if best is not None:
        return Waiting(transaction.now, Band.of(best[0]))
    soonest = transaction.row(looks.next_due, lane=lane)
    if soonest is None:
        return None
    best = transaction.row(looks.best_by, lane=lane, by=soonest[0])
    return None if best is None else Waiting(soonest[0], Band.of(best[0]))
