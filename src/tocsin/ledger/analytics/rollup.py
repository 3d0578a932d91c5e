"""A roll-up follows the ledger: the hours in which something has changed are counted again, and added up by the
day and by the week.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    type_coerce,
    update,
)

from tocsin.core.analytics import DAY, HOUR, HOUR_MICROS, MEASURES, WEEK, Dimension, hour_of, span_begin
from tocsin.core.clock import EPOCH
from tocsin.core.delivery import UNDER_WAY
from tocsin.ledger.analytics.hour import Cells
from tocsin.ledger.analytics.schema import rollup_costs, rollup_reasons, rollup_state, rollups
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.schema import Moment, alerts, clicks, deliveries, delivery_moves, in_state, micros_of, signals
from tocsin.ledger.engine.settled import SETTLED
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.history.punctuality import micros
from tocsin.ledger.purchases.schema import answers

_TABLES = (rollups, rollup_reasons, rollup_costs)

_STATE = select(rollup_state)
_HOUR = (micros(alerts.c.accepted_at) // HOUR_MICROS).label("hour")
_OF_DELIVERY = select(_HOUR).distinct().join(deliveries, deliveries.c.alert == alerts.c.key)
_SINCE: Mapping[str, Select[Any]] = {
    "alert": select(_HOUR).distinct().where(alerts.c.key > bindparam("after")),
    **{
        name: _OF_DELIVERY.join(table, table.c.delivery == deliveries.c.key).where(table.c.key > bindparam("after"))
        for name, table in (("move", delivery_moves), ("signal", signals), ("click", clicks), ("answer", answers))
    },
}
_FOLLOWED: Mapping[str, tuple[Table, ColumnElement[datetime]]] = {
    "alert": (alerts, alerts.c.accepted_at),
    "move": (delivery_moves, delivery_moves.c.at),
    "signal": (signals, signals.c.at),
    "click": (clicks, clicks.c.at),
    "answer": (answers, answers.c.at),
}
_NEWEST = {name: select(func.max(table.c.key)) for name, (table, _) in _FOLLOWED.items()}
_LAST_SETTLED = {
    name: select(table.c.key).where(at <= bindparam("until", type_=Moment)).order_by(table.c.key.desc()).limit(1)
    for name, (table, at) in _FOLLOWED.items()
}
_OPEN = tuple(_OF_DELIVERY.where(in_state(state)) for state in UNDER_WAY)
_FREEZE = update(rollup_state).where(rollup_state.c.frozen < bindparam("hour")).values(frozen=bindparam("hour"))


@dataclass(frozen=True, slots=True)
class State:
    """How far the ledger has been followed. `keys` are the newest of each table that tells of changes; `open` are the
    hours of what was still under way; what is before the hour `frozen` is not counted again.
    """

    keys: Mapping[str, int]
    open: frozenset[int]
    as_of: datetime
    frozen: int


class Changes(NamedTuple):
    """The hours to be counted again, and how far the ledger was followed before, and is with them."""

    hours: Sequence[int]
    before: State
    after: State


_NOTHING = State(dict.fromkeys(_NEWEST, 0), frozenset(), EPOCH, 0)


def state(connection: Connection) -> State:
    row = connection.execute(_STATE).first()
    if row is None:
        return _NOTHING
    keys = {name: getattr(row, name) for name in _NEWEST}
    return State(keys, frozenset(orjson.loads(row.open)), row.as_of, row.frozen)


def changes(connection: Connection, now: datetime, *, whole: bool) -> Changes:
    """Find the hours that have changed since the ledger was last followed; `whole`: all that can be counted.

    What ends by an attempt was under way before, or is new; every other move, click and word of a provider is a row.
    What is not settled yet is looked at again the next time. Where retention has emptied a table, its keys may begin
    anew: then all of its few rows are looked at.
    """
    before = state(connection)
    after, keys = {}, {}
    for name, last in before.keys.items():
        is_anew = (connection.scalar(_NEWEST[name]) or 0) < last
        settled = connection.scalar(_LAST_SETTLED[name], {"until": now - SETTLED}) or 0
        after[name] = 0 if whole or is_anew else last
        keys[name] = settled if is_anew else max(last, settled)
    still = {row.hour for statement in _OPEN for row in connection.execute(statement)}
    changed = set(before.open) | still
    for name, statement in _SINCE.items():
        if not whole or name == "alert":
            changed |= {row.hour for row in connection.execute(statement, {"after": after[name]})}
    hours = sorted(hour for hour in changed if hour >= before.frozen)
    return Changes(hours, before, State(keys, frozenset(still), now, before.frozen))


def begins(hours: Iterable[int], before: datetime, now: datetime) -> list[tuple[int, int]]:
    """List the days, then the weeks, to be added up again: those that are over, and had one of these hours or were not
    over `before`.
    """
    this = hour_of(now)
    touched = {*hours, hour_of(before)}
    spans = {(span, span_begin(hour, span)) for hour in touched for span in (DAY, WEEK)}
    return sorted((span, begin) for span, begin in spans if begin + span <= this)


def added_up(connection: Connection, span: int, begin: int) -> Sequence[Sequence[tuple[Any, ...]]]:
    """Add up the hours of a day, or the days of a week, as rows of each table."""
    part = HOUR if span == DAY else DAY
    return [
        [
            (span, by, begin, value, *map(_stored, rest))
            for by, value, *rest in connection.execute(
                _sums(table), {"part": part, "begin": begin, "end": begin + span}
            )
        ]
        for table in _TABLES
    ]


def write_hours(transaction: Transaction, counted: Mapping[int, Cells]) -> None:
    """Put what was counted in place of what was known of these hours."""
    _forget(transaction, HOUR, list(counted))
    for table, rows in zip(_TABLES, _rows(counted), strict=True):
        transaction.insert(table, rows)


def write_sums(transaction: Transaction, span: int, begin: int, rows: Sequence[Sequence[tuple[Any, ...]]]) -> None:
    _forget(transaction, span, [begin])
    for table, added in zip(_TABLES, rows, strict=True):
        transaction.insert(table, added)


def save(transaction: Transaction, after: State) -> None:
    values = {**after.keys, "open": orjson.dumps(sorted(after.open)).decode(), "as_of": after.as_of}
    if transaction.write(update(rollup_state), **values) == 0:
        transaction.write(insert(rollup_state), key=1, frozen=after.frozen, **values)


def freeze(transaction: Transaction, hour: int) -> None:
    """Rows of alerts before this hour are about to be forgotten: what was counted of them stays as it is."""
    if transaction.write(_FREEZE, hour=hour) == 0 and transaction.row(_STATE) is None:
        save(transaction, State(_NOTHING.keys, frozenset(), EPOCH, hour))


def _stored(value: Any) -> Any:
    """A sum of whole numbers may come as a decimal."""
    return value if isinstance(value, str) else int(value)


def _sums(table: Table) -> Select[Any]:
    apart = [column for column in table.primary_key.columns if column.name not in ("span", "at")]
    sums: list[ColumnElement[Any]] = [
        func.sum(type_coerce(column, BigInteger)).label(column.name) for column in table.c if not column.primary_key
    ]
    where = (
        table.c.span == bindparam("part"),
        among(table.c.by, "dimensions"),
        table.c.at >= bindparam("begin"),
        table.c.at < bindparam("end"),
    )
    return select(*apart, *sums).where(*where).group_by(*apart).params(dimensions=[by.value for by in Dimension])


def _forget(transaction: Transaction, span: int, begins_at: Sequence[int]) -> None:
    for table in _TABLES:
        where = (table.c.span == bindparam("of"), among(table.c.by, "dimensions"), among(table.c.at, "begins_at"))
        dimensions = [by.value for by in Dimension]
        transaction.write(delete(table).where(*where), of=span, dimensions=dimensions, begins_at=list(begins_at))


def _rows(counted: Mapping[int, Cells]) -> tuple[list[tuple[Any, ...]], ...]:
    """As they are stored."""
    counts: list[tuple[Any, ...]] = []
    reasons: list[tuple[Any, ...]] = []
    costs: list[tuple[Any, ...]] = []
    for hour, cells in counted.items():
        for (by, value), cell in cells.items():
            place = (HOUR, by.value, hour, value)
            if cell.counts:
                counts.append((*place, *(cell.counts.get(name, 0) for name in MEASURES)))
            reasons += [(*place, what.value, reason, many) for (what, reason), many in cell.reasons.items()]
            costs += [(*place, currency, micros_of(cost)) for currency, cost in cell.costs.items()]
    return counts, reasons, costs
