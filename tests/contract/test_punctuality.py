from collections import Counter
from datetime import timedelta

from sqlalchemy import create_engine
from tests.contract.books import GENERAL, LIFE, PHONE, Books, as_a_test

from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.facts import DeliveryMoved
from tocsin.ledger.contract import Move
from tocsin.ledger.engine.schema import metadata
from tocsin.ledger.history import punctuality
from tocsin.rules.objective import told_in_time

S = DeliveryState
SECOND = timedelta(seconds=1)
HOOK = Target("webhook", "partner")


async def counted(books: Books, since: timedelta = timedelta(hours=6)) -> dict[str, tuple[int, int]]:
    """By channel: how many ended, how many were missed."""
    ended: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for row in await books.history.ended_since(books.clock.now() - since, SECOND):
        ended[row.channel] += row.ended
        missed[row.channel] += row.missed
    return {channel: (ended[channel], missed[channel]) for channel in ended}


async def sent(books: Books, sku: str, *, after: float, target: Target = GENERAL, **how: object) -> None:
    alert = books.detected(sku, **how)
    await books.append(alert, decide=books.telling(target))
    claim = await books.claimed(target)
    books.clock.advance(after)
    await books.settle(claim, S.SENT)


async def test_what_was_sent_counts_by_its_channel_and_whether_it_was_in_time(books: Books) -> None:
    await sent(books, "quick", after=0.4)
    await sent(books, "slow", after=1.5)
    await sent(books, "partner", after=0.1, target=HOOK)
    await books.append(books.detected("waits"))
    assert await counted(books) == {"discord": (2, 1), "webhook": (1, 0)}


async def test_time_runs_from_detection_and_never_from_a_clock_ahead(books: Books) -> None:
    now = books.clock.now()
    await sent(books, "came late", after=0.1, timestamp=now - timedelta(seconds=3))
    await sent(books, "came from ahead", after=0.1, timestamp=now + timedelta(minutes=4))
    assert await counted(books) == {"discord": (2, 1)}


async def test_each_minute_is_told_apart(books: Books) -> None:
    for sku in ("one", "two"):
        await sent(books, sku, after=2)
    books.clock.advance(60)
    await sent(books, "three", after=0.1)
    rows = await books.history.ended_since(books.clock.now() - timedelta(hours=1), SECOND)
    assert [(row.minute.minute, row.ended, row.missed) for row in rows] == [(0, 2, 2), (1, 1, 0)]


async def test_what_was_refused_expired_or_held_in_doubt_is_missed(books: Books) -> None:
    for sku in ("refused", "in doubt", "expired"):
        await books.append(books.detected(sku))
    await books.settle(await books.claimed(), S.REFUSED, Why.REFUSED)
    doubtful = await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)
    (one,) = doubtful.deliveries
    await books.queue.move([Move(key=one.key, fence=one.fence, to=S.POSSIBLY_SENT, why=Why.HELD)])
    books.clock.advance(LIFE.total_seconds())
    await books.queue.expire()
    assert await counted(books) == {"discord": (3, 3)}


async def test_what_nobody_waited_for_does_not_count(books: Books) -> None:
    now = books.clock.now()
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    await books.settle(await books.claimed(), S.REFUSED, Why.REFUSED)
    await books.append(books.detected("sold out"))
    await books.close(books.detected("sold out"))
    await books.append(books.detected("held"), decide=books.telling(GENERAL, due=now + timedelta(minutes=5)))
    born = {"state": S.EXPIRED, "why": Why.PAST_LIFE}
    await books.append(books.detected("too old for phones"), decide=books.telling(PHONE, **born))
    books.clock.advance(300)
    await books.settle(await books.claimed(), S.SENT)
    await books.append(books.detected("dead target"))
    await books.operations.disable(GENERAL, "target_gone", "404")
    assert await counted(books) == {}


async def test_what_its_provider_put_off_is_late(books: Books) -> None:
    await books.append(books.detected())
    await books.settle(await books.claimed(), S.PENDING, Why.DEFERRED, wait=timedelta(seconds=30))
    books.clock.advance(30)
    await books.settle(await books.claimed(), S.SENT)
    assert await counted(books) == {"discord": (1, 1)}


async def test_a_receipt_that_came_later_does_not_make_it_late(books: Books) -> None:
    await sent(books, "told", after=0.4)
    books.clock.advance(5)
    (one,) = (await books.deliveries()).values()
    await books.queue.move([Move(key=one.key, fence=one.fence, to=S.DELIVERED)])
    assert await counted(books) == {"discord": (1, 0)}


async def test_only_alerts_accepted_since_then_count(books: Books) -> None:
    await sent(books, "yesterday", after=5)
    books.clock.advance(6 * 3600 + 1)
    await sent(books, "today", after=0.1)
    assert await counted(books) == {"discord": (1, 0)}


async def test_the_ledger_counts_as_the_rule_does(books: Books) -> None:
    """Whatever a delivery ends as, told as a fact at that moment or read back later."""
    ends = [(S.SENT, None, 0.2), (S.SENT, None, 3), (S.REFUSED, Why.REFUSED, 1), (S.UNKNOWN, Why.ANSWER_LOST, 9)]
    verdicts: list[bool | None] = []
    for number, (to, why, after) in enumerate(ends):
        await books.append(books.detected(str(number)))
        claim = await books.claimed()
        books.clock.advance(after)
        for one in (await books.settle(claim, to, why)).deliveries:
            latency = float(after) if to is S.SENT else None
            verdicts.append(told_in_time(DeliveryMoved(delivery=one, to=to, why=why, latency_s=latency), SECOND))
    kept = [verdict for verdict in verdicts if verdict is not None]
    assert await counted(books) == {"discord": (len(kept), kept.count(False))}


def test_it_reads_no_more_than_what_is_young() -> None:
    """By the names of alerts, and from there by their deliveries: history is not gone through."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    asked = punctuality.LATELY.compile(engine, compile_kwargs={"render_postcompile": True})
    values = {"oldest": "0", "within": 0, "most": 1}
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {asked}", tuple({**asked.params, **values}[name] for name in asked.positiontup or ())
        )
        steps = [row.detail for row in plan]
    engine.dispose()
    assert steps[0].startswith("SEARCH alerts USING INDEX")
    assert all(step.startswith("SEARCH") for step in steps)
