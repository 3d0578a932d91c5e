from datetime import datetime, timedelta

import pytest
from sqlalchemy import Executable, create_engine
from tests.contract.books import GENERAL, HIGH, Books, as_a_test, filtering

from tocsin.core.alert import Band
from tocsin.core.delivery import DeliveryState, Why
from tocsin.ledger.contract import WaitingRow
from tocsin.ledger.engine.schema import metadata
from tocsin.ledger.history import last_minute

S = DeliveryState
SECOND = timedelta(seconds=1)


def row(accepted_at: datetime, late: timedelta, count: int) -> WaitingRow:
    return WaitingRow(accepted_at=accepted_at, late=late, band=Band.HIGH, queued=True, awaited=True, count=count)


async def waiting(books: Books) -> int:
    """How many are awaited."""
    return sum(row.count for row in await books.history.waiting() if row.awaited)


async def queued(books: Books) -> int:
    return sum(row.count for row in await books.history.waiting() if row.queued)


async def test_who_waits_is_told_with_the_time_that_went_before(books: Books) -> None:
    start = books.clock.now()
    await books.append(books.detected("one", timestamp=start - 3 * SECOND), decide=books.telling(GENERAL, HIGH))
    books.clock.advance(0.5)
    await books.append(books.detected("ahead", timestamp=start + timedelta(minutes=2)))
    assert sorted(await books.history.waiting(), key=lambda each: each.accepted_at) == [
        row(start, 3 * SECOND, 2),
        row(start + SECOND / 2, timedelta(0), 1),
    ]


async def test_it_waits_until_it_is_sent_or_over_whatever_happens_on_the_way(books: Books) -> None:
    await books.append(books.detected())
    claim = await books.claimed()
    assert (await waiting(books), await queued(books)) == (1, 0)
    await books.settle(claim, S.PENDING, Why.DEFERRED, wait=30 * SECOND)
    assert await waiting(books) == 1
    books.clock.advance(30)
    await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)
    assert await waiting(books) == 1
    await books.append(books.detected("another"))
    await books.settle(await books.claimed(), S.SENT)
    assert await waiting(books) == 1


async def test_tests_and_what_quiet_hours_hold_back_keep_nobody_waiting(books: Books) -> None:
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    await books.append(books.detected("held"), decide=books.telling(HIGH, due=books.clock.now() + 60 * SECOND))
    assert (await waiting(books), await queued(books)) == (0, 2)
    books.clock.advance(60)
    await books.claimed(HIGH)
    assert await waiting(books) == 0


async def test_a_new_process_learns_what_was_accepted_and_sent(books: Books) -> None:
    await books.append(books.detected("long ago"))
    books.clock.advance(100)
    late = await books.claimed()
    await books.append(books.detected("one"), books.detected("two"))
    await books.append(books.detected("no"), decide=filtering)
    await books.append(books.detected("test"), decide=as_a_test(books.clock, HIGH))
    await books.settle(late, S.SENT)
    both = await books.claimed(limit=2)
    books.clock.advance(0.25)
    await books.settle(both, S.SENT)
    await books.settle(await books.claimed(HIGH), S.SENT)
    second = books.clock.now() - SECOND / 4
    past = await books.history.happened_since(second - 59 * SECOND)
    assert past.accepted == ((second, 2),)
    assert sorted(past.sent) == [(second, SECOND / 4, 2), (second, 100 * SECOND, 1)]


@pytest.mark.parametrize("asked", [last_minute.WAITING, last_minute.ACCEPTED, last_minute.TOLD])
def test_history_is_not_gone_through(asked: Executable) -> None:
    """Each table is entered by an index of what is young or waits, or by the key of a row that was found so."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    text = str(asked.compile(engine, compile_kwargs={"render_postcompile": True}))
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", (0,) * text.count("?"))
        scans = {row.detail for row in plan if row.detail.startswith("SCAN") and "anon" not in row.detail}
    engine.dispose()
    assert scans <= {f"SCAN deliveries USING INDEX deliveries_{which}" for which in ("life", "sending", "unknown")}
