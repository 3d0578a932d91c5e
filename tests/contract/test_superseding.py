"""A newer alert of an episode tells a target in place of an older one, however either came there."""

from collections.abc import Awaitable, Callable

import pytest
from tests.contract.books import GENERAL, HIGH, PHONE, Books, plan
from tests.contract.crowd import CONFIRMED, Crowd, phone
from tests.contract.test_sets import VIP, for_people

from tocsin.core.alert import Alert
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.ledger.contract import Move, MoveResult

S = DeliveryState
GONE = (S.CANCELLED, Why.SUPERSEDED)

Way = Callable[[Books], Awaitable[MoveResult]]


async def refused(books: Books) -> MoveResult:
    return await books.settle(await books.claimed(GENERAL), S.REFUSED, Why.REFUSED)


async def failed_over(books: Books) -> MoveResult:
    return await books.queue.fail_over(frozenset({str(GENERAL)}))


async def withheld(books: Books) -> MoveResult:
    return await books.queue.withhold(str(GENERAL))


async def disabled(books: Books) -> MoveResult:
    return await books.operations.disable(GENERAL, "target_gone", "404")


ways = pytest.mark.parametrize("hand_on", [refused, failed_over, withheld, disabled])


async def told(books: Books, *targets: Target, behind: Target | None = None, sku: str = "A") -> Alert:
    fallback = () if behind is None else (plan(behind, clock=books.clock),)
    alert = books.detected(sku)
    await books.append(alert, decide=books.telling(*targets, fallback=fallback))
    return alert


async def standing(books: Books, alert: Alert) -> dict[Target, tuple[DeliveryState, Why | None]]:
    page = await books.history.deliveries(limit=100)
    return {one.target: (one.state, one.why) for one in page.items if one.alert_id == alert.id}


@ways
async def test_what_is_handed_on_to_where_a_newer_one_waits_is_not_told(books: Books, hand_on: Way) -> None:
    older = await told(books, GENERAL, behind=PHONE)
    newer = await told(books, PHONE)
    moved = await hand_on(books)
    assert (await standing(books, older))[PHONE] == GONE
    assert (await standing(books, newer))[PHONE] == (S.PENDING, None)
    assert GONE in {(one.state, one.why) for one in moved.deliveries if one.target == PHONE}
    (member,) = (await books.claimed(PHONE, limit=9)).members
    assert member[0].alert_id == newer.id


@ways
async def test_what_is_handed_on_takes_the_place_of_an_older_one(books: Books, hand_on: Way) -> None:
    older = await told(books, PHONE)
    newer = await told(books, GENERAL, behind=PHONE)
    moved = await hand_on(books)
    assert (await standing(books, older))[PHONE] == GONE
    assert (await standing(books, newer))[PHONE] == (S.PENDING, None)
    assert [one.alert_id for one in moved.deliveries if one.target == PHONE] == [older.id]


@ways
@pytest.mark.parametrize("to", [S.SENDING, S.UNKNOWN, S.SENT])
async def test_what_is_handed_on_to_where_a_newer_one_was_told_is_not_told(
    books: Books, hand_on: Way, to: DeliveryState
) -> None:
    older = await told(books, GENERAL, behind=PHONE)
    await told(books, PHONE)
    claim = await books.claimed(PHONE)
    if to is not S.SENDING:
        await books.settle(claim, to, Why.ANSWER_LOST if to is S.UNKNOWN else None)
    await hand_on(books)
    assert (await standing(books, older))[PHONE] == GONE


@ways
async def test_what_is_handed_on_is_told_where_the_newer_one_was_in_vain_or_is_of_something_else(
    books: Books, hand_on: Way
) -> None:
    older = await told(books, GENERAL, behind=PHONE)
    await told(books, PHONE, HIGH)
    await books.settle(await books.claimed(PHONE), S.REFUSED, Why.REFUSED)
    await told(books, PHONE, sku="B")
    await hand_on(books)
    assert (await standing(books, older))[PHONE] == (S.PENDING, None)


