"""What people gather leaves as one attempt for each of them, whole: on both databases, whatever else happens."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contract.books import Books, opened
from tests.contract.crowd import STOP, Crowd, phone
from tests.contract.test_sets import HOLD, VIP, everybody_of, for_people

from tocsin.core.alert import Alert, EpisodeKey
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract import Claim, ClaimRequest, DayLimit, Move
from tocsin.ledger.contract.people import AddressRow, ContactRow
from tocsin.ledger.engine.connections import parse_url, reading_engine
from tocsin.rules.receipts import moves_after

_S = DeliveryState
DAY = timedelta(hours=12)
PEOPLE = 3

Members = Sequence[tuple[ContactRow, AddressRow]]


async def people_of(books: Books, crowd: Crowd, many: int = PEOPLE) -> Members:
    return [await crowd.telling(f"member {number}", phone(f"+1415555{number:04}")) for number in range(many)]


async def gathered(books: Books, slots: Sequence[int], sku: str, **fields: Any) -> Alert:
    alert = books.detected(sku, **fields)
    await books.append(alert, decide=for_people(books, [], held=slots, life=DAY))
    return alert


async def claimed(books: Books, limit: int = 1, attempts: int = 1) -> tuple[Claim, ...]:
    request = ClaimRequest(lane=str(VIP), pack=lambda _, records: len(records), limit=limit, attempts=attempts)
    return (await books.queue.claim(request)).claims


def told(claim: Claim) -> tuple[list[str], set[int | None]]:
    return [record.alert.sku for _, record in claim.members], {delivery.slot for delivery, _ in claim.members}


async def test_each_person_gets_one_attempt_with_all_that_was_gathered(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    for sku, priority in (("a", 2), ("b", 7), ("c", 5)):
        await gathered(books, slots, sku, priority=priority)
    await gathered(books, slots[:1], "d", priority=1)
    assert await claimed(books) == ()  # before its hour
    clock.advance(HOLD.total_seconds())
    mails = [claim for _ in range(PEOPLE) for claim in await claimed(books, limit=1000)]
    assert [told(mail) for mail in mails] == [
        (["b", "c", "a", "d"], {slots[0]}),
        (["b", "c", "a"], {slots[1]}),
        (["b", "c", "a"], {slots[2]}),
    ]
    assert [set(mail.recipients) for mail in mails] == [{slot} for slot in slots]
    assert await claimed(books) == ()


async def test_several_attempts_at_once_are_for_several_people(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    await gathered(books, slots, "a")
    await gathered(books, slots, "b")
    clock.advance(HOLD.total_seconds())
    mails = [told(mail) for mail in await claimed(books, attempts=4)]
    assert sorted(mails, key=str) == [(["a", "b"], {slot}) for slot in slots]


async def test_what_leaves_by_itself_is_in_no_digest(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    await gathered(books, slots, "a", priority=5)
    clock.advance(HOLD.total_seconds())
    for sku, priority in (("now", 9), ("later", 1)):
        await books.append(books.detected(sku, priority=priority), decide=for_people(books, slots))
    assert told(*(await claimed(books, limit=1000))) == (["now"] * PEOPLE, set(slots))
    for slot in slots:
        assert told(*(await claimed(books, limit=1000))) == (["a"], {slot})
    assert told(*(await claimed(books, limit=1000))) == (["later"] * PEOPLE, set(slots))


async def test_a_digest_counts_nothing_of_what_a_person_wants_in_a_day(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd, 1)]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    clock.advance(HOLD.total_seconds())
    since = clock.now() - DAY
    limits = {"day_limits": lambda _: DayLimit(1, since, since + 2 * DAY)}
    await books.settle(await books.claimed(VIP, **limits), _S.SENT)
    for sku in ("c", "d"):
        await books.append(books.detected(sku), decide=for_people(books, slots))
    assert told(await books.claimed(VIP, **limits)) == (["c"], set(slots))
    assert await books.claim(VIP, **limits) is None


async def test_it_outlives_its_alert_and_not_its_own_life(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    await gathered(books, slots, "a")
    clock.advance((HOLD + DAY).total_seconds() - 1)
    assert (await books.queue.expire()).deliveries == ()
    assert told(*(await claimed(books))) == (["a"], {slots[0]})
    clock.advance(1)
    assert [one.people for one in (await books.queue.expire()).deliveries] == [PEOPLE - 1]


async def test_what_is_over_by_then_is_left_out(books: Books, crowd: Crowd, clock: ManualClock):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    await books.queue.close(EpisodeKey("a", "bestbuy"))
    clock.advance(HOLD.total_seconds())
    assert told(*(await claimed(books))) == (["b"], {slots[0]})


async def test_who_leaves_before_it_does_gets_none(books: Books, place: str, crowd: Crowd, clock: ManualClock):
    members = await people_of(books, crowd)
    slots = [address.slot for _, address in members]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    clock.advance(HOLD.total_seconds())
    await crowd.say(*members[0], STOP)
    assert [slot for _ in range(PEOPLE) for claim in await claimed(books) for slot in claim.recipients] == slots[1:]
    engine = reading_engine(parse_url(place))
    left = {state[:2] for each, state in everybody_of(engine).items() if each.slot == slots[0]}
    engine.dispose()
    assert left == {(_S.CANCELLED, Why.CONSENT)}


async def test_a_newer_alert_of_the_product_takes_the_place_of_the_older_one(
    books: Books, crowd: Crowd, clock: ManualClock
):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    await gathered(books, slots, "a")
    newer = await gathered(books, slots, "a", price=1)
    clock.advance(HOLD.total_seconds())
    (mail,) = await claimed(books)
    assert [record.alert.id for _, record in mail.members] == [newer.id]


async def test_what_comes_back_leaves_together_again_with_what_was_gathered_since(
    books: Books, crowd: Crowd, clock: ManualClock
):
    slots = [address.slot for _, address in await people_of(books, crowd)]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    clock.advance(HOLD.total_seconds())
    (mail,) = await claimed(books)
    await books.settle(mail, _S.PENDING, Why.DEFERRED)
    await gathered(books, slots, "c")
    clock.advance(HOLD.total_seconds())
    assert told(*(await claimed(books))) == (["a", "b", "c"], {slots[0]})


@pytest.mark.parametrize("deadly", [1, 2])
async def test_what_came_back_from_doubt_twice_leaves_alone(
    books: Books, crowd: Crowd, clock: ManualClock, deadly: int
):
    slots = [address.slot for _, address in await people_of(books, crowd, 1)]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    clock.advance(HOLD.total_seconds())
    for _ in range(deadly):
        (mail,) = await claimed(books)
        await books.settle(mail, _S.UNKNOWN, Why.CRASHED)
        moves = [Move(key=one.key, fence=one.fence, to=_S.PENDING, why=Why.RESENT) for one, _ in mail.members]
        await books.queue.move(moves)
    assert [len(claim.members) for claim in await claimed(books)] == [1 if deadly == 2 else 2]


@pytest.mark.parametrize("said", [(SignalKind.DELIVERED, _S.DELIVERED), (SignalKind.FAILED, _S.REFUSED)])
async def test_what_is_said_of_a_digest_is_said_of_all_that_is_in_it(
    books: Books, place: str, crowd: Crowd, clock: ManualClock, said: tuple[SignalKind, DeliveryState]
):
    kind, state = said
    slots = [address.slot for _, address in await people_of(books, crowd, 2)]
    for sku in ("a", "b"):
        await gathered(books, slots, sku)
    clock.advance(HOLD.total_seconds())
    mine, other = await claimed(books), await claimed(books)
    for mail in (*mine, *other):
        await books.settle(mail, _S.SENT)
    first = mine[0].members[0][0]
    heard = await books.queue.receive([Signal(channel="sms", event_id="1", kind=kind, delivery=first.key)], moves_after)
    assert {one.state for one in heard.moved} == {state}
    engine = reading_engine(parse_url(place))
    ends = sorted((each.slot, one.state) for each, one in everybody_of(engine).items())
    engine.dispose()
    assert ends == sorted([(slots[0], state)] * 2 + [(slots[1], _S.SENT)] * 2)


class Morning:
    """Many products, gathered by a few people; each step is looked at from the outside."""

    def __init__(self, books: Books, members: Members, place: str, prefix: str) -> None:
        self.books = books
        self.members = members
        self.slots = [address.slot for _, address in members]
        self.engine = reading_engine(parse_url(place))
        self.prefix = prefix
        self.mine: set[Any] = set()
        self.planned: set[Any] = set()
        self.open: list[Claim] = []
        self.sent: set[Any] = set()

    def now(self) -> dict[Any, Any]:
        return {each: state for each, state in everybody_of(self.engine).items() if each.alert in self.mine}

    async def live(self, steps: Sequence[tuple[Any, ...]]) -> None:
        for verb, *values in steps:
            self.books.clock.advance(0.001)
            await getattr(self, verb)(*values)
            assert self.now().keys() == self.planned, verb
        await self.end()

    async def gather(self, product: int, priority: int, who: int) -> None:
        slots = [slot for place, slot in enumerate(self.slots) if who >> place & 1]
        alert = await gathered(self.books, slots, f"{self.prefix}{product}", priority=priority)
        self.mine.add(alert.id)
        self.planned |= {(alert.id, slot) for slot in slots}

    async def at_once(self, product: int, priority: int, who: int) -> None:
        slots = [slot for place, slot in enumerate(self.slots) if who >> place & 1]
        alert = self.books.detected(f"{self.prefix}{product}", priority=priority)
        await self.books.append(alert, decide=for_people(self.books, slots))
        self.mine.add(alert.id)
        self.planned |= {(alert.id, slot) for slot in slots}

    async def wait(self) -> None:
        self.books.clock.advance(HOLD.total_seconds())

    async def claim(self, limit: int, attempts: int) -> None:
        for claim in await claimed(self.books, limit, attempts):
            slots = {delivery.slot for delivery, _ in claim.members}
            assert slots == set(claim.recipients)
            gathers = {delivery.digest is not None for delivery, _ in claim.members}
            assert len(gathers) == 1, "what leaves by itself is in no digest"
            if gathers == {True}:
                assert len(slots) == 1, "a digest is one person's"
                products = [record.alert.sku for _, record in claim.members]
                assert len(set(products)) == len(products)
            self.open.append(claim)

    async def settle(self, number: int, to: DeliveryState, why: Why | None) -> None:
        if self.open:
            claim = self.open.pop(number % len(self.open))
            alive = [one for one, _ in claim.members if self.now()[one.alert_id, one.slot].state is _S.SENDING]
            await self.books.settle(claim, to, why)
            if to is _S.SENT:
                mine = {(one.alert_id, one.slot) for one in alive}
                assert not mine & self.sent, "sent twice"
                self.sent |= mine

    async def crash(self) -> None:
        """What is under way is in doubt, and is not sent again."""
        await self.books.queue.recover()
        for lost in await self.books.queue.unknown(frozenset({str(VIP)})):
            moves = [
                Move(key=one.key, fence=one.fence, to=_S.POSSIBLY_SENT, why=Why.HELD)
                for one, _ in lost.members
                if one.state is _S.UNKNOWN
            ]
            await self.books.queue.move(moves)
        self.open.clear()

    async def close(self, product: int) -> None:
        await self.books.queue.close(EpisodeKey(f"{self.prefix}{product}", "bestbuy"))

    async def end(self) -> None:
        """In the morning everybody's rest leaves together."""
        await self.crash()
        self.books.clock.advance(2 * HOLD.total_seconds())
        waiting = {each for each, state in self.now().items() if state.state is _S.PENDING}
        mails: list[Claim] = []
        while claims := await claimed(self.books, 1000, 1):
            mails += claims
            for claim in claims:
                await self.books.settle(claim, _S.SENT)
        digests = [claim for claim in mails if claim.members[0][0].digest is not None]
        people = [slot for claim in digests for slot in claim.recipients]
        assert len(set(people)) == len(people), "one mail a person"
        left = {(one.alert_id, one.slot) for claim in mails for one, _ in claim.members}
        assert left == waiting
        assert not left & self.sent


