"""Deliveries that join a message which stands: which one, who waits, and what a crash or a second writer leaves."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.contract.books import GENERAL, HIGH, LIFE, Books, everything

from tocsin.core.alert import Alert, AlertType
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import Claim, ClaimRequest, Move, Settlement, StandingMessage
from tocsin.ledger.queue.merge import LOOKED_AT

HALF_AN_HOUR = timedelta(minutes=30)
LANES = frozenset({str(GENERAL), str(HIGH)})
STATE, WHY = DeliveryState, Why


def any_young_one(_: Target, __: AlertRecord) -> timedelta:
    return HALF_AN_HOUR


async def told(books: Books, *alerts: Alert, product: str = "card", target: Target = GENERAL) -> None:
    await books.append(*alerts, decide=books.telling(target, product=product))


async def next_of(books: Books, target: Target = GENERAL, **how: Any) -> Claim | None:
    return await books.claim(target, **{"joins": any_young_one} | how)


async def claimed(books: Books, **how: Any) -> Claim:
    claim = await next_of(books, **how)
    assert claim is not None, "nothing to claim"
    return claim


async def joining(books: Books, **how: Any) -> tuple[Claim, StandingMessage]:
    claim = await claimed(books, **how)
    assert claim.joins is not None, "it goes out by itself"
    return claim, claim.joins


async def stands(books: Books, *alerts: Alert, reference: str = "100", **how: Any) -> None:
    """One message with these, at the provider."""
    await told(books, *alerts, **how)
    claim = await claimed(books, limit=10, target=how.get("target", GENERAL))
    assert claim.joins is None
    await books.settle(claim, STATE.SENT, reference=reference)


async def joined(books: Books, claim: Claim, to: DeliveryState = STATE.SENT, **how: Any) -> None:
    """The answer to the edit that was to add them."""
    about = {name: how.pop(name) for name in ("gone",) if name in how}
    moves = tuple(Move(key=one.key, fence=one.fence, to=to, **how) for one, _ in claim.members)
    await books.queue.settle(Settlement(attempt=claim.key, outcome=to, moves=moves, joined=claim.joins, **about))


def skus(members: Sequence[tuple[Any, AlertRecord]]) -> list[str]:
    return [record.alert.sku for _, record in members]


async def due(books: Books) -> tuple[StandingMessage, ...]:
    return await books.queue.edits(LANES)


async def test_a_second_alert_about_the_product_joins_the_message_of_the_first(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, books.detected("B"))
    claim, message = await joining(books)
    assert (skus(claim.members), skus(message.members), message.reference) == (["B"], ["A", "B"], "100")
    assert claim.host is not None
    assert claim.host.alert.sku == "A"
    await joined(books, claim, reference="100")
    assert await due(books) == ()
    await told(books, books.detected("C"))
    assert skus((await joining(books))[1].members) == ["A", "B", "C"]


async def test_several_that_are_due_join_together_as_far_as_there_is_room(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, *(books.detected(sku) for sku in "BCD"))

    def room_for_three(_: Target, records: Sequence[AlertRecord]) -> int:
        return min(len(records), 3)

    claim, message = await joining(books, limit=10, pack=room_for_three)
    assert (skus(claim.members), skus(message.members)) == (["B", "C"], ["A", "B", "C"])
    await joined(books, claim, reference="100")
    assert (await claimed(books, limit=10, pack=room_for_three)).joins is None


async def test_only_a_young_message_about_it_at_that_target_with_something_to_buy_is_joined(books: Books) -> None:
    await stands(books, books.detected("A"), product="console", reference="1")
    await stands(books, books.detected("B"), target=HIGH, reference="2")
    await stands(books, books.detected("C", AlertType.BACK_ORDER), reference="3")
    sold_out = books.detected("D")
    await stands(books, sold_out, reference="4")
    await books.close(sold_out)
    await told(books, books.detected("E"))
    await books.settle(alone := await claimed(books), STATE.SENT, reference="5")
    assert alone.joins is None
    books.clock.advance(HALF_AN_HOUR.total_seconds())
    await told(books, books.detected("F"))
    assert (await claimed(books)).joins is None


async def test_the_age_of_a_message_is_that_of_its_first_alert(books: Books) -> None:
    await stands(books, books.detected("A"))
    books.clock.advance(1200)
    await told(books, books.detected("B"))
    await joined(books, (await joining(books))[0], reference="100")
    books.clock.advance(600)
    await told(books, books.detected("C"))
    assert (await claimed(books)).joins is None


async def test_what_is_news_about_the_same_shop_joins_nothing(books: Books) -> None:
    await stands(books, books.detected("A"), books.detected("B"))
    for sku in "AB":
        await told(books, books.detected(sku, AlertType.PRICE_DROP))
        await books.settle(alone := await claimed(books), STATE.REFUSED, WHY.REFUSED)
        assert alone.joins is None


async def test_what_is_sold_out_and_sent_again_joins_nothing_and_keeps_nobody_from_it(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, sold_out := books.detected("B", priority=10))
    await books.close(sold_out)
    (one,) = [one for one in (await books.history.deliveries()).items if one.alert_id == sold_out.id]
    await books.queue.move([Move(key=one.key, fence=one.fence, to=STATE.PENDING, why=WHY.RETRIED, life=LIFE)])
    await told(books, books.detected("C"))
    request = ClaimRequest(lane=str(GENERAL), pack=everything, limit=2, joins=any_young_one)
    alone = (await books.queue.claim(request)).claim
    assert alone is not None
    assert (skus(alone.members), alone.joins) == (["B"], None)
    await books.settle(alone, STATE.REFUSED, WHY.REFUSED)
    assert skus((await joining(books))[1].members) == ["A", "C"]


async def test_a_message_is_found_however_much_was_told_of_its_product_before(books: Books) -> None:
    await told(books, *(books.detected(f"{number}") for number in range(LOOKED_AT)))
    await books.queue.withhold(str(GENERAL))
    await stands(books, books.detected("A"))
    await told(books, books.detected("B"))
    assert skus((await joining(books))[1].members) == ["A", "B"]


async def test_another_place_with_a_message_of_the_same_name_is_another_message(books: Books) -> None:
    for sku, target in (("A", GENERAL), ("B", HIGH)):
        await stands(books, books.detected(sku), target=target)
    await told(books, books.detected("C"))
    claim, message = await joining(books)
    assert skus(message.members) == ["A", "C"]
    await books.close(books.detected("B"))
    assert [(each.target, skus(each.members)) for each in await due(books)] == [(HIGH, ["B"])]
    await joined(books, claim, reference="100")
    await told(books, books.detected("D"), target=HIGH)
    assert (await claimed(books, target=HIGH)).joins is None


async def test_a_lane_where_nothing_joins_is_claimed_as_ever(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, books.detected("B"))
    claim = await claimed(books, joins=None)
    assert claim.joins is None


async def test_it_waits_while_another_about_the_product_is_being_sent_there(books: Books) -> None:
    await told(books, books.detected("A", priority=10), books.detected("B"), books.detected("C"))
    await told(books, books.detected("X"), product="console")
    first = await claimed(books)
    other = await claimed(books)
    assert (skus(first.members), skus(other.members)) == (["A"], ["X"])
    request = ClaimRequest(lane=str(GENERAL), pack=everything, joins=any_young_one)
    nothing = await books.queue.claim(request)
    assert (nothing.claims, nothing.waiting) == ((), None)
    moved = await books.settle(first, STATE.SENT, reference="100")
    assert moved.lanes == {str(GENERAL)}
    assert skus((await joining(books, limit=10))[0].members) == ["B", "C"]


async def test_attempts_of_one_claim_do_not_tell_of_one_product_at_once(books: Books) -> None:
    await told(books, books.detected("A"), books.detected("B"))
    await told(books, books.detected("X"), product="console")
    await told(books, books.detected("1"), books.detected("2"), product=None)
    request = ClaimRequest(lane=str(GENERAL), pack=everything, attempts=5, joins=any_young_one)
    begun = (await books.queue.claim(request)).claims
    assert [skus(claim.members) for claim in begun] == [["A"], ["X"], ["1"], ["2"]]


async def test_one_request_adds_to_one_message_or_makes_one(books: Books) -> None:
    for product in ("card", "console"):
        await stands(books, books.detected(product), product=product, reference=product)
    await told(books, books.detected("B"))
    await told(books, books.detected("Y"), books.detected("Z"), product="console")
    await told(books, books.detected("1"), books.detected("2"), product=None)
    request = ClaimRequest(lane=str(GENERAL), pack=everything, limit=9, attempts=9, joins=any_young_one)
    begun = (await books.queue.claim(request)).claims
    assert [(skus(claim.members), claim.joins and claim.joins.reference) for claim in begun] == [
        (["B"], "card"),
        (["Y", "Z"], "console"),
        (["1", "2"], None),
    ]
    for claim in begun:
        await joined(books, claim, STATE.UNKNOWN, why=WHY.ANSWER_LOST)
    for doubt in await books.queue.unknown(LANES):
        back = [Move(key=one.key, fence=one.fence, to=STATE.PENDING, why=WHY.RESENT) for one, _ in doubt.members]
        await books.queue.move(back)
    again = (await books.queue.claim(request)).claims
    assert [(skus(claim.members), claim.joins and claim.joins.reference) for claim in again] == [
        (skus(claim.members), claim.joins and claim.joins.reference) for claim in begun
    ]


async def test_a_message_that_is_gone_is_joined_by_nobody_any_more(books: Books) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, books.detected("B"))
    claim, _ = await joining(books)
    await joined(books, claim, STATE.PENDING, why=WHY.DEFERRED, gone=True)
    again = await claimed(books)
    assert (skus(again.members), again.joins) == (["B"], None)
    await books.close(first)
    assert await due(books) == ()
    await books.settle(again, STATE.SENT, reference="200")
    await told(books, books.detected("C"))
    assert (await joining(books))[1].reference == "200"


async def test_what_may_not_join_goes_out_by_itself_and_leaves_the_message_alone(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, books.detected("B"))
    claim, _ = await joining(books)
    await joined(books, claim, STATE.PENDING, why=WHY.DEFERRED, alone=True)
    again = await claimed(books)
    assert (skus(again.members), again.joins) == (["B"], None)
    await told(books, books.detected("C"))
    assert skus((await joining(books))[1].members) == ["A", "C"]
    assert await due(books) == ()


async def test_what_was_surely_not_shown_looks_for_a_message_anew(books: Books) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, books.detected("B"))
    claim, _ = await joining(books)
    await joined(books, claim, STATE.PENDING, why=WHY.DEFERRED)
    await books.close(first)
    again = await claimed(books)
    assert (skus(again.members), again.joins) == (["B"], None)


async def test_after_a_crash_a_join_is_made_again_where_it_was_begun_whatever_has_become_of_the_message(
    books: Books,
) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, second := books.detected("B"))
    await joining(books)
    await books.queue.recover()
    (doubt,) = await books.queue.unknown(LANES)
    assert doubt.joins is not None
    assert doubt.joins.reference == "100"
    ((delivery, _),) = doubt.members
    await books.queue.move([Move(key=delivery.key, fence=delivery.fence, to=STATE.PENDING, why=WHY.RESENT)])
    await books.close(first)
    books.clock.advance(300)
    for joins in (any_young_one, None):
        claim, message = await joining(books, joins=joins)
        assert (skus(claim.members), skus(message.members)) == (["B"], ["A", "B"])
        await joined(books, claim, STATE.PENDING, why=WHY.DEFERRED, alone=True)
    claim, _ = await joining(books)
    await joined(books, claim, reference="100")
    assert await due(books) == ()
    await books.close(second)
    (message,) = await due(books)
    assert [record.closed_at is None for _, record in message.members] == [False, False]


async def test_what_somebody_has_begun_to_join_is_edited_by_nobody_else_before_that_is_over(books: Books) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, books.detected("B"))
    await joining(books)
    await books.close(first)
    assert await due(books) == ()
    await books.queue.recover()
    assert await due(books) == ()
    (doubt,) = await books.queue.unknown(LANES)
    ((delivery, _),) = doubt.members
    await books.queue.move([Move(key=delivery.key, fence=delivery.fence, to=STATE.PENDING, why=WHY.RESENT)])
    assert await due(books) == ()
    books.clock.advance(3600)
    await books.queue.expire()
    (message,) = await due(books)
    assert skus(message.members) == ["A", "B"], "nobody knows whether it is shown: so it is shown as it is"


async def test_what_our_own_code_dies_over_is_taken_out_of_the_message_it_was_to_join(books: Books) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, books.detected("B"))
    await joining(books)
    await books.queue.recover()
    (doubt,) = await books.queue.unknown(LANES)
    ((delivery, _),) = doubt.members
    back = Move(key=delivery.key, fence=delivery.fence, to=STATE.PENDING, why=WHY.RESENT)
    await books.queue.move([back])
    await books.queue.move([replace(back, to=STATE.REFUSED, why=WHY.POISON)])
    assert await due(books) == ()
    await books.close(first)
    (message,) = await due(books)
    assert skus(message.members) == ["A"]


async def test_what_sells_out_while_somebody_joins_is_to_be_edited(books: Books) -> None:
    await stands(books, first := books.detected("A"))
    await told(books, second := books.detected("B"))
    claim, _ = await joining(books)
    await books.close(first)
    await books.close(second)
    await joined(books, claim, reference="100")
    (message,) = await due(books)
    assert all(record.closed_at for _, record in message.members)
    await books.queue.note_shown(message)
    assert await due(books) == ()


async def test_two_who_write_at_once_vouch_for_nothing_whoever_ends_first(books: Books) -> None:
    for order in ("edit first", "join first"):
        name = order[:4]
        await stands(books, first := books.detected(f"A{name}"), books.detected(f"B{name}"), reference=name)
        await books.close(first)
        (edit,) = await due(books)
        await told(books, books.detected(f"C{name}"))
        claim, _ = await joining(books)
        if order == "edit first":
            await books.queue.note_shown(edit)
        await joined(books, claim, reference=name)
        if order == "join first":
            await books.queue.note_shown(edit)
        (again,) = await due(books)
        assert sorted(skus(again.members)) == [f"A{name}", f"B{name}", f"C{name}"]
        await books.queue.note_shown(again)
        assert await due(books) == ()
        for _, record in again.members:
            await books.close(record.alert)
        (last,) = await due(books)
        await books.queue.note_shown(last)


async def test_a_process_that_lost_its_claim_says_nothing_of_the_message(books: Books) -> None:
    await stands(books, books.detected("A"))
    await told(books, books.detected("B"))
    claim, _ = await joining(books)
    await books.queue.recover()
    await joined(books, claim, STATE.PENDING, why=WHY.DEFERRED, gone=True)
    (doubt,) = await books.queue.unknown(LANES)
    assert doubt.joins is not None
    assert skus(doubt.joins.members) == ["A", "B"]


async def test_a_fallback_joins_as_its_own_policy_has_it(books: Books) -> None:
    await stands(books, books.detected("A"))
    (behind,) = books.telling(GENERAL, product="card")(books.detected("B"), None, None).plans
    await books.append(books.detected("B"), decide=books.telling(HIGH, fallback=(behind,)))
    await books.settle(await books.claimed(HIGH), STATE.REFUSED, WHY.REFUSED)
    assert skus((await joining(books))[1].members) == ["A", "B"]
