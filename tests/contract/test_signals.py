"""What providers say later is kept once, applied in any order, and waits where it comes too early."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from tests.contract.books import GENERAL, HIGH, LIFE, Books, plan

from tocsin.core.alert import Alert
from tocsin.core.decision import Accepted, Reason
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.signal import Cost, Signal, SignalKind
from tocsin.ledger.contract import Claim, Move, MoveResult, Received, Settlement
from tocsin.rules.receipts import moves_after

S, K = DeliveryState, SignalKind


def said(kind: SignalKind, event: str, **more: Any) -> Signal:
    return Signal(channel="discord", event_id=event, kind=kind, **more)


async def hear(books: Books, *signals: Signal) -> Received:
    return await books.queue.receive(signals, moves_after)


async def sending(books: Books, alert: Alert | None = None) -> Claim:
    await books.append(alert or books.detected())
    return await books.claimed()


async def settle(books: Books, claim: Claim, **move: Any) -> Delivery:
    """As a channel does whose provider calls back."""
    ((one, _),) = claim.members
    moves = (Move(**{"key": one.key, "fence": one.fence, "to": S.SENT} | move),)
    receipts = ("discord", moves_after)
    moved = await books.queue.settle(
        Settlement(attempt=claim.key, outcome="sent", moves=moves, receipts=receipts, units=2)
    )
    return moved.deliveries[-1]


async def stands(books: Books) -> tuple[DeliveryState, Why | None]:
    delivery = (await books.deliveries())[GENERAL]
    return delivery.state, delivery.why


async def test_a_receipt_finds_its_message_by_the_providers_name_for_it(books: Books) -> None:
    await settle(books, await sending(books), reference="SM1")
    received = await hear(books, said(K.DELIVERED, "e1", reference="SM1"))
    assert [(one.state, one.why) for one in received.moved] == [(S.DELIVERED, None)]
    assert await stands(books) == (S.DELIVERED, None)


@pytest.mark.parametrize("order", list(permutations((K.ACCEPTED, K.DELIVERED, K.FAILED))))
async def test_in_any_order_and_twice_the_first_terminal_word_wins(books: Books, order: tuple[SignalKind, ...]) -> None:
    await settle(books, await sending(books), reference="SM1")
    signals = [said(kind, f"e {kind}", reference="SM1") for kind in order]
    for signal in (*signals, *signals):
        await hear(books, signal)
    terminal = next(kind for kind in order if kind is not K.ACCEPTED)
    assert (await stands(books))[0] is (S.DELIVERED if terminal is K.DELIVERED else S.REFUSED)


async def test_the_same_event_twice_changes_nothing(books: Books) -> None:
    await settle(books, await sending(books), reference="SM1")
    signal = said(K.DELIVERED, "e1", reference="SM1")
    assert len((await hear(books, signal, signal)).moved) == 1
    assert await hear(books, signal) == Received(known=1)


async def test_what_comes_before_our_own_answer_is_written_is_parked_and_matched(books: Books) -> None:
    claim = await sending(books)
    ((one, _),) = claim.members
    assert await hear(books, said(K.DELIVERED, "e1", delivery=one.key)) == Received(parked=1)
    assert await stands(books) == (S.SENDING, None)
    assert (await settle(books, claim, reference="SM1")).state is S.DELIVERED
    assert await stands(books) == (S.DELIVERED, None)
    assert await hear(books, said(K.DELIVERED, "e1", delivery=one.key)) == Received(known=1)


async def test_an_event_of_a_message_that_nobody_knows_yet_is_parked_by_its_name(books: Books) -> None:
    claim = await sending(books)
    assert await hear(books, said(K.FAILED, "e1", reference="SM1", detail="30005")) == Received(parked=1)
    failed = await settle(books, claim, reference="SM1")
    assert (failed.state, failed.why, failed.detail) == (S.REFUSED, Why.REFUSED, "30005")


async def test_a_lost_answer_is_found_by_a_receipt_and_its_resend_is_off(books: Books) -> None:
    claim = await sending(books)
    lost = await settle(books, claim, to=S.UNKNOWN, why=Why.ANSWER_LOST)
    await books.queue.move([Move(key=lost.key, fence=lost.fence, to=S.PENDING, why=Why.RESENT)])
    received = await hear(books, said(K.ACCEPTED, "e1", delivery=lost.key))
    assert [(one.state, one.why) for one in received.moved] == [(S.SENT, Why.FOUND)]
    assert await books.claim() is None


async def test_a_resend_of_what_was_found_meanwhile_moves_nothing(books: Books) -> None:
    claim = await sending(books)
    lost = await settle(books, claim, to=S.UNKNOWN, why=Why.ANSWER_LOST)
    await hear(books, said(K.DELIVERED, "e1", delivery=lost.key))
    late = Move(key=lost.key, fence=lost.fence, to=S.PENDING, origin=S.UNKNOWN, why=Why.RESENT)
    assert await books.queue.move([late]) == MoveResult((), lost=(lost.key,))
    assert (await stands(books))[0] is S.DELIVERED


async def test_one_that_a_provider_reports_as_failed_goes_to_its_fallback(books: Books) -> None:
    def decide(_alert: Alert, _last: object, _now: object) -> Accepted:
        backup = plan(HIGH, clock=books.clock)
        return Accepted(Reason.NEW, (plan(GENERAL, clock=books.clock, fallback=(backup,)),))

    await books.append(books.detected(), decide=decide)
    await settle(books, await books.claimed(), reference="SM1")
    received = await hear(books, said(K.FAILED, "e1", reference="SM1"))
    assert received.lanes == {str(HIGH)}
    assert (await books.claimed(HIGH)).members


async def test_a_late_word_about_what_was_given_up_is_told_beside_it(books: Books) -> None:
    claim = await sending(books)
    lost = await settle(books, claim, to=S.UNKNOWN, why=Why.ANSWER_LOST)
    await books.queue.move([Move(key=lost.key, fence=lost.fence, to=S.POSSIBLY_SENT, why=Why.HELD)])
    await hear(books, said(K.DELIVERED, "e1", delivery=lost.key))
    story = await books.history.story(lost.alert_id)
    assert story is not None
    assert [(row.state, row.why) for row in story.deliveries[0].moves] == [
        (S.POSSIBLY_SENT, Why.HELD),
        (S.DELIVERED, Why.FOUND),
    ]


async def test_units_and_prices_are_booked_when_they_are_known(books: Books) -> None:
    sent = await settle(books, await sending(books), reference="SM1", units=2)
    assert await books.history.receipt(sent.key) == ("SM1", 2, None)
    await hear(books, said(K.PRICED, "e1", reference="SM1", cost=Cost(Decimal("0.0166"), "USD")))
    assert await books.history.receipt(sent.key) == ("SM1", 2, Cost(Decimal("0.0166"), "USD"))
    (attempt,) = await books.queue.recent_attempts(books.clock.now())
    assert attempt.units == 2


async def test_a_channel_hears_only_what_is_its_own(books: Books) -> None:
    await settle(books, await sending(books), reference="SM1")
    other = Signal(channel="webhook", event_id="e1", kind=K.DELIVERED, reference="SM1")
    assert await books.queue.receive([other], moves_after) == Received(parked=1)
    assert (await stands(books))[0] is S.SENT
    assert len((await hear(books, said(K.DELIVERED, "e1", reference="SM1"))).moved) == 1


async def test_each_message_has_a_receipt_of_its_own(books: Books) -> None:
    """Its name at the provider, units and price: as the answer had them, then as they were told later."""
    await books.append(books.detected(), decide=books.telling(GENERAL, HIGH))
    price, later = Cost(Decimal("0.0083"), "USD"), Cost(Decimal("0.0166"), "EUR")
    first = await settle(books, await books.claimed(GENERAL), reference="SM1", units=1, cost=price)
    second = await settle(books, await books.claimed(HIGH), reference="SM2")
    receipt = books.history.receipt
    assert (await receipt(first.key), await receipt(second.key)) == (("SM1", 1, price), ("SM2", None, None))
    await hear(books, said(K.PRICED, "e1", reference="SM2", units=3, cost=later))
    assert (await receipt(first.key), await receipt(second.key)) == (("SM1", 1, price), ("SM2", 3, later))
    await hear(books, said(K.PRICED, "e2", reference="SM1", units=2))
    assert (await receipt(first.key), await receipt(second.key)) == (("SM1", 2, price), ("SM2", 3, later))
    heard = await hear(books, said(K.DELIVERED, "e3", reference="SM2"), said(K.DELIVERED, "e4", reference="SM3"))
    assert ([one.key for one in heard.moved], heard.parked) == ([second.key], 1)
    assert await stands(books) == (S.SENT, None)


async def test_there_is_a_receipt_where_the_provider_said_anything_that_belongs_on_one(books: Books) -> None:
    nothing = await settle(books, await sending(books), to=S.UNKNOWN, why=Why.ANSWER_LOST)
    assert await books.history.receipt(nothing.key) is None
    price = Cost(Decimal("0.0083"), "USD")
    await hear(books, said(K.PRICED, "e1", delivery=nothing.key, reference="SM1", cost=price))
    assert await books.history.receipt(nothing.key) == ("SM1", None, price)
    units = await settle(books, await sending(books, books.detected("another")), units=2)
    assert await books.history.receipt(units.key) == (None, 2, None)
    assert await books.history.receipt(nothing.key) == ("SM1", None, price)


async def test_the_receipt_of_one_sent_again_is_that_of_the_newer_message(books: Books) -> None:
    sent = await settle(books, await sending(books), reference="SM1", units=1)
    await hear(books, said(K.FAILED, "e1", reference="SM1"))
    await books.queue.move([Move(key=sent.key, fence=sent.fence, to=S.PENDING, why=Why.RETRIED, life=LIFE)])
    await settle(books, await books.claimed(), reference="SM2", units=2)
    assert await books.history.receipt(sent.key) == ("SM2", 2, None)
    assert await hear(books, said(K.DELIVERED, "e2", reference="SM1")) == Received(parked=1)


@pytest.mark.parametrize("kinds", [(K.DELIVERED, K.FAILED), (K.FAILED, K.DELIVERED)])
async def test_what_is_parked_is_matched_once_in_the_order_in_which_it_came(
    books: Books, kinds: tuple[SignalKind, SignalKind]
) -> None:
    """By the key of its delivery and by the name of its message alike, and with no other."""
    claim = await sending(books)
    ((one, _),) = claim.members
    first, second = kinds
    await hear(books, said(first, "e1", reference="SM1"), said(second, "e2", delivery=one.key))
    await hear(books, said(second, "e3", reference="SM2"), said(second, "e4", delivery=one.key + 1))
    ended = await settle(books, claim, reference="SM1")
    assert ended.state is (S.DELIVERED if first is K.DELIVERED else S.REFUSED)
    assert (await books.deliveries())[GENERAL] == ended


async def test_what_was_heard_of_one_attempt_says_nothing_of_the_next(books: Books) -> None:
    claim = await sending(books)
    ((one, _),) = claim.members
    await hear(books, said(K.DELIVERED, "e1", delivery=one.key))
    await settle(books, claim, to=S.PENDING, why=Why.DEFERRED)
    assert (await settle(books, await books.claimed())).state is S.SENT


async def test_what_was_spent_since_is_told_by_the_newest_attempt_of_each(books: Books) -> None:
    before = books.clock.now()
    first = await settle(books, await sending(books), reference="SM1", units=2)
    books.clock.advance(60)
    later = books.clock.now()
    lost = await settle(books, await sending(books, books.detected("lost")), to=S.UNKNOWN, why=Why.ANSWER_LOST)
    refused = books.detected("refused")
    await settle(books, await sending(books, refused), to=S.REFUSED, why=Why.REFUSED)
    lanes = frozenset({str(GENERAL)})
    spent = await books.queue.spent(before, lanes)
    assert [(row.delivery, row.units, row.cost, row.reference) for row in spent] == [
        (first.key, 2, None, "SM1"),
        (lost.key, 2, None, None),
    ]
    await hear(books, said(K.PRICED, "e1", reference="SM1", units=3, cost=Cost(Decimal("0.0249"), "USD")))
    (priced, _) = await books.queue.spent(before, lanes)
    assert (priced.units, priced.cost, priced.at) == (3, Cost(Decimal("0.0249"), "USD"), before)
    assert [row.delivery for row in await books.queue.spent(later, lanes)] == [lost.key]
    assert await books.queue.spent(before, frozenset({str(HIGH)})) == ()
