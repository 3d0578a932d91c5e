import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.contract.books import (
    ACCEPTED,
    DUPLICATE,
    GENERAL,
    HIGH,
    INVALID,
    Books,
    as_a_test,
    decisions,
    filtering,
    opened,
    plan,
)
from tests.deadline import DEADLINE_S

from tocsin.core.alert import Alert, AlertType, RepeatKey, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Decision, Episode, Reason, Receipt, Ruling
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.errors import ConflictError
from tocsin.core.record import EventKind
from tocsin.ledger.contract import AlertQuery, Idempotency, Item, Submission
from tocsin.ledger.queue.episodes import MOST_REMEMBERED, _unpacked


async def test_what_goes_in_comes_out_as_it_was(books: Books) -> None:
    alert = books.detected(
        product_name="GeForce RTX 5090",
        url="https://www.bestbuy.com/site/6634940.p",
        currency="EUR",
        variant="white",
        seller="someone",
        metadata={"image_url": "https://…/ü.jpg", "stock": 4, "deep": {"list": [1, 2.5, None, True]}},
    )
    appended = await books.append(alert)
    record = await books.history.alert(alert.id)
    assert record is not None
    assert record.alert == alert
    assert (record.decision, record.reason, record.repeats) == (Decision.ACCEPTED, Reason.NEW, 0)
    assert record.accepted_at == record.last_seen_at == books.clock.now()
    assert appended.events[0].record.as_json() == record.as_json()
    assert appended.receipts == ((alert, Receipt(decision=Decision.ACCEPTED, id=alert.id, reason=Reason.NEW)),)


async def test_a_price_that_nobody_knows_stays_unknown(books: Books) -> None:
    alert = books.detected(kind=AlertType.RESTOCK_SOON, price=None)
    await books.append(alert)
    record = await books.history.alert(alert.id)
    assert record is not None
    assert record.alert.price is None


async def test_an_event_and_its_replay_are_the_same_words_however_the_price_was_spelled(books: Books) -> None:
    alert = books.detected(price=Decimal("1999.9"))
    appended = await books.append(alert)
    (event,) = await books.history.events(0, 10)
    assert event == appended.events[0]
    assert event.record.as_json()["price"] == appended.events[0].record.as_json()["price"] == "1999.90"


async def test_positions_begin_at_one_and_have_no_gaps(books: Books) -> None:
    for number in range(3):
        await books.append(books.detected(f"{number}a"), books.detected(f"{number}b"))
    events = await books.history.events(0, 100)
    assert [event.position for event in events] == [1, 2, 3, 4, 5, 6]
    assert {event.kind for event in events} == {EventKind.ACCEPTED}
    assert await books.history.span() == (1, 6)
    assert [event.position for event in await books.history.events(2, 3)] == [3, 4, 5]


async def test_an_empty_ledger_has_no_span(books: Books) -> None:
    assert await books.history.span() == (0, 0)
    assert await books.history.events(0, 10) == ()


async def test_twins_in_one_batch_see_each_other(books: Books) -> None:
    first, second = books.detected(), books.detected()
    appended = await books.append(first, second, decide=books.once(GENERAL))
    assert decisions(appended) == [ACCEPTED, DUPLICATE]
    assert appended.answers[1]["duplicate_of"] == str(first.id)
    record = await books.history.alert(first.id)
    assert record is not None
    assert record.repeats == 1
    assert await books.history.alert(second.id) is None


async def test_concurrent_twins_cannot_both_pass(books: Books) -> None:
    calls = [books.append(books.detected(), decide=books.once(GENERAL)) for _ in range(20)]
    answers = [decision for appended in await asyncio.gather(*calls) for decision in decisions(appended)]
    assert sorted(answers) == [ACCEPTED] + [DUPLICATE] * 19
    (row,) = (await books.history.alerts(AlertQuery())).items
    assert row.record.repeats == 19


