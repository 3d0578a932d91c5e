"""As many alerts a day as a person wants: counted by the ledger, in the transaction that claims the next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.contract.books import Books, plan
from tests.contract.crowd import CONFIRMED, GRANTED, Crowd, phone

from tocsin.core.decision import Accepted, Chosen, Reason
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.recipients import Recipient, audience_of
from tocsin.ledger.contract import Claimed, ClaimRequest, DayLimit, DayLimits, Full

VIP = Target("sms", "vip")
MORNING = datetime.fromisoformat("2026-11-23T05:00+00:00")  # midnight in New York, of the day on which the books begin
DAY = timedelta(days=1)
_S = DeliveryState


def at_most(most: int, since: datetime = MORNING) -> DayLimits:
    return lambda _: DayLimit(most, since, since + DAY)


async def alert(
    books: Books, sku: str, slots: Sequence[int], target: Target = VIP, reason: Reason = Reason.NEW
) -> None:
    people = Chosen(now=audience_of(slots))
    planned = plan(target, clock=books.clock, people=people, lane="sms:main")
    await books.append(books.detected(sku), decide=lambda *_: Accepted(reason, (planned,)))


async def claim(books: Books, limits: DayLimits, attempts: int = 1) -> Claimed:
    return await books.queue.claim(
        ClaimRequest(lane="sms:main", pack=lambda *_: 1, attempts=attempts, day_limits=limits)
    )


async def tell(books: Books, limits: DayLimits, to: DeliveryState = _S.SENT, why: Why | None = None) -> list[str]:
    """What is claimed now, and ends so."""
    told = []
    for one in (await claim(books, limits)).claims:
        await books.settle(one, to, why)
        told += [record.alert.sku for _, record in one.members]
    return told


@pytest.fixture
async def slot(books: Books) -> int:
    return (await Crowd(books.ledger.people).telling("Ada", phone()))[1].slot


async def test_what_is_beyond_the_day_is_not_told_and_the_next_day_begins_anew(books: Books, slot: int):
    for sku in ("a", "b", "c"):
        await alert(books, sku, [slot])
    assert [await tell(books, at_most(2)) for _ in range(2)] == [["a"], ["b"]]
    full = await claim(books, at_most(2))
    assert full.claims == ()
    assert [(one.state, one.why, one.slot) for one in full.withdrawn] == [(_S.CANCELLED, Why.PER_DAY, slot)]
    assert full.full == (Full("sms", slot, MORNING + DAY),)
    await alert(books, "d", [slot])
    assert await tell(books, at_most(2, since=books.clock.now() + timedelta(seconds=1))) == ["d"]


async def test_what_did_not_reach_the_person_does_not_count_and_what_may_have_does(books: Books, slot: int):
    for sku in ("a", "b", "c"):
        await alert(books, sku, [slot])
    assert await tell(books, at_most(1), _S.REFUSED, Why.REFUSED) == ["a"]
    assert await tell(books, at_most(1), _S.UNKNOWN, Why.ANSWER_LOST) == ["b"]
    assert await tell(books, at_most(1)) == []


async def test_an_alert_counts_once_by_however_many_phones_and_every_list_of_a_channel(books: Books):
    crowd = Crowd(books.ledger.people)
    ada, first = await crowd.telling("Ada", phone())
    second = await crowd.say(ada, await crowd.add(ada, phone("+14155550102"), GRANTED), CONFIRMED)
    for sku, target in (("a", VIP), ("b", Target("sms", "night"))):
        await alert(books, sku, [first.slot, second.slot], target)
    assert [await tell(books, at_most(1)) for _ in range(2)] == [["a"], ["a"]]
    assert [one.why for one in (await claim(books, at_most(1))).withdrawn] == [Why.PER_DAY] * 2
    push = plan(Target("push", "everyone"), clock=books.clock, people=Chosen(now=audience_of([first.slot])))
    await books.append(books.detected("c"), decide=lambda *_: Accepted(Reason.NEW, (push,)))
    request = ClaimRequest(lane="push:everyone", pack=lambda *_: 1, day_limits=at_most(1))
    assert len((await books.queue.claim(request)).claims) == 1, "another channel counts for itself"


async def test_those_claimed_together_count_too_and_what_may_be_too_much_waits(books: Books, slot: int):
    for sku in ("a", "b", "c"):
        await alert(books, sku, [slot])
    together = await claim(books, at_most(2), attempts=3)
    assert [record.alert.sku for one in together.claims for _, record in one.members] == ["a", "b"]
    assert together.withdrawn == ()
    await books.settle(together.claims[0], _S.REFUSED, Why.REFUSED)
    assert await tell(books, at_most(2)) == ["c"]


async def test_who_wants_all_is_not_counted_and_nobody_is_for_a_test(books: Books, slot: int):
    def other(who: Recipient) -> DayLimit | None:
        return None if who.slot == slot else DayLimit(1, MORNING, MORNING + DAY)

    await alert(books, "a", [slot])
    await alert(books, "b", [slot])
    assert [await tell(books, other) for _ in range(2)] == [["a"], ["b"]]
    await alert(books, "test", [slot], reason=Reason.TEST)
    assert await tell(books, at_most(1)) == ["test"]
