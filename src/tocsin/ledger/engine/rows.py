"""Rows become values and values become rows here; nothing else in the ledger knows the order of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from tocsin.core.alert import NOTHING, Alert, AlertType, id_of_key
from tocsin.core.clock import epoch_micros, from_micros
from tocsin.core.decision import Chosen, Decision, Plan, Reason, Reserve
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.recipients import NOBODY, Shard
from tocsin.core.record import AlertRecord
from tocsin.core.signal import Cost
from tocsin.ledger.contract import DeliveryRow
from tocsin.ledger.engine.schema import alerts, deliveries, micros_of
from tocsin.ledger.engine.transaction import AnyRow, Transaction

RECORD = (
    *(column for column in alerts.columns if column.name not in ("key", "episode", "position", "closed_position")),
)
DELIVERY = (
    deliveries.c.key,
    alerts.c.id.label("alert_id"),
    *(deliveries.c[name] for name in ("target", "lane", "priority", "state", "why", "fence", "attempts")),
    *(deliveries.c[name] for name in ("planned_at", "due", "expires_at", "moved_at", "possibly_repeated", "detail")),
    *(deliveries.c[name] for name in ("route", "slot", "people", "digest", "episode")),
)
BRIEF = (*(deliveries.c[name] for name in ("key", "planned_at", "target", "state", "why", "moved_at")),)
# What the write verbs need beside the delivery itself.
BEHIND = (
    deliveries.c.alert,
    deliveries.c.fallback,
    deliveries.c.product,
    deliveries.c.recipients,
    alerts.c.closed_at,
)

_STATES = {state.value: state for state in DeliveryState}
_WHYS: Mapping[str | None, Why | None] = {None: None, **{why.value: why for why in Why}}
_TYPES = {kind.value: kind for kind in AlertType}
_DECISIONS = {decision.value: decision for decision in Decision}
_REASONS = {reason.value: reason for reason in Reason}

_INSTANT = 10**15  # microseconds: no life is as long, and no clock as early

target_of = lru_cache(maxsize=4096)(Target.parse)


def cost_of(row: AnyRow) -> Cost | None:
    """Make a cost of a row's `cost` and `currency`; None where nobody has said one."""
    return None if row.cost is None else Cost(row.cost, row.currency)


def record_of(values: Sequence[Any]) -> AlertRecord:
    """Make a record of the columns of `RECORD`."""
    (
        identifier, kind, priority, sku, retailer, variant, seller, product_name, price, currency, url, detected_at,
        metadata, accepted_at, decision, reason, repeats, last_seen_at, closed_at,
    ) = values  # fmt: skip
    return AlertRecord(
        alert=Alert(
            id=identifier,
            type=_TYPES[kind],
            priority=priority,
            sku=sku,
            retailer=retailer,
            timestamp=detected_at,
            price=price,
            currency=currency,
            product_name=product_name,
            url=url,
            variant=variant,
            seller=seller,
            metadata=NOTHING if metadata == "{}" else orjson.loads(metadata),
        ),
        accepted_at=accepted_at,
        decision=_DECISIONS[decision],
        reason=_REASONS[reason],
        repeats=repeats,
        last_seen_at=last_seen_at,
        closed_at=closed_at,
    )


def delivery_of(values: Sequence[Any]) -> Delivery:
    """Make a delivery of the columns of `DELIVERY`. Tests alone belong to no episode, sets alone have no slot."""
    (
        key, alert_id, target, lane, priority, state, why, fence, attempts,
        planned_at, due, expires_at, moved_at, possibly_repeated, detail, route, slot, people, digest, episode,
    ) = values  # fmt: skip
    return Delivery(
        key=key,
        alert_id=alert_id,
        target=target_of(target),
        lane=lane,
        priority=priority,
        state=_STATES[state],
        why=_WHYS[why],
        fence=fence,
        attempts=attempts,
        planned_at=planned_at,
        due=due,
        expires_at=expires_at,
        moved_at=moved_at,
        possibly_repeated=possibly_repeated,
        detail=detail,
        route=route,
        is_test=episode is None,
        slot=slot or None,
        people=people if slot is None else None,
        digest=digest,
    )


def brief_of(values: Sequence[Any]) -> DeliveryRow:
    """Make a delivery in brief of the columns of `BRIEF`."""
    key, planned_at, target, state, why, moved_at = values
    return DeliveryRow(id_of_key(planned_at, key), target_of(target), _STATES[state], _WHYS[why], moved_at)


_PLACES = {column.name: place for place, column in enumerate(DELIVERY)}


def place_of(name: str) -> int:
    """Tell where a column stands in `DELIVERY`."""
    return _PLACES[name]


