"""The book of purchases: it only grows, the same again changes nothing, and each is credited to what brought it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.books import GENERAL, Books
from tests.contract.crowd import AUTHOR, CONFIRMED, RULE, Crowd, phone
from tests.contract.test_sets import VIP, for_people

from tocsin.core.attribution import CreditReason, Span
from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.errors import InvalidRequestError
from tocsin.core.purchase import PurchaseState
from tocsin.core.signal import Cost
from tocsin.ledger.contract.purchases import Entered, EntryResult, Keys, PurchaseDraft, PurchaseQuery, PurchaseRow
from tocsin.rules.attribution import Crediting
from tocsin.rules.click import TOGETHER

P, E, R = PurchaseState, EntryResult, CreditReason
CREDIT = Crediting().credit
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def bought(books: Books, name: str = "ord-1", **more: Any) -> PurchaseDraft:
    now = books.clock.now()
    plain = {
        "source": "shop",
        "external_id": name,
        "bought": Span(now, now),
        "state": P.PENDING,
        "amount": Decimal("1999.99"),
        "commission": Decimal("40.00"),
        "currency": "USD",
    }
    return PurchaseDraft(**(plain | more))


async def enter(books: Books, *drafts: PurchaseDraft, **how: Any) -> tuple[Entered, ...]:
    return await books.ledger.purchases.enter(drafts, CREDIT, "token:shop", **how)


async def results(books: Books, *drafts: PurchaseDraft, **how: Any) -> list[EntryResult | str | None]:
    entered = await enter(books, *drafts, **how)
    return [one.error["code"] if one.error else one.result for one in entered]


async def known(books: Books, **asked: Any) -> Sequence[PurchaseRow]:
    return (await books.ledger.purchases.purchases(PurchaseQuery(**asked))).items


async def told(books: Books, sku: str = "6634940") -> Delivery:
    """The delivery by which everybody on Discord was told."""
    await books.append(books.detected(sku))
    claim = await books.claimed()
    await books.settle(claim, DeliveryState.SENT)
    return claim.members[0][0]


async def follow(books: Books, delivery: Delivery, kind: ClickKind = ClickKind.PERSON) -> datetime:
    await books.history.click(delivery.key, Click(books.clock.now(), kind, ""), TOGETHER)
    return books.clock.now()


async def test_a_purchase_is_credited_to_the_click_that_came_back(books: Books):
    delivery = await told(books)
    books.clock.advance(60)
    clicked_at = await follow(books, delivery)
    books.clock.advance(60)
    (entered,) = await enter(books, bought(books, keys=Keys(click=delivery.key)))
    assert entered.result is E.CREATED
    (row,) = await known(books)
    assert entered.purchase == row
    assert (row.sku, row.retailer) == ("6634940", "bestbuy")
    assert (row.reason, row.target, row.delivery_id, row.clicked_at) == (R.CLICK, GENERAL, delivery.id, clicked_at)
    assert row.alert_id == delivery.alert_id
    assert (row.now.state, row.now.amount, row.now.commission, row.now.author) == (
        P.PENDING, Decimal("1999.99"), Decimal(40), "token:shop",
    )  # fmt: skip


async def test_without_a_key_it_is_kept_and_credited_to_nobody(books: Books):
    assert await results(books, bought(books), bought(books, "ord-2", keys=Keys(click=99))) == [E.UNATTRIBUTED] * 2
    assert [row.reason for row in await known(books)] == [R.FORGOTTEN, R.NO_KEY]
    assert await known(books, credited=True) == ()


async def test_the_same_again_changes_nothing_and_another_word_is_a_revision(books: Books):
    delivery = await told(books)
    await follow(books, delivery)
    first = bought(books, keys=Keys(click=delivery.key))
    more = replace(first, amount=Decimal("2099.99"))
    confirmed = replace(first, state=P.CONFIRMED, amount=None, commission=None, currency=None)
    back = replace(confirmed, state=P.REVERSED)
    told_again = [first, first, more, more, confirmed, confirmed, back, back]
    expected = [E.CREATED, E.UNCHANGED, E.CORRECTED, E.UNCHANGED, E.CORRECTED, E.UNCHANGED, E.REVERSED, E.UNCHANGED]
    assert await results(books, *told_again) == expected
    (row,) = await known(books)
    assert [(one.state, one.amount) for one in row.revisions] == [
        (P.PENDING, Decimal("1999.99")),
        (P.PENDING, Decimal("2099.99")),
        (P.CONFIRMED, Decimal("2099.99")),
        (P.REVERSED, Decimal("2099.99")),
    ]
    assert (row.reason, row.delivery_id) == (R.CLICK, delivery.id)


async def test_a_correction_that_is_added_counts_once_and_outlives_the_same_file_again(books: Books):
    original = bought(books, state=P.CONFIRMED)
    half = bought(books, entry="c-2", state=None, amount=Decimal("-999.99"), commission=Decimal("-20.00"), quantity=0)
    rest = replace(half, entry="c-3", amount=Decimal("-1000.00"))
    assert await results(books, half) == ["unknown_purchase"]
    assert await results(books, original, half, half) == [E.UNATTRIBUTED, E.CORRECTED, E.UNCHANGED]
    assert await results(books, original, half) == [E.UNCHANGED, E.UNCHANGED]
    (row,) = await known(books)
    assert (row.now.amount, row.now.commission, row.now.state) == (Decimal(1000), Decimal(20), P.CONFIRMED)
    assert await results(books, rest, original, rest) == [E.REVERSED, E.UNCHANGED, E.UNCHANGED]
    (row,) = await known(books)
    assert (row.now.amount, row.now.commission, row.now.state) == (Decimal(0), Decimal(0), P.REVERSED)


async def test_what_its_source_corrects_keeps_what_was_added(books: Books):
    original = bought(books, commission=Decimal(40))
    taken = bought(books, entry="c-2", state=None, amount=None, commission=Decimal(-10), quantity=None)
    raised = replace(original, commission=Decimal(50), state=P.CONFIRMED)
    assert await results(books, original, taken, raised) == [E.UNATTRIBUTED, E.CORRECTED, E.CORRECTED]
    (row,) = await known(books)
    assert (row.now.commission, row.now.state) == (Decimal(40), P.CONFIRMED)


async def test_a_return_finds_the_newest_purchase_that_it_can_be_of(books: Books):
    day = books.clock.now()
    old, new = (
        bought(books, f"me-20|B0|{number}", bought=Span(day + number * DAY, day + number * DAY), state=P.CONFIRMED)
        for number in (1, 2)
    )
    back = bought(
        books, "me-20|B0|", like=True, entry="r-1", state=None, amount=Decimal("-1999.99"), commission=Decimal(-40),
        bought=Span(day + 3 * DAY, day + 4 * DAY),
    )  # fmt: skip
    assert await results(books, old, new, back, replace(back, entry="r-2"), replace(back, entry="r-3")) == [
        E.UNATTRIBUTED, E.UNATTRIBUTED, E.REVERSED, E.REVERSED, "unknown_purchase",
    ]  # fmt: skip
    assert {row.external_id: row.now.state for row in await known(books)} == {
        "me-20|B0|1": P.REVERSED,
        "me-20|B0|2": P.REVERSED,
    }


async def test_a_sum_in_another_currency_is_refused_and_harms_no_other(books: Books):
    await enter(books, bought(books))
    assert await results(
        books, bought(books, amount=Decimal(1), currency="EUR"), bought(books, "ord-2", currency="EUR")
    ) == ["other_currency", E.UNATTRIBUTED]


async def test_in_a_dry_run_nothing_stays(books: Books):
    first = bought(books)
    assert await results(books, first, replace(first, state=P.CONFIRMED), dry_run=True) == [
        E.UNATTRIBUTED,
        E.CORRECTED,
    ]
    assert await known(books) == ()


async def test_a_person_is_found_by_the_alert_and_either_name(books: Books, crowd: Crowd):
    ada = await crowd.meet("Ada", external_id="discord:1")
    slot = (await crowd.add(ada, phone(), CONFIRMED)).slot
    alert = books.detected()
    await books.append(alert, decide=for_people(books, [slot]))
    claim = await books.claimed(VIP)
    await books.settle(claim, DeliveryState.SENT)
    ways = [Keys(alert=alert.id, contact=ada.id), Keys(alert=alert.id, contact="discord:1")]
    entered = await enter(books, *(bought(books, str(n), keys=keys) for n, keys in enumerate(ways)))
    rows = [one.purchase for one in entered if one.purchase]
    assert [(row.reason, row.target) for row in rows] == [(R.TOLD, VIP)] * 2
    exported = await crowd.people.export(ada.id)
    assert [one["external_id"] for one in exported["purchases"]] == ["0", "1"]
    await crowd.people.erase(ada.id, AUTHOR, RULE)
    assert [row.external_id for row in await known(books, channel="sms")] == ["1", "0"]
    (late,) = await enter(books, bought(books, "late", keys=ways[0]))
    assert late.purchase is not None
    assert late.purchase.reason is R.FORGOTTEN


async def test_a_channel_is_credited_by_what_its_network_calls_it(books: Books):
    delivery = await told(books)
    about = {"sku": "6634940", "retailer": "bestbuy"}
    books.clock.advance(60)
    assert await results(books, bought(books, "1", keys=Keys(channel="discord"), **about)) == [E.CREATED]
    await follow(books, delivery)
    books.clock.advance(60)
    drafts = (
        bought(books, "2", keys=Keys(channel="discord"), **about),
        bought(books, "3", keys=Keys(channel="sms"), **about),
        bought(books, "4", keys=Keys(channel="discord"), sku="other", retailer="bestbuy"),
    )
    assert await results(books, *drafts) == [E.CREATED, E.UNATTRIBUTED, E.UNATTRIBUTED]
    found = {row.external_id: (row.reason, row.target, row.delivery_id) for row in await known(books)}
    assert found == {
        "1": (R.TRACKING, GENERAL, None),
        "2": (R.TRACKING, GENERAL, delivery.id),
        "3": (R.NOT_TOLD, None, None),
        "4": (R.NOT_TOLD, None, None),
    }


async def test_they_are_listed_in_pages_and_by_what_they_are_now(books: Books):
    now = books.clock.now()
    drafts = [bought(books, str(number), bought=Span(now + number * HOUR, now + number * HOUR)) for number in range(5)]
    await enter(books, *drafts, replace(drafts[2], state=P.CONFIRMED))
    first = await books.ledger.purchases.purchases(PurchaseQuery(limit=3))
    rest = await books.ledger.purchases.purchases(PurchaseQuery(limit=3, page=first.next))
    assert [row.external_id for row in (*first.items, *rest.items)] == ["2", "4", "3", "1", "0"]
    assert [row.external_id for row in await known(books, state=P.CONFIRMED)] == ["2"]
    assert [row.external_id for row in await known(books, since=now + HOUR, until=now + 3 * HOUR)] == ["2", "1"]
    assert await known(books, source="other") == ()
    assert await known(books, channel="discord") == ()
    with pytest.raises(InvalidRequestError):
        await known(books, page="nonsense")


async def test_what_was_bought_outlives_the_alert(books: Books):
    delivery = await told(books)
    await follow(books, delivery)
    await enter(books, bought(books, keys=Keys(click=delivery.key)))
    books.clock.advance(DAY.total_seconds() * 3)
    assert await books.history.prune(books.clock.now() - DAY) == 1
    (row,) = await known(books)
    assert (row.target, row.reason, row.alert_id, row.delivery_id) == (GENERAL, R.CLICK, None, None)


async def test_what_a_month_costs_is_kept_as_it_was_said_last(books: Books):
    keep = books.ledger.purchases.keep_month
    await keep("2026-10", {"sms": Cost(Decimal("1.15"), "USD")})
    await keep("2026-11", {"sms": Cost(Decimal("2.00"), "USD"), "email": Cost(Decimal(20), "EUR")})
    await keep("2026-11", {"sms": Cost(Decimal("2.50"), "USD")})
    assert await books.ledger.analytics.monthly_costs() == {
        ("2026-10", "sms"): (Decimal("1.15"), "USD"),
        ("2026-11", "sms"): (Decimal("2.50"), "USD"),
    }


amounts = st.decimals(Decimal(0), Decimal("99999.99"), places=2)
said = st.builds(
    dict, external_id=st.sampled_from("abc"), state=st.sampled_from(PurchaseState), amount=amounts, commission=amounts
)
added = st.builds(
    dict, external_id=st.sampled_from("abc"), entry=st.sampled_from("xyz"), amount=amounts.map(lambda a: -a),
    commission=amounts.map(lambda a: -a), state=st.none(),
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(said | added, max_size=8), st.integers(1, 10**9))
async def test_the_same_file_twice_changes_nothing(books: Books, rows: list[dict[str, Any]], file: int):
    """However often a purchase stands in it: the last word of the first run is the word of the second."""
    last = {row.get("entry", row["external_id"]): row for row in rows}.values()
    drafts = [bought(books, row.pop("external_id"), source=f"shop {file}", **row) for row in map(dict, last)]
    drafts.sort(key=lambda draft: draft.entry is not None)
    first = await results(books, *drafts)
    before = await known(books, source=f"shop {file}")
    again = await results(books, *drafts)
    assert again == [E.UNCHANGED if isinstance(result, E) else result for result in first]
    assert await known(books, source=f"shop {file}") == before