async def test_of_two_that_are_handed_on_at_once_the_newer_is_told(books: Books) -> None:
    """Though the older one failed later."""
    older = await told(books, GENERAL, behind=PHONE)
    newer = await told(books, HIGH, behind=PHONE)
    await books.queue.fail_over(frozenset({str(GENERAL), str(HIGH)}))
    assert (await standing(books, older))[PHONE] == GONE
    assert (await standing(books, newer))[PHONE] == (S.PENDING, None)


async def resent(books: Books) -> MoveResult:
    (doubted,) = (await books.history.deliveries(state=S.UNKNOWN)).items
    again = Move(key=doubted.key, fence=doubted.fence, to=S.PENDING, why=Why.RESENT)
    return await books.queue.move([again])


async def test_what_may_have_arrived_is_not_sent_again_over_a_newer_one(books: Books) -> None:
    older = await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.UNKNOWN, Why.ANSWER_LOST)
    await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.SENT)
    moved = await resent(books)
    assert (await standing(books, older))[PHONE] == GONE
    assert [(one.alert_id, one.why) for one in moved.deliveries] == [(older.id, Why.SUPERSEDED)]


async def test_what_waits_to_be_sent_again_gives_way_once_a_newer_one_is_there(books: Books) -> None:
    older = await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.UNKNOWN, Why.ANSWER_LOST)
    await told(books, PHONE)
    claim = await books.claimed(PHONE)
    await resent(books)
    assert (await standing(books, older))[PHONE] == (S.PENDING, Why.RESENT)
    await books.settle(claim, S.SENT)
    assert (await standing(books, older))[PHONE] == GONE


async def test_what_may_have_arrived_is_sent_again_where_the_newer_one_was_in_vain(books: Books) -> None:
    older = await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.UNKNOWN, Why.ANSWER_LOST)
    await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.REFUSED, Why.REFUSED)
    await resent(books)
    assert (await standing(books, older))[PHONE] == (S.PENDING, Why.RESENT)


async def test_a_person_is_not_told_again_of_an_older_alert_after_a_newer_one(books: Books, crowd: Crowd) -> None:
    ada, bob = [
        (await crowd.add(await crowd.meet(name), phone(number), CONFIRMED)).slot
        for name, number in (("Ada", "+14155550101"), ("Bob", "+14155550102"))
    ]
    older = books.detected()
    await books.append(older, decide=for_people(books, [ada, bob]))
    claim = await books.claimed(VIP, limit=2)
    await books.settle(claim, S.UNKNOWN, Why.ANSWER_LOST)
    await books.append(books.detected(), decide=for_people(books, [ada]))
    await books.settle(await books.claimed(VIP), S.SENT)
    doubted = (await books.history.deliveries(state=S.UNKNOWN)).items
    await books.queue.move([Move(key=one.key, fence=one.fence, to=S.PENDING, why=Why.RESENT) for one in doubted])
    page = await books.history.deliveries(limit=100)
    ends = {one.slot: (one.state, one.why) for one in page.items if one.alert_id == older.id}
    assert ends == {ada: GONE, bob: (S.PENDING, Why.RESENT)}


async def test_what_comes_back_takes_the_place_of_an_older_one_that_came_back_before(books: Books) -> None:
    older = await told(books, PHONE)
    await books.settle(await books.claimed(PHONE), S.UNKNOWN, Why.ANSWER_LOST)
    newer = await told(books, PHONE)
    claim = await books.claimed(PHONE)
    (doubted,) = (await books.history.deliveries(state=S.UNKNOWN)).items
    await books.queue.move([Move(key=doubted.key, fence=doubted.fence, to=S.PENDING, why=Why.RESENT)])
    assert (await standing(books, older))[PHONE] == (S.PENDING, Why.RESENT)
    moved = await books.settle(claim, S.PENDING, Why.DEFERRED)
    assert (await standing(books, older))[PHONE] == GONE
    assert [one.alert_id for one in moved.deliveries] == [newer.id, older.id]