def changed(row: Sequence[Any], **changes: Any) -> Delivery:
    """Make the delivery of a row with these columns changed: once, not to be copied then."""
    values = list(row[: len(DELIVERY)])
    for name, value in changes.items():
        values[_PLACES[name]] = value
    return delivery_of(values)


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery as the write verbs hold it. With `closed` the product of its alert is sold out; `product` is set where
    it may join a message about the same product, `shard` where its target is a list: whom it is for.
    """

    delivery: Delivery
    alert: int
    episode: int | None
    fallback: str | None
    product: str | None
    shard: Shard | None
    closed: bool


def held_of(row: AnyRow, **changes: Any) -> Held:
    """Make a held delivery of the columns of `DELIVERY` and `BEHIND`."""
    alert, fallback, product, recipients, closed_at = row[len(DELIVERY) :]
    delivery = changed(row, **changes)
    shard = _shard_of(delivery.slot, recipients)
    return Held(delivery, alert, row[place_of("episode")], fallback, product, shard, closed_at is not None)


def _shard_of(slot: int | None, recipients: bytes | None) -> Shard | None:
    if recipients is not None:
        return Shard.unpack(recipients)
    return None if slot is None else Shard.of(slot)


def alert_row(
    transaction: Transaction, key: int, alert: Alert, decision: Decision, reason: Reason, *places: int | None
) -> tuple[Any, ...]:
    """Make the row of an alert; `places` are the episode and the position, where it has them."""
    now = transaction.micros
    episode, position = places or (None, None)
    return (
        key,
        alert.id.hex,
        alert.type.value,
        alert.priority,
        alert.sku,
        alert.retailer,
        alert.variant,
        alert.seller,
        alert.product_name,
        None if alert.price is None else micros_of(alert.price),
        alert.currency,
        alert.url,
        transaction.stored(alert.timestamp),
        orjson.dumps(dict(alert.metadata)).decode() if alert.metadata else "{}",
        now,
        decision.value,
        reason.value,
        0,
        now,
        None,
        episode,
        position,
        None,
    )


def delivery_row(
    transaction: Transaction,
    key: int,
    plan: Plan,
    *,
    alert: int,
    priority: int,
    episode: int | None,
    shard: Shard | None = None,
) -> tuple[Any, ...]:
    """`shard`: it waits as a set, for these."""
    now = transaction.micros
    return (
        key,
        alert,
        str(plan.target),
        plan.lane,
        priority,
        plan.state.value,
        None if plan.why is None else plan.why.value,
        0,
        0,
        now,
        transaction.stored(plan.due),
        transaction.stored(plan.expires_at),
        now,
        False,
        plan.detail,
        episode,
        None,
        packed(plan.fallback, plan.expires_at) if plan.fallback else None,
        None if plan.fail_over_at is None else transaction.stored(plan.fail_over_at),
        plan.product,
        plan.route,
        0 if shard is None else None,
        None if shard is None else shard.pack(),
        1 if shard is None else shard.size,
        None if plan.digest is None else transaction.stored(plan.digest),
    )


def audience_row(alert: int, target: Target, people: Chosen | Reserve) -> tuple[Any, ...]:
    """What was decided of a list beside those whom it tells; for one that is a fallback, whom it may tell."""
    match people:
        case Chosen(left_out=left_out, reserve=reserve):
            told = orjson.dumps({reason.value: many for reason, many in left_out.items()}).decode()
            return alert, str(target), told, *_reserved(reserve)
        case Reserve() as reserve:
            return alert, str(target), "{}", *_reserved(reserve)


def _reserved(reserve: Reserve | None) -> tuple[bytes | None, int | None]:
    if reserve is None:
        return None, None
    return reserve.audience.to_bytes((reserve.audience.bit_length() + 7) // 8, "little"), reserve.most


def packed(fallback: Sequence[Plan], end: datetime) -> str:
    """Write plans as they are kept beside a delivery that ends then: target, lane, how much longer they live, how long
    they wait themselves, product. So a clock that is moved, and a retry, give them what they give the delivery.
    """
    return orjson.dumps([_packed(plan, end) for plan in fallback]).decode()


def unpacked(fallback: str, end: datetime, now: datetime) -> tuple[Plan, ...]:
    """Read the plans beside a delivery that ends then, made anew for one that begins now. Who stands in reserve is kept
    beside the alert.
    """
    return tuple(_unpacked(told, end, now) for told in orjson.loads(fallback))


def _unpacked(told: Sequence[Any], end: datetime, now: datetime) -> Plan:
    target, lane, longer, wait, *more = told
    # Earlier versions wrote the instant.
    expires_at = longer if abs(longer) >= _INSTANT else epoch_micros(end) + longer
    return Plan(
        target=target_of(target),
        lane=lane,
        expires_at=from_micros(expires_at),
        due=now,
        fail_over_at=None if wait is None else from_micros(epoch_micros(now) + wait),
        product=more[0] if more else None,
        people=Reserve(NOBODY) if more[1:] else None,
    )


def _packed(plan: Plan, end: datetime) -> tuple[Any, ...]:
    wait = None if plan.fail_over_at is None else epoch_micros(plan.fail_over_at) - epoch_micros(plan.due)
    told = (str(plan.target), plan.lane, epoch_micros(plan.expires_at) - epoch_micros(end), wait)
    if plan.people is not None:
        return (*told, None, 1)
    return told if plan.product is None else (*told, plan.product)
