from datetime import timedelta

from sqlalchemy import Connection, func, select
from tests.contract.books import GENERAL, Books, as_a_test, filtering
from tests.contract.test_consents import word

from tocsin.core.alert import AlertType
from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract import AlertQuery, Move, Settlement
from tocsin.ledger.engine.schema import metadata
from tocsin.ledger.history.retention import REPEATED_WITHIN
from tocsin.rules.click import TOGETHER
from tocsin.rules.consent import standing_after
from tocsin.rules.receipts import moves_after

DAY = timedelta(days=1)


async def skus(books: Books) -> list[str]:
    return [row.record.alert.sku for row in (await books.history.alerts(AlertQuery(limit=1000))).items]


async def settled(books: Books, *names: str) -> None:
    await books.append(*(books.detected(name) for name in names))
    while claim := await books.claim(limit=10):
        await books.settle(claim, DeliveryState.SENT, reference="message")


async def test_the_oldest_are_forgotten_with_all_that_belongs_to_them(books: Books) -> None:
    await settled(books, "old 1", "old 2")
    await books.history.click(1, Click(books.clock.now(), ClickKind.PERSON, ""), TOGETHER)
    books.clock.advance(DAY.total_seconds() * 2)
    await settled(books, "new")
    assert await books.history.prune(books.clock.now() - DAY) == 2
    assert await skus(books) == ["new"]
    assert await books.history.span() == (3, 3)
    assert [event.position for event in await books.history.events(0, 10)] == [3]
    assert len((await books.history.deliveries()).items) == 1
    assert len(await books.queue.recent_attempts(books.clock.now() - 9 * DAY)) == 1


async def test_retention_goes_in_bounded_steps(books: Books) -> None:
    await settled(books, *map(str, range(10)))
    books.clock.advance(DAY.total_seconds() * 2)
    before = books.clock.now() - DAY
    assert [await books.history.prune(before, limit=4) for _ in range(4)] == [4, 4, 2, 0]


async def test_what_is_under_way_is_never_forgotten(books: Books) -> None:
    await books.append(books.detected("pending"), decide=books.telling(GENERAL, life=9 * DAY))
    await books.append(books.detected("sending"), decide=books.telling(GENERAL, lane="busy", life=9 * DAY))
    await books.append(books.detected("unknown"), decide=books.telling(GENERAL, lane="lost", life=9 * DAY))
    await settled(books, "done")
    await books.append(books.detected("pending"), decide=books.telling(GENERAL, life=9 * DAY))
    await books.claimed(lane="busy")
    await books.settle(await books.claimed(lane="lost"), DeliveryState.UNKNOWN, Why.ANSWER_LOST)
    books.clock.advance(DAY.total_seconds() * 2)
    await books.history.prune(books.clock.now() - DAY)
    assert sorted(await skus(books)) == ["pending", "sending", "unknown"]


async def test_a_forgotten_stream_still_knows_where_it_stands(books: Books) -> None:
    await settled(books, "1", "2")
    books.clock.advance(DAY.total_seconds() * 2)
    await books.history.prune(books.clock.now() - DAY)
    assert await books.history.span() == (3, 2)
    await settled(books, "3")
    assert await books.history.span() == (3, 3)


async def test_an_alert_stays_while_its_end_is_still_in_the_stream(books: Books) -> None:
    old = books.detected("old")
    await books.append(old)
    await books.settle(await books.claimed(), DeliveryState.SENT)
    books.clock.advance(DAY.total_seconds() * 2)
    await books.close(old)
    assert await books.history.prune(books.clock.now() - DAY) == 0
    assert [event.record.alert.sku for event in await books.history.events(1, 10)] == ["old"]
    books.clock.advance(DAY.total_seconds() * 2)
    assert await books.history.prune(books.clock.now() - DAY) == 1


async def test_an_open_episode_is_remembered_and_an_ended_one_forgotten(books: Books) -> None:
    await settled(books, "open", "ended")
    await books.close(books.detected("ended"))
    books.clock.advance(DAY.total_seconds() * 2)
    await books.history.prune(books.clock.now() - DAY)
    again = await books.append(books.detected("open"), books.detected("ended"), decide=books.once(GENERAL))
    assert [answer["decision"] for answer in again.answers] == ["duplicate", "accepted"]


