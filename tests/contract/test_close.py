from datetime import timedelta

from tests.contract.books import GENERAL, HIGH, Books

from tocsin.core.alert import AlertType
from tocsin.core.decision import Accepted, Episode, Reason
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.record import EventKind
from tocsin.ledger.contract import Closed
from tocsin.ledger.queue.close import AT_ONCE


async def test_closing_ends_the_episode_for_alerts_deliveries_and_the_stream(books: Books) -> None:
    stock, drop = books.detected(), books.detected(kind=AlertType.PRICE_DROP)
    opened_at = books.clock.now()
    await books.append(stock, decide=books.telling(GENERAL))
    await books.append(drop, decide=books.telling(HIGH))
    books.clock.advance(192)
    closed = await books.close(stock)
    assert [event.position for event in closed.events] == [3, 4]
    assert [event.record.alert.id for event in closed.events] == [stock.id, drop.id]
    assert {(event.kind, event.at, event.opened_at) for event in closed.events} == {
        (EventKind.CLOSED, opened_at + timedelta(seconds=192), opened_at)
    }
    assert {(one.target, one.state, one.why) for one in closed.cancelled} == {
        (GENERAL, DeliveryState.CANCELLED, Why.CLOSED),
        (HIGH, DeliveryState.CANCELLED, Why.CLOSED),
    }
    assert (await books.history.events(2, 10)) == closed.events
    assert closed.events[0].record.as_json()["state"] == "closed"


async def test_closing_what_is_not_open_is_no_event(books: Books) -> None:
    alert = books.detected()
    assert await books.close(alert) == Closed()
    await books.append(alert)
    await books.close(alert)
    assert await books.close(alert) == Closed()
    await books.append(books.detected("soon", kind=AlertType.RESTOCK_SOON))
    assert await books.close(books.detected("soon")) == Closed()


async def test_another_variant_stays_open(books: Books) -> None:
    white, black = books.detected(variant="white"), books.detected(variant="black")
    await books.append(white, black)
    closed = await books.close(white)
    assert [event.record.alert.id for event in closed.events] == [white.id]
    assert (await books.claimed(limit=10)).members[0][0].alert_id == black.id


async def test_what_comes_back_from_sending_after_the_end_is_cancelled(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    claim = await books.claimed()
    assert (await books.close(alert)).cancelled == ()
    moved = await books.settle(claim, DeliveryState.PENDING, Why.DEFERRED)
    assert [(one.state, one.why) for one in moved.deliveries] == [(DeliveryState.CANCELLED, Why.CLOSED)]


async def test_the_next_restock_opens_the_episode_again(books: Books) -> None:
    known: list[Episode | None] = []

    def decide(alert: object, last: Episode | None, now: object) -> Accepted:
        known.append(last)
        return Accepted(Reason.REOPENED)

    first = books.detected()
    await books.append(first)
    books.clock.advance(60)
    await books.close(first)
    closed_at = books.clock.now()
    books.clock.advance(60)
    second = books.detected()
    await books.append(second, decide=decide)
    await books.append(books.detected(kind=AlertType.PRICE_DROP), decide=decide)
    assert known[0] is not None
    assert known[1] is not None
    assert known[0].closed_at == closed_at
    assert (known[1].closed_at, known[1].opened_at) == (None, books.clock.now())
    closed = await books.close(second)
    assert first.id not in {event.record.alert.id for event in closed.events}
    assert len(closed.events) == 2


async def test_an_episode_ends_when_nobody_repeats_it(books: Books) -> None:
    silent, repeated = books.detected("silent"), books.detected("repeated")
    await books.append(silent, repeated, decide=books.once(GENERAL))
    books.clock.advance(600)
    await books.append(books.detected("repeated"), decide=books.once(GENERAL))
    closed = await books.queue.silence(books.clock.now() - timedelta(seconds=300))
    assert [event.record.alert.id for event in closed.events] == [silent.id]
    assert (await books.queue.silence(books.clock.now() - timedelta(seconds=300))) == Closed()


async def test_an_episode_with_many_alerts_ends_in_parts_the_oldest_first_and_itself_with_the_last(
    books: Books,
) -> None:
    many = [books.detected() for _ in range(AT_ONCE + 1)]
    await books.append(*many)
    first = await books.close(many[0])
    assert ([event.record.alert.id for event in first.events], first.more) == ([one.id for one in many[:-1]], True)
    assert first.cancelled
    last = await books.close(many[0])
    assert ([event.record.alert.id for event in last.events], last.more) == ([many[-1].id], False)
    assert [event.position for event in (first + last).events] == list(range(AT_ONCE + 2, 2 * AT_ONCE + 3))
    assert await books.close(many[0]) == Closed()


async def test_the_longest_silent_ends_first(books: Books) -> None:
    for sku in ("repeated", "silent", "new", "repeated"):
        await books.append(books.detected(sku), decide=books.once(GENERAL))
        books.clock.advance(60)
    order = [(await books.queue.silence(books.clock.now(), limit=1)).events[0].record.alert.sku for _ in range(3)]
    assert order == ["silent", "new", "repeated"]


async def test_what_is_silent_with_many_alerts_is_closed_in_parts(books: Books) -> None:
    each = AT_ONCE // 2 + 1
    await books.append(*(books.detected(sku) for sku in ("one", "other") for _ in range(each)))
    books.clock.advance(301)
    parts = []
    while not parts or parts[-1].more:
        parts.append(await books.queue.silence(books.clock.now() - timedelta(seconds=300)))
    assert [len(part.events) for part in parts] == [AT_ONCE, 2 * each - AT_ONCE]
    assert await books.queue.silence(books.clock.now()) == Closed()