PRODUCTS, PRIORITIES, WHO = st.integers(0, 3), st.integers(1, 9), st.integers(1, 2**PEOPLE - 1)
STEPS = st.one_of(
    st.tuples(st.just("gather"), PRODUCTS, PRIORITIES, WHO),
    st.tuples(st.just("gather"), PRODUCTS, PRIORITIES, WHO),
    st.tuples(st.just("gather"), PRODUCTS, PRIORITIES, WHO),
    st.tuples(st.just("at_once"), PRODUCTS, PRIORITIES, WHO),
    st.tuples(st.just("wait")),
    st.tuples(st.just("claim"), st.sampled_from([1, 1000]), st.integers(1, 2)),
    st.tuples(st.just("claim"), st.sampled_from([1, 1000]), st.integers(1, 2)),
    st.sampled_from([("settle", 0, _S.SENT, None), ("settle", 1, _S.PENDING, Why.DEFERRED)]),
    st.tuples(st.just("crash")),
    st.tuples(st.just("close"), PRODUCTS),
)


def test_whatever_happens_everybody_has_one_mail_in_the_morning(place: str, clock: ManualClock):
    numbers = count()
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        books = runner.run(stack.enter_async_context(opened(place, clock)))
        members = runner.run(people_of(books, Crowd(books.ledger.people)))

        @settings(max_examples=25, deadline=None)
        @given(st.lists(STEPS, min_size=5, max_size=20))
        def hold(steps: list[tuple[Any, ...]]) -> None:
            morning = Morning(books, members, place, f"sku{next(numbers)}-")
            try:
                runner.run(morning.live(steps))
            finally:
                morning.engine.dispose()

        hold()
        runner.run(stack.aclose())