async def test_of_what_is_forgotten_nothing_is_left(books: Books) -> None:
    """But for where the stream stands, and what operators and people have set."""
    alert = books.detected()
    await books.append(alert, books.detected("soon", kind=AlertType.RESTOCK_SOON), key="k")
    await books.append(books.detected("excluded"), decide=filtering)
    await books.append(books.detected("test"), decide=as_a_test(books.clock))
    claim = await books.claimed(limit=10)
    said = Signal(channel="discord", event_id="e", kind=SignalKind.DELIVERED, delivery=claim.members[0][0].key)
    moves = tuple(
        Move(key=one.key, fence=one.fence, to=DeliveryState.SENT, reference="100", units=1) for one, _ in claim.members
    )
    receipts = ("discord", moves_after)
    await books.queue.settle(Settlement(attempt=claim.key, outcome="sent", moves=moves, receipts=receipts))
    await books.queue.receive([said], moves_after)
    await books.history.click(claim.members[0][0].key, Click(books.clock.now(), ClickKind.PERSON, ""), TOGETHER)
    await books.close(alert)
    books.clock.advance(DAY.total_seconds())
    await books.queue.expire()
    await books.history.name()
    assert {name for name, rows in (await left(books)).items() if rows} >= FORGOTTEN
    books.clock.advance(DAY.total_seconds())
    assert await books.history.prune(books.clock.now()) == 4
    assert {name for name, rows in (await left(books)).items() if rows} <= LASTING


async def test_what_was_said_of_nothing_that_is_known_is_forgotten_once_nobody_says_it_again(books: Books) -> None:
    """However short alerts are kept, an event that a provider tells once more is known for a day and more."""
    stray = Signal(channel="discord", event_id="e", kind=SignalKind.DELIVERED, reference="somebody else's")
    of_person = word(SignalKind.HELP_ASKED, "p", None)
    await books.queue.receive([stray], moves_after)
    await books.ledger.people.listen([of_person], standing_after)
    books.clock.advance(DAY.total_seconds())
    await books.history.prune(books.clock.now())
    assert (await books.queue.receive([stray], moves_after)).known == 1
    assert await books.ledger.people.listen([of_person], standing_after) == ()
    books.clock.advance((REPEATED_WITHIN - DAY).total_seconds() + 1)
    await books.history.prune(books.clock.now() - 9 * DAY)
    assert (await left(books))["signals"] == 2
    await books.history.prune(books.clock.now())
    assert (await left(books))["signals"] == 0


async def test_what_is_as_old_as_that_is_kept(books: Books) -> None:
    """Each table by its own time: alerts and events by when they were, answers for a day, episodes by when they ended
    and were last seen.
    """
    await books.append(books.detected("excluded"), decide=filtering)
    books.clock.advance(1)
    await books.append(ended := books.detected("ended"), decide=books.once(), key="k")
    await books.close(ended)
    assert await books.history.prune(books.clock.now()) == 1
    kept = await left(books)
    assert [kept[name] for name in ("alerts", "texts", "events", "episodes", "idempotency")] == [1, 1, 2, 1, 1]
    books.clock.advance(DAY.total_seconds() - 1)
    assert await books.history.prune(ended.timestamp) == 0
    assert await left(books) == kept
    books.clock.advance(1)
    assert await books.history.prune(ended.timestamp + DAY) == 1
    assert {name for name, rows in (await left(books)).items() if rows} <= LASTING


async def test_an_attempt_is_kept_for_as_long_as_one_of_those_that_it_carried(books: Books) -> None:
    await books.append(books.detected("old"), decide=books.telling(GENERAL, life=9 * DAY))
    books.clock.advance(DAY.total_seconds() * 2)
    await books.append(books.detected("new"))
    await books.settle(await books.claimed(limit=2), DeliveryState.SENT)
    assert await books.history.prune(books.clock.now() - DAY) == 1
    kept = await left(books)
    assert (kept["attempts"], kept["attempt_members"]) == (1, 1)


LASTING = {"stream", "rollup_state", "last_commits"}  # a row each: of the ledger, or of each program that writes to it
FORGOTTEN = {
    *("alerts", "texts", "names", "events", "episodes", "deliveries", "attempts", "attempt_members", "delivery_moves"),
    *("signals", "receipts", "messages", "idempotency", "clicks"),
}


async def left(books: Books) -> dict[str, int]:
    """How many rows of each table."""

    def count(connection: Connection) -> dict[str, int]:
        with connection.begin():
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

    return await books.ledger._writer.read(count)
