"""Who was imported is told once who writes: by the first delivery that reaches them, and by no other."""

from tests.contract.books import Books, plan
from tests.contract.crowd import CONFIRMED, GRANTED, Crowd, phone, said

from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.decision import Accepted, Chosen, Reason
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import Claim, ClaimRequest

VIP = Target("sms", "vip")
IMPORTED = said(ConsentEvent.IMPORTED, ConsentSource.IMPORT)
S = DeliveryState


async def claims(books: Books, sku: str, *slots: int, attempts: int = 5) -> dict[int, Claim]:
    """By slot: an alert for these, claimed."""
    planned = plan(VIP, clock=books.clock, people=Chosen(now=audience_of(slots)))
    await books.append(books.detected(sku), decide=lambda *_: Accepted(Reason.NEW, (planned,)))
    claimed = await books.queue.claim(ClaimRequest(lane=str(VIP), pack=lambda *_: 1, attempts=attempts))
    return {one.slot or 0: claim for claim in claimed.claims for one, _ in claim.members}


def introduces(claim: Claim) -> bool:
    ((one, _),) = claim.members
    return claim.recipients[one.slot or 0].introduced_by == one.key


async def test_the_first_that_may_have_come_says_it_and_only_to_whoever_was_imported(books: Books):
    crowd = Crowd(books.ledger.people)
    ada = await crowd.add(await crowd.meet("Ada"), phone(), IMPORTED)
    bob = await crowd.meet("Bob")
    known = await crowd.say(bob, await crowd.add(bob, phone("+14155550102"), GRANTED), CONFIRMED)
    first = await claims(books, "a", ada.slot, known.slot)
    assert {slot: introduces(claim) for slot, claim in first.items()} == {ada.slot: True, known.slot: False}
    await books.settle(first[ada.slot], S.REFUSED, Why.REFUSED)
    second = await claims(books, "b", ada.slot)
    assert introduces(second[ada.slot]), "the first did not come"
    await books.settle(second[ada.slot], S.UNKNOWN, Why.ANSWER_LOST)
    (lost,) = await books.queue.unknown(frozenset({str(VIP)}))
    assert introduces(lost), "it is asked for with the words that it had"
    third = await claims(books, "c", ada.slot)
    assert not introduces(third[ada.slot])
