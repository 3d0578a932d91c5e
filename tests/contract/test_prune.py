from datetime import timedelta

from tests.contract.books import GENERAL, Books

from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import DeliveryState, Why
from tocsin.ledger.contract import AlertQuery

DAY = timedelta(days=1)


async def skus(books: Books) -> list[str]:
    return [row.record.alert.sku for row in (await books.archive.alerts(AlertQuery(limit=1000))).items]


async def settled(books: Books, *names: str) -> None:
    await books.append(*(books.detected(name) for name in names))
    while claim := await books.claim(limit=10):
        await books.settle(claim, DeliveryState.SENT, reference="message")


async def test_the_oldest_are_forgotten_with_all_that_belongs_to_them(books: Books) -> None:
    await settled(books, "old 1", "old 2")
    await books.ledger.click(1, Click(books.clock.now(), ClickKind.PERSON, ""))
    books.clock.advance(DAY.total_seconds() * 2)
    await settled(books, "new")
    assert await books.ledger.prune(books.clock.now() - DAY) == 2
    assert await skus(books) == ["new"]
    assert await books.archive.span() == (3, 3)
    assert [event.position for event in await books.archive.events(0, 10)] == [3]
    assert len((await books.archive.deliveries()).items) == 1
    assert len(await books.archive.recent_attempts(books.clock.now() - 9 * DAY)) == 1


async def test_retention_goes_in_bounded_steps(books: Books) -> None:
    await settled(books, *map(str, range(10)))
    books.clock.advance(DAY.total_seconds() * 2)
    before = books.clock.now() - DAY
    assert [await books.ledger.prune(before, limit=4) for _ in range(4)] == [4, 4, 2, 0]


async def test_what_is_under_way_is_never_forgotten(books: Books) -> None:
    await books.append(books.detected("pending"), decide=books.telling(GENERAL, life=9 * DAY))
    await books.append(books.detected("sending"), decide=books.telling(GENERAL, lane="busy", life=9 * DAY))
    await books.append(books.detected("unknown"), decide=books.telling(GENERAL, lane="lost", life=9 * DAY))
    await settled(books, "done")
    await books.append(books.detected("pending"), decide=books.telling(GENERAL, life=9 * DAY))
    await books.claimed(lane="busy")
    await books.settle(await books.claimed(lane="lost"), DeliveryState.UNKNOWN, Why.ANSWER_LOST)
    books.clock.advance(DAY.total_seconds() * 2)
    await books.ledger.prune(books.clock.now() - DAY)
    assert sorted(await skus(books)) == ["pending", "sending", "unknown"]


async def test_a_forgotten_stream_still_knows_where_it_stands(books: Books) -> None:
    await settled(books, "1", "2")
    books.clock.advance(DAY.total_seconds() * 2)
    await books.ledger.prune(books.clock.now() - DAY)
    assert await books.archive.span() == (3, 2)
    await settled(books, "3")
    assert await books.archive.span() == (3, 3)


async def test_an_alert_stays_while_its_end_is_still_in_the_stream(books: Books) -> None:
    old = books.detected("old")
    await books.append(old)
    await books.settle(await books.claimed(), DeliveryState.SENT)
    books.clock.advance(DAY.total_seconds() * 2)
    await books.close(old)
    assert await books.ledger.prune(books.clock.now() - DAY) == 0
    assert [event.record.alert.sku for event in await books.archive.events(1, 10)] == ["old"]
    books.clock.advance(DAY.total_seconds() * 2)
    assert await books.ledger.prune(books.clock.now() - DAY) == 1


async def test_an_open_episode_is_remembered_and_an_ended_one_forgotten(books: Books) -> None:
    await settled(books, "open", "ended")
    await books.close(books.detected("ended"))
    books.clock.advance(DAY.total_seconds() * 2)
    await books.ledger.prune(books.clock.now() - DAY)
    again = await books.append(books.detected("open"), books.detected("ended"), decide=books.once(GENERAL))
    assert [answer["decision"] for answer in again.answers] == ["duplicate", "accepted"]