async def test_a_repeat_is_counted_on_its_original_with_its_time(books: Books) -> None:
    alert, other = books.detected(), books.detected("other")
    await books.append(alert, other, decide=books.once(GENERAL))
    for _ in range(2):
        books.clock.advance(5)
        await books.append(books.detected(), books.detected(), decide=books.once(GENERAL))
    record, untouched = await books.history.alert(alert.id), await books.history.alert(other.id)
    assert record is not None
    assert untouched is not None
    assert (record.repeats, untouched.repeats) == (4, 0)
    assert record.last_seen_at == record.accepted_at + timedelta(seconds=10)
    assert untouched.last_seen_at == untouched.accepted_at


async def test_a_filtered_alert_has_a_row_and_nothing_else(books: Books) -> None:
    alert = books.detected()
    appended = await books.append(alert, decide=filtering)
    assert appended.answers[0] == {"decision": "filtered", "reason": "excluded_retailer", "id": str(alert.id)}
    story = await books.history.story(alert.id)
    assert story is not None
    assert (story.position, story.deliveries) == (None, ())
    assert (appended.events, await books.history.events(0, 10)) == ((), ())


async def test_a_test_has_deliveries_but_no_event_and_leaves_the_episode_alone(books: Books) -> None:
    seen: list[Episode | None] = []

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        seen.append(last)
        return Accepted(Reason.NEW)

    appended = await books.append(books.detected(), decide=as_a_test(books.clock))
    assert appended.lanes == {str(GENERAL)}
    assert appended.events == ()
    await books.append(books.detected(), decide=decide)
    assert seen == [None]


async def test_the_rules_are_told_what_was_accepted_last_of_each_type(books: Books) -> None:
    known: list[Episode | None] = []

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        known.append(last)
        return Accepted(Reason.NEW)

    soon, stock = books.detected(kind=AlertType.RESTOCK_SOON, price=None), books.detected()
    start = books.clock.now()
    await books.append(soon, decide=decide)
    books.clock.advance(60)
    await books.append(stock, decide=decide)
    await books.append(books.detected(), decide=decide)
    assert known[0] is None
    assert known[1] is not None
    assert (known[1].opened_at, known[1].last[soon.repeat_key].alert_id) == (None, soon.id)
    assert known[2] is not None
    assert known[2].opened_at == start + timedelta(seconds=60)
    assert known[2].last[soon.repeat_key].at == start
    assert known[2].last[stock.repeat_key].price == stock.price
    books.clock.advance(60)
    await books.append(books.detected(kind=AlertType.PRICE_DROP), books.detected(), decide=decide)
    assert [episode and episode.opened_at for episode in known[3:]] == [start + timedelta(seconds=60)] * 2


async def test_the_rules_are_told_what_was_accepted_last_in_each_currency(books: Books) -> None:
    """However many there are: what a stranger makes up does not grow the ledger without end."""
    known: list[Episode | None] = []

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        known.append(last)
        return Accepted(Reason.NEW)

    dollars, euros, unpriced = (
        books.detected(price=Decimal(100)),
        books.detected(price=Decimal(90), currency="EUR"),
        books.detected(price=None, currency="EUR", kind=AlertType.BACK_ORDER),
    )
    for alert in (dollars, euros, unpriced, dollars):
        await books.append(replace(alert, id=new_id(books.clock.now())), decide=decide)
    assert known[-1] is not None
    told = {key: one.price for key, one in known[-1].last.items()}
    assert told == {dollars.repeat_key: 100, euros.repeat_key: 90, unpriced.repeat_key: None}
    for number in range(2 * MOST_REMEMBERED):
        made_up = f"X{chr(65 + number // 26)}{chr(65 + number % 26)}"
        await books.append(books.detected(currency=made_up), decide=decide)
    assert known[-1] is not None
    assert len(known[-1].last) == MOST_REMEMBERED
    assert euros.repeat_key not in known[-1].last


def test_a_row_of_before_currencies_were_told_apart_is_still_read() -> None:
    old = f'{{"in_stock":["{UUID(int=1)}",0,100000000],"back_order":["{UUID(int=2)}",0,null]}}'
    assert {key: one.price for key, one in _unpacked(old).items()} == {
        RepeatKey(AlertType.IN_STOCK, "USD"): 100,
        RepeatKey(AlertType.BACK_ORDER, ""): None,
    }


