"""Failing over where people are told: by contact, whichever addresses of that person the next list has."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import update
from tests.contract.books import GENERAL, LIFE, Books, plan
from tests.contract.crowd import CONFIRMED, STOP, Crowd, device, phone
from tests.contract.test_sets import everybody_of

from tocsin.core.alert import Alert
from tocsin.core.clock import epoch_micros
from tocsin.core.decision import Accepted, Chosen, Episode, Hold, Plan, Reason, Reserve, Ruling, Way
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import ClaimRequest, Decide, Move, Settlement
from tocsin.ledger.contract.people import AddressRow, ContactRow
from tocsin.ledger.engine.connections import parse_url, reading_engine, writing_engine
from tocsin.ledger.engine.schema import deliveries

VIP, PUSH = Target("sms", "vip"), Target("push", "everyone")
S = DeliveryState


async def a_member(books: Books, number: int, devices: int = 1) -> list[int]:
    """The slots of one person: of the phone, then of so many devices."""
    crowd = Crowd(books.ledger.people)
    contact, address = await crowd.telling(f"member {number}", phone(f"+1415555{number:04}"))
    drafts = [device(f"token {number} {each}", f"app {each}") for each in range(devices)]
    return [address.slot, *[(await crowd.put_device(contact, draft)).slot for draft in drafts]]


def told_by(books: Books, people: Sequence[int], *behind: Plan, wait: float | None = None, **how: Any) -> Decide:
    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        at = None if wait is None else books.clock.now() + timedelta(seconds=wait)
        chosen = Chosen(now=audience_of(people))
        first = plan(VIP, clock=books.clock, people=chosen, fallback=behind, fail_over_at=at, **how)
        return Accepted(Reason.NEW, (first,))

    return decide


def by_push(books: Books, people: Sequence[int], most: int | None = None) -> Plan:
    return plan(PUSH, clock=books.clock, people=Reserve(audience_of(people), most))


async def states(books: Books, place: str, target: Target) -> dict[int, DeliveryState]:
    engine = reading_engine(parse_url(place))
    found = {told.slot: state.state for told, state in everybody_of(engine, target).items()}
    engine.dispose()
    return found


async def refuse(books: Books, slots: Sequence[int], lane: Target = VIP) -> None:
    """These are refused, all others are sent."""
    while claim := (
        await books.ledger.queue.claim(ClaimRequest(lane=str(lane), pack=lambda _, them: len(them), limit=10))
    ).claim:
        moves = tuple(
            Move(key=one.key, fence=one.fence, to=S.REFUSED, why=Why.REFUSED)
            if one.slot in slots
            else Move(key=one.key, fence=one.fence, to=S.SENT)
            for one, _ in claim.members
        )
        await books.ledger.queue.settle(Settlement(attempt=claim.key, outcome="x", moves=moves))


async def test_whose_text_is_refused_gets_the_push_on_every_device(books: Books, place: str):
    people = [await a_member(books, number, devices=2) for number in range(3)]
    devices = [slot for each in people for slot in each[1:]]
    await books.append(books.detected(), decide=told_by(books, [each[0] for each in people], by_push(books, devices)))
    await refuse(books, [people[1][0]])
    assert await states(books, place, PUSH) == dict.fromkeys(people[1][1:], S.PENDING)
    claim = await books.claimed(PUSH, limit=10)
    assert {one.slot for one, _ in claim.members} == set(people[1][1:])
    assert claim.recipients[people[1][1]].value.reveal() == "token 1 0"


async def test_who_has_no_device_and_who_is_not_in_reserve_are_told_by_the_next(books: Books, place: str):
    people = [await a_member(books, 0), await a_member(books, 1, devices=0), await a_member(books, 2)]
    row = (by_push(books, people[0][1:]), plan(GENERAL, clock=books.clock))
    await books.append(books.detected(), decide=told_by(books, [each[0] for each in people], *row))
    await refuse(books, [each[0] for each in people])
    assert await states(books, place, PUSH) == {people[0][1]: S.PENDING}
    (page,) = [one for one in (await books.history.deliveries()).items if one.target == GENERAL]
    assert page.state is S.PENDING


async def test_a_list_that_waits_too_long_is_handed_on_by_contact_and_the_rest_stays(books: Books, place: str):
    people = [await a_member(books, number, devices=number % 2) for number in range(4)]
    devices = [slot for each in people for slot in each[1:]]
    await books.append(
        books.detected(), decide=told_by(books, [each[0] for each in people], by_push(books, devices), wait=30)
    )
    first = await books.claimed(VIP)
    ((sending, _),) = first.members
    books.clock.advance(30)
    moved = await books.ledger.queue.fail_over(frozenset())
    assert moved.lanes == {str(PUSH)}
    handed = {each[0] for each in people if len(each) > 1} - {sending.slot}
    expected = {each[0]: S.CANCELLED if each[0] in handed else S.PENDING for each in people} | {sending.slot: S.SENDING}
    assert await states(books, place, VIP) == expected
    assert (await states(books, place, PUSH)).keys() == {each[1] for each in people if each[0] in handed}
    assert sum(one.size for one in moved.deliveries) == len(handed)


async def test_nobody_is_handed_on_twice(books: Books, place: str):
    people = [await a_member(books, number) for number in range(3)]
    devices = [each[1] for each in people]
    await books.append(books.detected(), decide=told_by(books, [each[0] for each in people], by_push(books, devices)))
    for number in range(3):
        claim = await books.claimed(VIP)
        ((one, _),) = claim.members
        await books.settle(claim, S.REFUSED, Why.REFUSED)
        retried = Move(key=one.key, fence=one.fence, to=S.PENDING, why=Why.RETRIED)
        await books.ledger.queue.move([retried])
        again = await books.claimed(VIP)
        await books.settle(again, S.REFUSED, Why.REFUSED)
        assert len(await states(books, place, PUSH)) == number + 1


async def test_a_fallback_takes_no_more_than_it_may(books: Books, place: str):
    people = [await a_member(books, number) for number in range(4)]
    reserve = by_push(books, [each[1] for each in people], most=2)
    await books.append(books.detected(), decide=told_by(books, [each[0] for each in people], reserve))
    await refuse(books, [each[0] for each in people])
    assert len(await states(books, place, PUSH)) == 2


async def test_a_target_that_is_no_list_hands_on_to_all_in_reserve(books: Books, place: str):
    people = [await a_member(books, number, devices=0) for number in range(3)]
    reserve = plan(VIP, clock=books.clock, people=Reserve(audience_of(each[0] for each in people)))
    await books.append(books.detected(), decide=books.telling(GENERAL, fallback=(reserve,)))
    await books.settle(await books.claimed(), S.REFUSED, Why.REFUSED)
    assert await states(books, place, VIP) == dict.fromkeys([each[0] for each in people], S.PENDING)


async def two_phones(books: Books) -> tuple[Crowd, ContactRow, AddressRow, AddressRow]:
    crowd = Crowd(books.ledger.people)
    contact, address = await crowd.telling("Ada", phone())
    other = await crowd.say(contact, await crowd.add(contact, phone("+14155550199")), CONFIRMED)
    return crowd, contact, address, other


async def test_who_left_on_the_instant_before_the_claim_is_never_told(books: Books, place: str):
    crowd, contact, address, other = await two_phones(books)
    heard: list[Delivery] = []
    books.ledger.people.on_leaving(heard.extend)
    await books.append(books.detected(), decide=told_by(books, [address.slot, other.slot]))
    await crowd.say(contact, other, STOP)
    assert [(one.state, one.why, one.people) for one in heard] == [(S.CANCELLED, Why.CONSENT, 1)]
    claimed = await books.ledger.queue.claim(ClaimRequest(lane=str(VIP), pack=lambda *_: 1, attempts=5))
    assert [one.slot for claim in claimed.claims for one, _ in claim.members] == [address.slot]


async def test_who_left_before_it_was_planned_by_an_older_picture_is_never_told(books: Books, place: str):
    crowd, contact, address, other = await two_phones(books)
    await crowd.say(contact, other, STOP)
    await books.append(books.detected(), decide=told_by(books, [address.slot, other.slot]))
    claimed = await books.ledger.queue.claim(ClaimRequest(lane=str(VIP), pack=lambda *_: 1, attempts=5))
    assert [one.slot for claim in claimed.claims for one, _ in claim.members] == [address.slot]
    assert [(one.state, one.why, one.slot) for one in claimed.withdrawn] == [(S.CANCELLED, Why.CONSENT, other.slot)]
    assert claimed.waiting is None


@pytest.mark.parametrize("verb", ["disable", "withhold"])
async def test_a_list_at_rest_hands_its_people_on(books: Books, place: str, verb: str):
    people = [await a_member(books, number) for number in range(3)]
    await books.append(
        books.detected(),
        decide=told_by(books, [each[0] for each in people], by_push(books, [each[1] for each in people])),
    )
    if verb == "disable":
        await books.operations.disable(VIP, "operator", "")
    else:
        await books.ledger.queue.withhold(str(VIP))
    assert (await states(books, place, PUSH)).keys() == {each[1] for each in people}


async def test_who_sleeps_has_a_fallback_only_after_the_night(books: Books, place: str):
    """Held until then, a set that its fallback took over would wake them by another channel."""
    (sleeper, its_phone), (awake, a_phone) = [await a_member(books, number) for number in range(2)]
    night = books.clock.now() + timedelta(minutes=5)
    chosen = Chosen(now=audience_of([awake]), held=(Hold(night, "held", audience_of([sleeper])),))
    by_device = by_push(books, [its_phone, a_phone])
    at = books.clock.now() + timedelta(seconds=30)
    first = plan(VIP, clock=books.clock, people=chosen, fallback=(by_device,), fail_over_at=at)
    await books.append(books.detected(), decide=lambda *_: Accepted(Reason.NEW, (first,)))
    books.clock.advance(31)
    await books.ledger.queue.fail_over(frozenset())
    assert await states(books, place, PUSH) == {a_phone: S.PENDING}
    books.clock.advance(300)
    await books.ledger.queue.fail_over(frozenset())
    assert await states(books, place, PUSH) == {a_phone: S.PENDING, its_phone: S.PENDING}


async def test_a_list_tells_some_at_once_and_others_where_their_own_way_fails(books: Books, place: str):
    """As the one who wants one channel: the list is told anyway, and has them in reserve beside that."""
    (one, its_device), (other, _) = [await a_member(books, number) for number in range(2)]
    by_text = plan(VIP, clock=books.clock, people=Chosen(now=audience_of([other]), reserve=Reserve(1 << one, 2)))
    next_way = Way(
        1 << its_device, (plan(VIP, clock=books.clock, people=Reserve(0)),), books.clock.now() + timedelta(seconds=30)
    )
    by_device = plan(PUSH, clock=books.clock, people=Chosen(now=1 << its_device), ways=(next_way,))
    await books.append(books.detected(), decide=lambda *_: Accepted(Reason.NEW, (by_text, by_device)))
    assert await states(books, place, VIP) == {other: S.PENDING}
    await refuse(books, [its_device], PUSH)
    assert await states(books, place, VIP) == {other: S.PENDING, one: S.PENDING}
    await refuse(books, [one])
    assert await states(books, place, VIP) == {other: S.SENT, one: S.REFUSED}


@pytest.mark.parametrize("how", ["retry", "as it was written before"])
async def test_a_fallback_lives_as_long_as_the_delivery_that_it_stands_behind(books: Books, place: str, how: str):
    ((one, its_phone),) = [await a_member(books, 0)]
    behind = plan(PUSH, clock=books.clock, people=Reserve(1 << its_phone), life=LIFE * 2)
    await books.append(books.detected(), decide=told_by(books, [one], behind))
    claim = await books.claimed(VIP)
    await books.settle(claim, S.UNKNOWN, Why.ANSWER_LOST)
    ((delivery, _),) = claim.members
    await books.ledger.queue.move([Move(key=delivery.key, fence=delivery.fence, to=S.POSSIBLY_SENT, why=Why.HELD)])
    end = books.clock.now() + LIFE * 2
    if how == "retry":
        books.clock.advance(LIFE.total_seconds() * 3)
        retried = Move(key=delivery.key, fence=delivery.fence, to=S.PENDING, why=Why.RETRIED, life=LIFE)
        await books.ledger.queue.move([retried])
        end = books.clock.now() + LIFE * 2
    else:
        with_the_instant = orjson.dumps([[str(PUSH), str(PUSH), epoch_micros(end), None, None, 1]]).decode()
        engine = writing_engine(parse_url(place))
        with engine.begin() as connection:
            connection.execute(update(deliveries).values(fallback=with_the_instant))
        engine.dispose()
        retried = Move(key=delivery.key, fence=delivery.fence, to=S.PENDING, why=Why.RETRIED)
        await books.ledger.queue.move([retried])
    await refuse(books, [one])
    assert await states(books, place, PUSH) == {its_phone: S.PENDING}
    (pushed,) = [each for each in (await books.history.deliveries()).items if each.target == PUSH]
    assert pushed.expires_at == end
