"""What was counted is added up over a period: by weeks and days where they are whole, by hours at its ends."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from tocsin.core.analytics import DAY, HOUR, SPANS, WEEK, Buckets, Told, hour_of, span_begin
from tocsin.ledger.analytics.rollup import state
from tocsin.ledger.analytics.schema import rollup_costs, rollup_reasons, rollups
from tocsin.ledger.contract.analytics import FigureQuery, FigureRow


class Piece(NamedTuple):
    """A piece of a period that is added up by spans of so many hours."""

    span: int
    since: int
    until: int


def figures(connection: Connection, query: FigureQuery) -> tuple[FigureRow, ...]:
    over = hour_of(state(connection).as_of)
    found = list(pieces(query.since, query.until, _spans(query.buckets), over))
    counts: dict[tuple[str, int | None], dict[str, int]] = {}
    reasons: dict[tuple[str, int | None], dict[tuple[Told, str], int]] = {}
    costs: dict[tuple[str, int | None], dict[str, Any]] = {}
    if not found:
        return ()
    for row in connection.execute(_added(rollups, query, found, *query.measures)):
        value, bucket, *numbers = row
        counts[value, bucket] = {name: int(n) for name, n in zip(query.measures, numbers, strict=True) if n}
    if query.reasons:
        kinds = rollup_reasons.c.what.in_([kind.value for kind in query.reasons])
        for value, bucket, what, reason, many in connection.execute(
            _added(rollup_reasons, query, found, "count", where=kinds)
        ):
            reasons.setdefault((value, bucket), {})[Told(what), reason] = int(many)
    if query.costs:
        for value, bucket, currency, cost in connection.execute(_added(rollup_costs, query, found, "cost")):
            costs.setdefault((value, bucket), {})[currency] = cost
    places = sorted({*counts, *reasons, *costs}, key=lambda place: (place[1] or 0, place[0]))
    return tuple(
        FigureRow(
            value=value,
            bucket=bucket,
            counts=counts.get((value, bucket), {}),
            reasons=reasons.get((value, bucket), {}),
            costs=costs.get((value, bucket), {}),
        )
        for value, bucket in places
    )


def pieces(since: int, until: int, spans: tuple[int, ...], over: int) -> Iterator[Piece]:
    """Cut a period into whole weeks, days and hours, in order. Days and weeks are added up once they are `over`."""
    if since >= until:
        return
    span, *narrower = spans
    if not narrower:
        yield Piece(span, since, until)
        return
    first = span_begin(since + span - 1, span)
    last = max(first, span_begin(min(until, over), span))
    if first >= last:
        yield from pieces(since, until, tuple(narrower), over)
        return
    yield from pieces(since, first, tuple(narrower), over)
    yield Piece(span, first, last)
    yield from pieces(last, until, tuple(narrower), over)


def _spans(buckets: Buckets | None) -> tuple[int, ...]:
    """Those that never lie in two buckets."""
    if buckets is None:
        return SPANS
    if not buckets.is_utc or buckets.hours < DAY:
        return (HOUR,)
    return SPANS if buckets.hours == WEEK else (DAY, HOUR)


def _added(
    table: Table, query: FigureQuery, found: list[Piece], *measures: str, where: ColumnElement[bool] | None = None
) -> Select[Any]:
    apart = [column.name for column in table.primary_key.columns if column.name not in ("span", "by", "at", "value")]
    bucket = bucket_of(table.c.at, query.buckets)
    parts = [
        select(
            table.c.value,
            bucket.label("bucket"),
            *(table.c[name] for name in (*apart, *measures)),
        ).where(
            table.c.span == piece.span,
            table.c.by == query.by.value,
            table.c.at >= piece.since,
            table.c.at < piece.until,
            *(() if where is None else (where,)),
        )
        for piece in found
    ]
    whole = union_all(*parts).subquery()
    groups = [whole.c.value, whole.c.bucket, *(whole.c[name] for name in apart)]
    return select(*groups, *(func.sum(whole.c[name]).label(name) for name in measures)).group_by(*groups)


def bucket_of(hour: ColumnElement[int], buckets: Buckets | None) -> ColumnElement[Any]:
    """The number of the bucket that an hour begins in. Where a zone is some minutes off the hour, the hour that goes
    past midnight counts for the day in which it begins.
    """
    if buckets is None:
        return cast(null(), BigInteger)
    ahead = [(offset.since, offset.ahead.total_seconds() // 3600) for offset in reversed(buckets.offsets)]
    local = hour
    if any(hours for _, hours in ahead):
        shift = case(
            *((hour >= since, literal(int(hours), BigInteger)) for since, hours in ahead), else_=int(ahead[-1][1])
        )
        local = hour + shift
    return (local - buckets.begin) // buckets.hours