async def test_episodes_are_told_apart_by_retailer_variant_and_seller(books: Books) -> None:
    apart = [
        books.detected(),
        books.detected(retailer="newegg"),
        books.detected(variant="white"),
        books.detected(seller="someone"),
    ]
    appended = await books.append(*apart, decide=books.once(GENERAL))
    assert decisions(appended) == [ACCEPTED] * 4


async def test_an_invalid_item_harms_no_neighbour(books: Books) -> None:
    invalid = Receipt(decision=Decision.INVALID, error={"code": "invalid_alert", "message": "no sku", "details": []})
    items = (Item(books.detected("1")), Item(invalid=invalid), Item(books.detected("2")))
    appended = await books.queue.append(Submission(items), books.telling(GENERAL))
    assert decisions(appended) == [ACCEPTED, INVALID, ACCEPTED]
    assert len(await books.history.events(0, 10)) == 2


async def test_a_call_that_fails_takes_no_neighbour_down(books: Books) -> None:
    def broken(alert: Alert, last: Episode | None, now: object) -> Ruling:
        raise ZeroDivisionError

    good = [books.append(books.detected(f"{number}")) for number in range(5)]
    bad = books.append(books.detected("bad"), decide=broken)
    *fine, failed = await asyncio.gather(*good, bad, return_exceptions=True)
    assert isinstance(failed, ZeroDivisionError)
    assert not [one for one in fine if isinstance(one, BaseException)]
    assert [event.position for event in await books.history.events(0, 10)] == [1, 2, 3, 4, 5]


async def test_the_same_request_key_gives_the_same_answer_and_writes_nothing(books: Books) -> None:
    first = await books.append(books.detected("1"), books.detected("2"), key="k")
    again = await books.append(books.detected("1"), books.detected("2"), key="k")
    assert again.answers == first.answers
    assert (again.events, again.receipts, again.lanes) == ((), (), frozenset())
    assert len(await books.history.events(0, 10)) == 2


async def test_parallel_requests_with_one_key_give_one_answer(books: Books) -> None:
    calls = [books.append(books.detected(), key="k") for _ in range(10)]
    answers = {str(appended.answers) for appended in await asyncio.gather(*calls)}
    assert len(answers) == 1
    assert len(await books.history.events(0, 10)) == 1


async def test_a_request_key_with_another_body_is_a_conflict(books: Books) -> None:
    await books.append(books.detected(), key="k")
    other = Submission((Item(books.detected("other")),), Idempotency("engine", "k", "another"))
    with pytest.raises(ConflictError):
        await books.queue.append(other, books.telling(GENERAL))
    theirs = replace(other, idempotency=Idempotency("someone else", "k", "another"))
    assert decisions(await books.queue.append(theirs, books.telling(GENERAL))) == [ACCEPTED]


async def test_item_keys_cover_items(books: Books) -> None:
    def item(key: str, digest: str) -> Item:
        return Item(books.detected(key), idempotency=Idempotency("engine", key, digest))

    first = await books.queue.append(Submission((item("a", "1"), item("b", "1"))), books.telling(GENERAL))
    again = await books.queue.append(
        Submission((item("a", "1"), item("b", "2"), item("c", "1"), item("c", "1"))), books.telling(GENERAL)
    )
    assert again.answers[0] == first.answers[0]
    assert again.answers[1]["error"]["code"] == "idempotency_conflict"
    assert again.answers[2] == again.answers[3]
    assert len(again.events) == 1


async def test_keys_are_forgotten_after_a_day(books: Books) -> None:
    first = await books.append(books.detected(), key="k")
    books.clock.advance(24 * 3600 - 1)
    assert (await books.append(books.detected(), key="k")).answers == first.answers
    books.clock.advance(1)
    fresh = await books.append(books.detected(), key="k")
    assert fresh.answers != first.answers
    assert (await books.append(books.detected(), key="k")).answers == fresh.answers


