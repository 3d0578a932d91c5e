"""What is counted is what the rows say, whatever happened to them, and in whichever order it was counted."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from tests.contract.books import GENERAL, HIGH, LIFE, PHONE, Books, as_a_test, filtering

from tocsin.core.analytics import (
    LISTED,
    MEASURES,
    SPANS,
    Buckets,
    Dimension,
    Offset,
    Told,
    hour_from,
    hour_of,
    span_begin,
)
from tocsin.core.click import Click, ClickKind
from tocsin.core.decision import Chosen, LeftOut, Reserve
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.recipients import audience_of
from tocsin.core.response_time import STEP_NAMES, STEPS_MS
from tocsin.ledger.analytics.schema import rollups
from tocsin.ledger.analytics.sums import pieces
from tocsin.ledger.contract import CountedQuery, FigureQuery, FigureRow, Move
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.schema import alerts, attempts, clicks, deliveries
from tocsin.rules import figures
from tocsin.rules.click import TOGETHER

S = DeliveryState
SECOND = timedelta(seconds=1)
MARGIN = 24 * 400  # hours


async def asked(books: Books, by: Dimension = Dimension.ALL, **how: Any) -> tuple[FigureRow, ...]:
    now = hour_of(books.clock.now())
    usual = {"since": now - MARGIN, "until": now + MARGIN, "measures": MEASURES, "reasons": Told, "costs": True}
    query = FigureQuery(**usual | {"by": by} | how)
    return await books.ledger.analytics.figures(query)


async def counted(books: Books, by: Dimension = Dimension.ALL, **how: Any) -> Mapping[str, Mapping[str, int]]:
    await books.ledger.analytics.follow(books.clock.now())
    return {row.value: row.counts for row in await asked(books, by, **how)}


async def told(books: Books, sku: str = "6634940", *, after: float = 0.4, to: S = S.SENT, **how: Any) -> None:
    await books.append(books.detected(sku, **how))
    claim = await books.claimed()
    books.clock.advance(after)
    await books.settle(claim, to, Why.REFUSED if to is S.REFUSED else None)


async def test_each_delivery_counts_as_what_became_of_it(books: Books) -> None:
    await told(books, "sent")
    await told(books, "refused", to=S.REFUSED)
    await told(books, "late", after=LIFE.total_seconds() + 1)
    await books.append(books.detected("expired"))
    books.clock.advance(LIFE.total_seconds())
    await books.queue.expire()
    await books.append(books.detected("sold out"))
    await books.close(books.detected("sold out"))
    await books.append(books.detected("lost"))
    await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)
    await books.append(books.detected("waits"))
    await books.append(books.detected("excluded"), decide=filtering)
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    (counts,) = (await counted(books)).values()
    expected = {
        "alerts": 7,
        "filtered": 1,
        "accepted": 1,
        "failed": 1,
        "late": 1,
        "expired": 1,
        "doubtful": 1,
        "waiting": 1,
        "timed": 5,
        "told": 2,
    }
    assert {name: n for name, n in counts.items() if name in expected} == expected
    (row,) = await asked(books)
    assert row.reasons == {(Told.NOT_SENT, "closed"): 1, (Told.FAILED, "refused"): 1}


async def test_who_was_left_out_counts_whoever_stands_in_reserve(books: Books) -> None:
    chosen = Chosen(
        now=audience_of((1,)),
        left_out={LeftOut.QUIET: 3, LeftOut.OTHER_CHANNEL: 2},
        reserve=Reserve(audience_of((2, 3))),
    )
    await books.append(books.detected("a"), decide=books.telling(PHONE, people=chosen))
    await books.append(books.detected("b"), decide=books.telling(PHONE, people=replace(chosen, reserve=None)))
    await books.ledger.analytics.follow(books.clock.now())
    (row,) = await asked(books)
    assert row.reasons == {(Told.LEFT_OUT, "quiet"): 6, (Told.LEFT_OUT, "other_channel"): 4}


async def test_a_value_of_each_dimension_has_a_row_of_its_own(books: Books) -> None:
    await books.append(
        books.detected("a"), books.detected("b", retailer="newegg", priority=5), decide=books.telling(GENERAL, PHONE)
    )
    whole = {by: {value: row["alerts"] for value, row in (await counted(books, by)).items()} for by in Dimension}
    assert whole == {
        Dimension.ALL: {"": 2},
        Dimension.CHANNEL: {"discord": 2, "sms": 2},
        Dimension.LIST: {"discord:general": 2, "sms:vip": 2},
        Dimension.RETAILER: {"bestbuy": 1, "newegg": 1},
        Dimension.PRODUCT: {"bestbuy:a": 1, "newegg:b": 1},
        Dimension.TYPE: {"in_stock": 2},
        Dimension.BAND: {"high": 1, "medium": 1},
    }


async def test_what_changes_later_is_counted_again(books: Books) -> None:
    """A late receipt, a click, an operator's retry: each long after its hour."""
    await told(books, "arrives")
    await told(books, "again", to=S.REFUSED)
    assert (await counted(books))[""]["accepted"] == 1
    books.clock.advance(timedelta(days=9).total_seconds())
    made = {one.alert_id: one for one in (await books.history.deliveries(limit=10)).items}
    arrived, refused = sorted(made.values(), key=lambda one: one.key)
    await books.queue.move([Move(key=arrived.key, fence=arrived.fence, to=S.DELIVERED)])
    await books.history.click(arrived.key, Click(books.clock.now(), ClickKind.PERSON, ""), TOGETHER)
    life = timedelta(hours=1)
    await books.queue.move([Move(key=refused.key, fence=refused.fence, to=S.PENDING, why=Why.RETRIED, life=life)])
    counts = (await counted(books))[""]
    assert (counts["confirmed"], counts["people"], counts["unique"], counts["waiting"]) == (1, 1, 1, 1)
    assert "failed" not in counts
    await books.settle(await books.claimed(), S.SENT)
    assert (await counted(books))[""]["accepted"] == 2


