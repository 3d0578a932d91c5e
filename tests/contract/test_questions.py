"""A mail asks its reader what came of the link that was followed last: what may be asked is kept, and that it was."""

import pytest
from tests.contract.books import Books
from tests.contract.crowd import CONFIRMED, Crowd, mailbox, phone
from tests.contract.test_answers import say
from tests.contract.test_sets import VIP, for_people

from tocsin.core.answer import Answer
from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.recipients import Question
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import Claim
from tocsin.ledger.contract.people import ContactRow
from tocsin.rules.click import TOGETHER
from tocsin.rules.consent import standing_after

S = DeliveryState


@pytest.fixture
async def ada(crowd: Crowd) -> tuple[ContactRow, int]:
    contact = await crowd.meet("Ada")
    return contact, (await crowd.add(contact, mailbox(), CONFIRMED)).slot


async def told(books: Books, slot: int, sku: str = "1") -> Claim:
    await books.append(books.detected(sku), decide=for_people(books, [slot]))
    return await books.claimed(VIP, asks=lambda _: True)


async def followed(books: Books, claim: Claim, kind: ClickKind = ClickKind.PERSON) -> None:
    await books.settle(claim, S.SENT)
    books.clock.advance(60)
    await books.history.click(claim.members[0][0].key, Click(books.clock.now(), kind, ""), TOGETHER)
    books.clock.advance(60)


def question(claim: Claim) -> Question | None:
    (recipient,) = claim.recipients.values()
    return recipient.question


def asks(claim: Claim) -> int | None:
    """The delivery that it asks of."""
    what = question(claim)
    return what.about if what is not None and what.asked_by == claim.members[0][0].key else None


async def test_what_was_followed_last_is_asked_of(books: Books, ada: tuple[ContactRow, int]) -> None:
    first = await told(books, ada[1])
    assert question(first) is None
    await followed(books, first)
    second = await told(books, ada[1], "2")
    asked = question(second)
    assert asked is not None
    assert (asks(second), asked.title) == (first.members[0][0].key, "1")
    assert (asked.clicked_at < books.clock.now(), asked.asked_at) == (True, books.clock.now())
    exported = (await books.ledger.people.export(ada[0].id))["question"]
    assert exported == {"clicked_at": rfc3339(asked.clicked_at), "asked_at": rfc3339(books.clock.now())}
    await followed(books, second)
    third = await told(books, ada[1], "3")
    assert asks(third) == second.members[0][0].key


async def test_the_same_mail_asks_the_same_when_it_is_sent_again(books: Books, ada: tuple[ContactRow, int]) -> None:
    first = await told(books, ada[1])
    await followed(books, first)
    await books.settle(await told(books, ada[1], "2"), S.PENDING, Why.DEFERRED)
    again = await books.claimed(VIP, asks=lambda _: False)
    assert asks(again) == first.members[0][0].key
    await books.append(books.detected("3"), decide=for_people(books, [ada[1]]))
    assert asks(await books.claimed(VIP, asks=lambda _: False)) is None


@pytest.mark.parametrize("kind", [ClickKind.SUSPECT, ClickKind.ROBOT])
async def test_what_a_program_followed_is_not_asked_of(
    books: Books, ada: tuple[ContactRow, int], kind: ClickKind
) -> None:
    await followed(books, await told(books, ada[1]), kind)
    assert question(await told(books, ada[1], "2")) is None


async def test_what_was_answered_is_not_asked_of(books: Books, ada: tuple[ContactRow, int]) -> None:
    first = await told(books, ada[1])
    await followed(books, first)
    await say(books, first.members[0][0], Answer.USEFUL)
    assert question(await told(books, ada[1], "2")) is None


async def test_nothing_is_asked_by_text(books: Books, crowd: Crowd, ada: tuple[ContactRow, int]) -> None:
    contact, slot = ada
    await followed(books, await told(books, slot))
    text = (await crowd.add(contact, phone(), CONFIRMED)).slot
    assert question(await told(books, text, "2")) is None


async def test_who_is_erased_is_asked_nothing(books: Books, crowd: Crowd, ada: tuple[ContactRow, int]) -> None:
    contact, slot = ada
    await followed(books, await told(books, slot))
    await crowd.people.erase(contact.id, "token:x", standing_after)
    assert await books.claim(VIP) is None
