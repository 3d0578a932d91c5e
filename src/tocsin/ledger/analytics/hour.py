"""An hour is counted: the alerts that were accepted in it, and all that has become of them so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from tocsin.core.alert import id_of_key
from tocsin.core.analytics import ANSWERS, CLICKS, DELIVERIES, TIMES, Dimension, Told, hour_from
from tocsin.core.answer import Answer
from tocsin.core.click import ClickKind
from tocsin.core.clock import epoch_micros
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.response_time import STEP_NAMES
from tocsin.ledger.analytics.counted import (
    ACCEPTED,
    ANSWERED_AFTER,
    ARRIVED,
    DIMENSIONS,
    FAILURE,
    FIGURES,
    NAMED_BEFORE,
    NO_TEST,
    NOT_SENT,
    OF_ALERT,
    OF_TARGET,
    QUEUED,
    RECEIVED_AFTER,
    STEP,
    TABLES,
    TIMED,
    TOLD,
    channel_of,
)
from tocsin.ledger.engine.schema import (
    Moment,
    alerts,
    attempts,
    audiences,
    clicks,
    deliveries,
    in_state,
    receipts,
)
from tocsin.ledger.people.schema import addresses
from tocsin.ledger.purchases.schema import answers, is_last_answer

Place = tuple[Dimension, str]


@dataclass(slots=True)
class Cell:
    """What was counted of one value of one dimension."""

    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[tuple[Told, str], int] = field(default_factory=dict)
    costs: dict[str, Decimal] = field(default_factory=dict)


Cells = Mapping[Place, Cell]


def _where() -> ColumnElement[bool]:
    """Named by the time of their acceptance, or a little before: so the names are an index of it."""
    named = and_(alerts.c.id >= bindparam("oldest"), alerts.c.id < bindparam("newest"))
    accepted = and_(
        alerts.c.accepted_at >= bindparam("since", type_=Moment),
        alerts.c.accepted_at < bindparam("until", type_=Moment),
    )
    return and_(named, accepted, NO_TEST)


def _labelled(of: Mapping[Dimension, ColumnElement[str]]) -> list[ColumnElement[Any]]:
    return [column.label(f"by_{by.value}") for by, column in of.items()]


def _by_each(
    base: CTE, of: Mapping[Dimension, ColumnElement[str]], *sums: ColumnElement[Any], more: tuple[str, ...] = ()
) -> CompoundSelect[Any]:
    """The same sums for each value of each dimension, further apart by the columns that are named."""
    apart = [base.c[name] for name in more]
    return union_all(
        *(
            select(literal(by.value).label("by"), base.c[f"by_{by.value}"].label("value"), *apart, *sums).group_by(
                base.c[f"by_{by.value}"], *apart
            )
            for by in of
        )
    )


def _sum(base: CTE, name: str) -> ColumnElement[int]:
    return func.sum(base.c[name]).label(name)


def _if(condition: ColumnElement[bool], value: ColumnElement[Any], name: str) -> ColumnElement[int]:
    return case((condition, value), else_=0).label(name)


def _alerts() -> CompoundSelect[Any]:
    base = (
        select(
            *_labelled(OF_ALERT),
            *(
                _if(alerts.c.decision == decision.value, literal(1), name)
                for name, decision in (("alerts", Decision.ACCEPTED), ("filtered", Decision.FILTERED))
            ),
        )
        .where(_where())
        .cte("counted")
    )
    return _by_each(base, OF_ALERT, _sum(base, "alerts"), _sum(base, "filtered"))


def _alerts_told() -> CompoundSelect[Any]:
    base = select(alerts.c.key, *_labelled(OF_TARGET)).select_from(TABLES).where(_where()).cte("counted")
    return _by_each(base, OF_TARGET, func.count(base.c.key.distinct()).label("alerts"))


def _deliveries() -> CompoundSelect[Any]:
    people = deliveries.c.people
    received = and_(TOLD, in_state(DeliveryState.DELIVERED))
    columns = (
        *(_if(condition, people, name) for name, condition in FIGURES.items()),
        _if(TIMED, people, "timed"),
        _if(TOLD, people, "told"),
        _if(TOLD, ARRIVED, "arrived_us"),
        _if(TOLD, QUEUED, "queued_us"),
        _if(TOLD, ANSWERED_AFTER, "answered_us"),
        _if(received, literal(1), "received"),
        _if(received, RECEIVED_AFTER, "received_us"),
    )
    base = select(*_labelled(DIMENSIONS), *columns).select_from(TABLES).where(_where()).cte("counted")
    plain = [_sum(base, name) for name in (*DELIVERIES, *TIMES) if name not in STEP_NAMES]
    return _by_each(base, DIMENSIONS, *plain)


def _steps() -> CompoundSelect[Any]:
    base = (
        select(*_labelled(DIMENSIONS), STEP.label("step"), deliveries.c.people)
        .select_from(TABLES)
        .where(_where(), TOLD)
        .cte("counted")
    )
    return _by_each(base, DIMENSIONS, func.sum(base.c.people).label("count"), more=("step",))


def _reasons() -> CompoundSelect[Any]:
    told = case((NOT_SENT, literal(Told.NOT_SENT.value)), else_=literal(Told.FAILED.value))
    reason = case((NOT_SENT, func.coalesce(deliveries.c.why, "")), else_=FAILURE)
    base = (
        select(*_labelled(DIMENSIONS), told.label("what"), reason.label("reason"), deliveries.c.people)
        .select_from(TABLES)
        .where(_where(), or_(NOT_SENT, in_state(DeliveryState.REFUSED)))
        .cte("counted")
    )
    return _by_each(base, DIMENSIONS, func.sum(base.c.people).label("count"), more=("what", "reason"))


def _costs() -> CompoundSelect[Any]:
    base = (
        select(*_labelled(DIMENSIONS), receipts.c.currency, receipts.c.cost)
        .select_from(TABLES)
        .where(_where(), receipts.c.cost.is_not(None))
        .cte("counted")
    )
    return _by_each(base, DIMENSIONS, func.sum(base.c.cost).label("cost"), more=("currency",))


def _unpriced() -> CompoundSelect[Any]:
    units = func.coalesce(receipts.c.units, attempts.c.units, 1)
    base = (
        select(
            *_labelled(DIMENSIONS),
            literal(Told.UNPRICED.value).label("what"),
            channel_of(deliveries.c.target).label("reason"),
            units.label("units"),
        )
        .select_from(TABLES)
        .where(_where(), receipts.c.delivery.is_not(None), receipts.c.cost.is_(None), ACCEPTED)
        .cte("counted")
    )
    return _by_each(base, DIMENSIONS, func.sum(base.c.units).label("count"), more=("what", "reason"))


def _clicks() -> CompoundSelect[Any]:
    """Unique ones are one for each person and alert; where no list was told, nobody knows who it was: one for each
    delivery.
    """
    whose = func.coalesce(
        literal("person ") + cast(addresses.c.contact, String), literal("delivery ") + cast(deliveries.c.key, String)
    )
    by_person = clicks.c.kind == ClickKind.PERSON.value
    unique = case((by_person, cast(alerts.c.key, String) + " " + whose))
    kinds = {"people": ClickKind.PERSON, "suspect": ClickKind.SUSPECT, "robots": ClickKind.ROBOT}
    base = (
        select(
            *_labelled(DIMENSIONS),
            *(_if(clicks.c.kind == kind.value, literal(1), name) for name, kind in kinds.items()),
            unique.label("whose"),
        )
        .select_from(
            alerts.join(deliveries, deliveries.c.alert == alerts.c.key)
            .join(clicks, clicks.c.delivery == deliveries.c.key)
            .outerjoin(addresses, addresses.c.key == deliveries.c.slot)
        )
        .where(_where())
        .cte("counted")
    )
    sums = [_sum(base, name) for name in CLICKS if name in kinds]
    return _by_each(base, DIMENSIONS, *sums, func.count(base.c.whose.distinct()).label("unique"))


def _answers() -> CompoundSelect[Any]:
    said = {name: answers.c.answer == name for name in ANSWERS if name != "sold_out"}
    said["sold_out"] = and_(answers.c.answer == Answer.TOO_LATE.value, answers.c.closed)
    base = (
        select(*_labelled(DIMENSIONS), *(_if(condition, literal(1), name) for name, condition in said.items()))
        .select_from(
            alerts.join(deliveries, deliveries.c.alert == alerts.c.key).join(
                answers, answers.c.delivery == deliveries.c.key
            )
        )
        .where(_where(), is_last_answer())
        .cte("counted")
    )
    return _by_each(base, DIMENSIONS, *(_sum(base, name) for name in ANSWERS))


_COUNTS = (_alerts(), _alerts_told(), _deliveries(), _clicks(), _answers())
_STEPS = _steps()
_REASONS, _COSTS = (_reasons(), _unpriced()), _costs()
_LEFT_OUT: Select[*tuple[Any, ...]] = (
    select(*OF_ALERT.values(), audiences.c.target, audiences.c.left_out)
    .join(audiences, audiences.c.alert == alerts.c.key)
    .where(_where(), audiences.c.left_out != "{}")
)


def count(connection: Connection, hour: int, now: datetime) -> Cells:
    """Count an hour as its rows stand now."""
    since, until = hour_from(hour), hour_from(hour + 1)
    of = {
        "since": since,
        "until": until,
        "oldest": id_of_key(since - NAMED_BEFORE, 0),
        "newest": id_of_key(until, 0),
        "now": epoch_micros(now),
    }
    cells: defaultdict[Place, Cell] = defaultdict(Cell)
    for statement in _COUNTS:
        for row in connection.execute(statement, of).mappings():
            counted = {name: int(number) for name, number in row.items() if name not in ("by", "value") and number}
            if counted:
                cells[Dimension(row["by"]), row["value"]].counts |= counted
    for by, value, step, many in connection.execute(_STEPS, of):
        cells[Dimension(by), value].counts[STEP_NAMES[step]] = int(many)
    for statement in _REASONS:
        for by, value, what, reason, many in connection.execute(statement, of):
            cells[Dimension(by), value].reasons[Told(what), reason] = int(many)
    for by, value, currency, cost in connection.execute(_COSTS, of):
        cells[Dimension(by), value].costs[currency] = cost
    for *values, target, left_out in connection.execute(_LEFT_OUT, of):
        _leave_out(cells, values, target, orjson.loads(left_out))
    return cells


def _leave_out(
    cells: defaultdict[Place, Cell], values: Sequence[str], target: str, left_out: Mapping[str, int]
) -> None:
    channel = target.partition(":")[0]
    places = [*zip(OF_ALERT, values, strict=True), (Dimension.CHANNEL, channel), (Dimension.LIST, target)]
    for place in places:
        for reason, many in left_out.items():
            told = (Told.LEFT_OUT, reason)
            cells[place].reasons[told] = cells[place].reasons.get(told, 0) + many