async def test_a_row_that_is_committed_behind_a_younger_one_is_counted(books: Books, place: str) -> None:
    """On PostgreSQL keys are drawn before their commits: however many there are in between, the later one counts."""
    await told(books)
    (one,) = (await books.deliveries()).values()
    engine = writing_engine(parse_url(place))
    for key, later in ((5_000, 0), (3, 1), (4, 2)):
        books.clock.advance(later)
        with engine.begin() as connection:
            row = {"key": key, "delivery": one.key, "at": books.clock.now(), "kind": "person", "why": ""}
            connection.execute(insert(clicks), row)
        counts = (await counted(books))[""]
    engine.dispose()
    assert counts["people"] == 3


async def test_one_who_follows_several_links_of_an_alert_is_one_person(books: Books) -> None:
    await told(books)
    (one,) = (await books.deliveries()).values()
    kinds = (ClickKind.PERSON, ClickKind.PERSON, ClickKind.SUSPECT, ClickKind.ROBOT)
    for kind in kinds:
        await books.history.click(one.key, Click(books.clock.now(), kind, ""), TOGETHER)
    counts = (await counted(books, Dimension.CHANNEL))["discord"]
    assert [counts[name] for name in ("people", "suspect", "robots", "unique")] == [2, 1, 1, 1]


async def test_figures_outlive_the_rows_that_they_were_counted_from(books: Books) -> None:
    await told(books, "old")
    books.clock.advance(timedelta(days=2).total_seconds())
    await told(books, "new")
    before = await counted(books, Dimension.CHANNEL)
    assert await books.history.prune(books.clock.now() - timedelta(days=1)) == 1
    assert await counted(books, Dimension.CHANNEL) == before
    await books.ledger.analytics.follow(books.clock.now(), whole=True)
    assert await counted(books, Dimension.CHANNEL) == before
    assert before["discord"]["accepted"] == 2


