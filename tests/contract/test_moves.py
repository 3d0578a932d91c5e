"""Every move of a delivery is kept: what attempts tell with them, everything else as a row that nothing changes."""

from datetime import timedelta

from tests.contract.books import GENERAL, HIGH, LIFE, Books

from tocsin.core.alert import Alert
from tocsin.core.delivery import DeliveryState, Why
from tocsin.ledger.contract import DeliveryStory, Move

S = DeliveryState
Told = list[tuple[DeliveryState, Why | None, DeliveryState, Why | None]]


async def story(books: Books, alert: Alert) -> DeliveryStory:
    told = await books.history.story(alert.id)
    assert told is not None
    (one,) = told.deliveries
    return one


async def moves(books: Books, alert: Alert) -> Told:
    return [(row.origin, row.origin_why, row.state, row.why) for row in (await story(books, alert)).moves]


async def retry(books: Books, alert: Alert) -> None:
    delivery = (await story(books, alert)).delivery
    await books.queue.move([Move(key=delivery.key, fence=delivery.fence, to=S.PENDING, why=Why.RETRIED, life=LIFE)])


async def test_an_operators_retry_wipes_out_nothing(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    books.clock.advance(LIFE.total_seconds())
    expired_at = books.clock.now()
    await books.queue.expire()
    books.clock.advance(60)
    await retry(books, alert)
    await books.settle(await books.claimed(), S.SENT)
    told = await story(books, alert)
    assert (told.delivery.state, told.delivery.why, len(told.attempts)) == (S.SENT, None, 1)
    assert await moves(books, alert) == [
        (S.PENDING, None, S.EXPIRED, Why.PAST_LIFE),
        (S.EXPIRED, Why.PAST_LIFE, S.PENDING, Why.RETRIED),
    ]
    assert [row.at for row in told.moves] == [expired_at, expired_at + timedelta(seconds=60)]


async def test_what_an_attempt_tells_is_no_row_of_its_own(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    await books.settle(await books.claimed(), S.PENDING, Why.DEFERRED)
    await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)
    assert await moves(books, alert) == []


async def test_what_was_found_out_about_a_lost_answer_is_kept(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    (lost,) = (await books.settle(await books.claimed(), S.UNKNOWN, Why.ANSWER_LOST)).deliveries
    held = Move(key=lost.key, fence=lost.fence, to=S.POSSIBLY_SENT, why=Why.HELD, detail="nobody can be asked")
    await books.queue.move([held])
    await retry(books, alert)
    (first, then) = (await story(books, alert)).moves
    assert (first.state, first.why, first.detail) == (S.POSSIBLY_SENT, Why.HELD, "nobody can be asked")
    assert (then.origin, then.state) == (S.POSSIBLY_SENT, S.PENDING)


async def test_each_way_to_be_unwanted_is_kept(books: Books) -> None:
    superseded, closed = books.detected(), books.detected()
    await books.append(superseded)
    await books.append(closed)
    await books.close(closed)
    refused = books.detected("other")
    await books.append(refused, decide=books.telling(HIGH))
    await books.operations.disable(HIGH, "target_gone", "")
    assert [await moves(books, alert) for alert in (superseded, closed, refused)] == [
        [(S.PENDING, None, S.CANCELLED, Why.SUPERSEDED)],
        [(S.PENDING, None, S.CANCELLED, Why.CLOSED)],
        [(S.PENDING, None, S.REFUSED, Why.NO_TARGET)],
    ]


async def test_moves_are_forgotten_with_their_alert(books: Books) -> None:
    alert = books.detected()
    await books.append(alert, decide=books.telling(GENERAL))
    await books.close(alert)
    books.clock.advance(3600)
    assert await books.history.prune(books.clock.now()) == 1
    again = books.detected()
    await books.append(again)
    assert await moves(books, again) == []