async def test_a_key_that_is_drawn_anew_leaves_its_neighbours_alone(books: Books) -> None:
    """Another key, another owner's of that name, and one that covers an item."""
    old = Idempotency("engine", "k", "digest")
    others = (
        lambda: Submission((Item(books.detected("other")),), replace(old, key="another")),
        lambda: Submission((Item(books.detected("theirs")),), replace(old, owner="someone else")),
        lambda: Submission((Item(books.detected("item"), idempotency=old),)),
    )
    await books.append(books.detected(), key="k")
    books.clock.advance(24 * 3600 - 1)
    answers = [(await books.queue.append(other(), books.telling())).answers for other in others]
    books.clock.advance(1)
    await books.append(books.detected(), key="k")
    assert [(await books.queue.append(other(), books.telling())).answers for other in others] == answers


async def test_calls_that_share_a_commit_are_told_each_what_they_superseded(books: Books) -> None:
    older = [books.detected(sku) for sku in "ab"]
    await books.append(*older)
    appended = await asyncio.gather(*(books.append(books.detected(alert.sku)) for alert in older))
    assert [[one.alert_id for one in each.moved] for each in appended] == [[alert.id] for alert in older]


async def test_a_newer_alert_supersedes_the_older_pending_one_for_the_same_target(books: Books) -> None:
    old, new = books.detected(), books.detected(price=Decimal("1899.00"))
    await books.append(old, decide=books.telling(GENERAL, HIGH))
    appended = await books.append(new, decide=books.telling(GENERAL))
    (moved,) = appended.moved
    assert (moved.alert_id, moved.target, moved.state, moved.why) == (
        old.id,
        GENERAL,
        DeliveryState.CANCELLED,
        Why.SUPERSEDED,
    )
    assert (await books.claimed()).members[0][0].alert_id == new.id
    assert (await books.claimed(HIGH)).members[0][0].alert_id == old.id


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (DeliveryState.CANCELLED, Why.SHADOW),
        (DeliveryState.REFUSED, Why.NO_TARGET),
        (DeliveryState.EXPIRED, Why.PAST_LIFE),
    ],
)
@pytest.mark.parametrize("reason", [Reason.NEW, Reason.TEST])
async def test_a_delivery_that_is_over_before_it_begins_is_told_as_it_is_kept(
    books: Books, reason: Reason, state: DeliveryState, why: Why
) -> None:
    ruling = Accepted(reason, (plan(clock=books.clock, state=state, why=why),))
    appended = await books.append(books.detected(), decide=lambda *_: ruling)
    assert appended.moved == tuple((await books.deliveries()).values())
    assert [(one.state, one.why) for one in appended.moved] == [(state, why)]
    assert not appended.lanes


async def test_twins_that_pass_in_one_batch_supersede_each_other(books: Books) -> None:
    first, second = books.detected(), books.detected()
    await books.append(first, second)
    claim = await books.claimed(limit=10)
    assert [delivery.alert_id for delivery, _ in claim.members] == [second.id]
    story = await books.history.story(first.id)
    assert story is not None
    assert story.deliveries[0].delivery.why is Why.SUPERSEDED


async def test_a_plan_that_is_over_before_it_began_is_shown_and_never_claimed(books: Books) -> None:
    over = plan(clock=books.clock, state=DeliveryState.CANCELLED, why=Why.SHADOW)

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        return Accepted(Reason.NEW, (over,))

    appended = await books.append(books.detected(), decide=decide)
    assert appended.lanes == frozenset()
    assert await books.claim() is None
    assert (await books.deliveries())[GENERAL].why is Why.SHADOW


async def test_readers_that_follow_the_cursor_miss_nothing_that_many_writers_write(
    place: str, clock: ManualClock
) -> None:
    async with opened(place, clock, shared=True) as books:
        writers, each = 8, 15
        seen: list[int] = []

        async def write(writer: int) -> None:
            for number in range(each):
                await books.append(books.detected(f"{writer}-{number}"))

        async def read() -> None:
            async with asyncio.timeout(DEADLINE_S):
                while len(seen) < writers * each:
                    seen.extend(event.position for event in await books.history.events(seen[-1] if seen else 0, 7))

        await asyncio.gather(read(), *(write(writer) for writer in range(writers)))
        assert seen == list(range(1, writers * each + 1))
