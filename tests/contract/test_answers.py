"""Answers of people: kept, and followed; the last one about a delivery counts."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from tests.contract.books import Books
from tests.contract.crowd import CONFIRMED, Crowd, phone
from tests.contract.test_purchases import known, told
from tests.contract.test_sets import VIP, for_people

from tocsin.core.alert import Alert
from tocsin.core.answer import Answer
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.errors import NotFoundError, RateLimitedError
from tocsin.core.purchase import PurchaseState
from tocsin.ledger.contract.people import ContactRow
from tocsin.ledger.contract.purchases import AnswerDraft
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.schema import deliveries
from tocsin.ledger.purchases.answers import MOST_AN_HOUR
from tocsin.ledger.purchases.schema import answers
from tocsin.rules.answers import MUTING
from tocsin.rules.attribution import by_answer

MATCH = {"skus": ["bestbuy:6634940"]}
UNTIL = "2026-12-23T12:00:00.000Z"


async def say(books: Books, delivery: Delivery, answer: Answer) -> tuple[Delivery, ...]:
    mute = {"match": MATCH, "why": answer.value} | ({"until": UNTIL} if answer is Answer.BOUGHT else {})

    def mutes(before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [*(one for one in before if one["match"] != MATCH), *([mute] if answer in MUTING else [])]

    draft = AnswerDraft(delivery=delivery.key, answer=answer, mutes=mutes, is_same=_is_same)
    return await books.ledger.purchases.answer(draft, by_answer)


def _is_same(alert: Alert) -> bool:
    return alert.sku == "6634940"


@pytest.fixture
async def ada(crowd: Crowd) -> tuple[ContactRow, int]:
    contact = await crowd.meet("Ada")
    return contact, (await crowd.add(contact, phone(), CONFIRMED)).slot


def rows(place: str, table: Any) -> list[Any]:
    engine = writing_engine(parse_url(place))
    with engine.connect() as connection:
        found = list(connection.execute(select(table).order_by(table.c.key)))
    engine.dispose()
    return found


async def test_whoever_bought_it_hears_no_more_of_it_by_any_way(
    books: Books, crowd: Crowd, ada: tuple[ContactRow, int], place: str
):
    contact, slot = ada
    bob = (await crowd.add(await crowd.meet("Bob"), phone("+14155550102"), CONFIRMED)).slot
    await books.append(books.detected(), decide=for_people(books, [slot]))
    claim = await books.claimed(VIP)
    await books.settle(claim, DeliveryState.SENT)
    await books.append(books.detected(seller="other"), decide=for_people(books, [slot, bob]))
    await books.append(books.detected("another"), decide=for_people(books, [slot, bob]))
    books.clock.advance(90)
    cancelled = await say(books, claim.members[0][0], Answer.BOUGHT)
    assert [(one.state, one.why, one.size) for one in cancelled] == [(DeliveryState.CANCELLED, Why.ACKNOWLEDGED, 1)]
    waiting = sum(row.people for row in rows(place, deliveries) if row.state == DeliveryState.PENDING.value)
    assert waiting == 3  # Bob of both, Ada of the other product
    preferred = (await crowd.people.contact(contact.id)).preferences
    assert preferred == {"mute": [{"match": MATCH, "why": "bought", "until": UNTIL}]}
    (row,) = await known(books)
    assert (row.source, row.now.state, row.now.amount, row.reason.value, row.target, row.now.author) == (
        "bought", PurchaseState.REPORTED, None, "answer", VIP, "person",
    )  # fmt: skip
    assert (row.sku, row.retailer, row.at) == ("6634940", "bestbuy", books.clock.now())


async def test_the_last_answer_counts(books: Books, crowd: Crowd, ada: tuple[ContactRow, int], place: str):
    contact, slot = ada
    await crowd.people.prefer(contact.id, {"mute": [{"match": {"types": ["price_drop"]}}]})
    mine = {"match": {"types": ["price_drop"]}}
    bought = {"match": MATCH, "why": "bought", "until": UNTIL}
    alert = books.detected()
    await books.append(alert, decide=for_people(books, [slot]))
    delivery = (await books.claimed(VIP)).members[0][0]
    books.clock.advance(60)
    steps = [
        (Answer.TOO_LATE, [mine], []),
        (Answer.BOUGHT, [mine, bought], ["reported"]),
        (Answer.BOUGHT, [mine, bought], ["reported"]),
        (Answer.NOT_FOR_ME, [mine, {"match": MATCH, "why": "not_for_me"}], ["reported", "reversed"]),
        (Answer.USEFUL, [mine], ["reported", "reversed"]),
        (
            Answer.BOUGHT,
            [mine, {"match": MATCH, "why": "bought", "until": UNTIL}],
            ["reported", "reversed", "reported"],
        ),
    ]
    for answer, muted, states in steps:
        await say(books, delivery, answer)
        assert await books.ledger.purchases.said(delivery.key) is answer
        assert (await crowd.people.contact(contact.id)).preferences["mute"] == muted
        assert [one.state.value for row in await known(books) for one in row.revisions] == states
    (exported,) = (await crowd.people.export(contact.id))["deliveries"]
    assert [one["answer"] for one in exported["answers"]] == ["too_late", "bought", "not_for_me", "useful", "bought"]
    first = exported["answers"][0]
    assert (first["alert_age_s"], first["sold_out"]) == (60.0, False)
    words = [row.answer for row in rows(place, answers)]
    assert words == ["too_late", "bought", "not_for_me", "useful", "bought"]


async def test_an_answer_keeps_how_old_the_alert_was_and_whether_it_was_over(books: Books, place: str):
    alert = books.detected(timestamp=books.clock.now() - timedelta(seconds=5))
    await books.append(alert)
    delivery = (await books.claimed()).members[0][0]
    books.clock.advance(60)
    await say(books, delivery, Answer.USEFUL)
    await books.close(alert)
    books.clock.advance(60)
    await say(books, delivery, Answer.TOO_LATE)
    assert [(row.age, row.closed) for row in rows(place, answers)] == [(65_000_000, False), (125_000_000, True)]


async def test_where_many_were_told_by_one_message_nobody_is_muted(books: Books):
    delivery = await told(books)
    assert await say(books, delivery, Answer.BOUGHT) == ()
    (row,) = await known(books)
    assert (row.now.state, row.delivery_id) == (PurchaseState.REPORTED, delivery.id)


async def test_whoever_answers_on_and_on_is_told_to_wait(books: Books):
    delivery = await told(books)
    for number in range(MOST_AN_HOUR):
        await say(books, delivery, (Answer.USEFUL, Answer.TOO_LATE)[number % 2])
    with pytest.raises(RateLimitedError):
        await say(books, delivery, Answer.USEFUL)
    assert await books.ledger.purchases.said(delivery.key) is Answer.TOO_LATE
    books.clock.advance(3601)
    await say(books, delivery, Answer.USEFUL)


async def test_nobody_answers_of_what_is_not_kept(books: Books):
    delivery = await told(books)
    draft = AnswerDraft(delivery=delivery.key + 999, answer=Answer.USEFUL, mutes=list, is_same=_is_same)
    with pytest.raises(NotFoundError):
        await books.ledger.purchases.answer(draft, by_answer)
    assert await books.ledger.purchases.said(uuid4().int >> 80) is None