async def test_what_a_figure_counts_can_be_listed(books: Books) -> None:
    """By the name that its answer has, in each of its states."""
    await told(books, "sent")
    await told(books, "slow", after=3)
    await told(books, "refused", to=S.REFUSED)
    await told(books, "late", after=LIFE.total_seconds() + 1)
    await books.append(books.detected("lost"))
    await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)
    await books.append(books.detected("sold out"))
    await books.close(books.detected("sold out"))
    await books.append(books.detected("elsewhere", retailer="newegg"), decide=books.telling(PHONE))
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    books.clock.advance(2)
    counts = dict((await counted(books))[""])
    counts |= {"due": figures.due(counts), "unknown": figures.unknown(counts), "not_sent": 1, "clicked": 0}
    counts["over_1s"] = figures.end_to_end(counts)["over_1s"]
    assert {name: await listed(books, figure=name) for name in LISTED} == {name: counts.get(name, 0) for name in LISTED}
    assert await listed(books, reason="closed") == 1
    assert await listed(books, reason="refused") == 1
    assert await listed(books, of={Dimension.CHANNEL: "sms"}) == 1
    assert await listed(books, of={Dimension.PRODUCT: "newegg:elsewhere", Dimension.BAND: "high"}) == 1
    assert await listed(books, since=books.clock.now() - timedelta(seconds=3)) == 3
    assert await listed(books, until=books.clock.now() - timedelta(days=1)) == 0
    assert await listed(books, since=books.clock.now() + timedelta(days=1)) == 0


async def listed(books: Books, **query: Any) -> int:
    """Page by page."""
    many, page = 0, None
    while True:
        found = await books.ledger.analytics.counted(CountedQuery(**query, limit=2, page=page), books.clock.now())
        many, page = many + len(found.items), found.next
        if page is None:
            return many


async def test_days_begin_when_the_clocks_of_a_zone_say_so(books: Books) -> None:
    """At noon in UTC it is 1 in the morning of the next day in Auckland."""
    await told(books)
    books.clock.advance(-3600 * 2)
    (row,) = await asked_after(books, Buckets(hours=24, offsets=(Offset(0, timedelta(hours=13)),)))
    assert hour_from((row.bucket or 0) * 24).date().isoformat() == "2026-11-24"
    (row,) = await asked_after(books, Buckets(hours=24, offsets=(Offset(0, timedelta(hours=-12, minutes=-30)),)))
    assert hour_from((row.bucket or 0) * 24).date().isoformat() == "2026-11-22"


async def asked_after(books: Books, buckets: Buckets) -> tuple[FigureRow, ...]:
    await books.ledger.analytics.follow(books.clock.now())
    return await asked(books, buckets=buckets)


ENDS = st.sampled_from(
    [
        ("sent", 0.2),
        ("sent", 1.4),
        ("sent", 700.0),
        ("refused", 1.0),
        ("unknown", 3.0),
        ("deferred", 5.0),
        ("left", 0.0),
    ]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["bestbuy", "newegg"]),
        st.sampled_from([GENERAL, HIGH, PHONE]),
        ENDS,
        st.sampled_from([0.0, 40.0, 4000.0, 90_000.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
async def test_what_is_kept_what_is_rebuilt_and_a_plain_count_agree(books: Books, steps: list[Any]) -> None:
    for sku, retailer, target, (end, after), pause, follow in steps:
        await books.append(books.detected(sku, retailer=retailer), decide=books.telling(target))
        if end != "left" and (claim := await books.claim(target)):
            books.clock.advance(after)
            await books.settle(claim, *_END[end])
            await books.history.click(claim.members[0][0].key, Click(books.clock.now(), ClickKind.PERSON, ""), TOGETHER)
        books.clock.advance(pause)
        await books.queue.expire()
        if follow:
            await books.ledger.analytics.follow(books.clock.now())
    for by in (Dimension.CHANNEL, Dimension.PRODUCT):
        kept = await counted(books, by)
        assert _shown(kept) == await _plainly(books, by)
        await books.ledger.analytics.follow(books.clock.now(), whole=True)
        assert await counted(books, by) == kept
    hours = await _rows(books, 1)
    for span in SPANS[:-1]:
        over = [row for row in hours if row["at"] < _begun(hour_of(books.clock.now()), span)]
        assert _total(await _rows(books, span)) == _total(over)


_END: Mapping[str, tuple[S, Why | None]] = {
    "sent": (S.SENT, None),
    "refused": (S.REFUSED, Why.REFUSED),
    "unknown": (S.UNKNOWN, Why.ANSWER_LOST),
    "deferred": (S.PENDING, Why.DEFERRED),
}


def _shown(rows: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    names = ("alerts", "accepted", "late", "failed", "expired", "doubtful", "waiting", "told", "people", *STEP_NAMES)
    return {value: {name: row[name] for name in names if row.get(name)} for value, row in rows.items()}


async def _plainly(books: Books, by: Dimension) -> dict[str, dict[str, int]]:
    """Row by row, as somebody would with pencil and paper."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in await _read(
        books,
        select(deliveries, alerts, attempts.c.finished_at)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .outerjoin(attempts, attempts.c.key == deliveries.c.attempt),
    ):
        channel = row["target"].split(":")[0]
        value = channel if by is Dimension.CHANNEL else f"{row['retailer']}:{row['sku']}"
        took = row["moved_at"] - row["detected_at"]
        in_time = row["moved_at"] <= row["expires_at"]
        name = {"sent": "accepted" if in_time else "late", "refused": "failed", "unknown": "doubtful"}.get(
            row["state"], "waiting" if row["state"] in ("pending", "sending") else row["state"]
        )
        if name != "cancelled":
            found[value][name] += 1
        if name in ("accepted", "late"):
            found[value]["told"] += 1
            found[value][STEP_NAMES[bisect_left(STEPS_MS, took / timedelta(milliseconds=1))]] += 1
        found[value]["alerts"] += 1
    for row in await _read(
        books, select(deliveries.c.target, alerts.c.retailer, alerts.c.sku).select_from(clicks)
        .join(deliveries, deliveries.c.key == clicks.c.delivery).join(alerts, alerts.c.key == deliveries.c.alert)
    ):  # fmt: skip
        value = f"{row['retailer']}:{row['sku']}" if by is Dimension.PRODUCT else row["target"].split(":")[0]
        found[value]["people"] += 1
    return {value: dict(counts) for value, counts in found.items()}


async def _rows(books: Books, span: int) -> list[Mapping[str, Any]]:
    return await _read(books, select(rollups).where(rollups.c.span == span))


async def _read(books: Books, statement: Any) -> list[Mapping[str, Any]]:
    def look(connection: Connection) -> list[Mapping[str, Any]]:
        with connection.begin():
            return list(connection.execute(statement).mappings().all())

    return await books.ledger._writer.read(look)


def _begun(hour: int, span: int) -> int:
    return span_begin(hour, span)


def _total(rows: list[Mapping[str, Any]]) -> Counter[tuple[str, str, str]]:
    total: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        total.update({(row["by"], row["value"], name): row[name] for name in MEASURES if row[name]})
    return total


@given(
    st.integers(0, 500_000), st.integers(0, 2000), st.integers(400_000, 502_000), st.sampled_from([SPANS, SPANS[1:]])
)
def test_a_period_is_cut_into_pieces_without_a_gap(since: int, long: int, over: int, spans: tuple[int, ...]) -> None:
    found = list(pieces(since, since + long, spans, over))
    assert [each.until for each in found][:-1] == [each.since for each in found][1:]
    assert sum(each.until - each.since for each in found) == long
    for each in found:
        assert each.since < each.until
        assert each.since == span_begin(each.since, each.span)
        assert each.until == span_begin(each.until, each.span)
        assert each.span == 1 or each.until <= over
