"""Who is claimed carries whose the address is, as it is known outside; what operators wrote down is nobody's."""

from tests.contract.books import Books
from tests.contract.crowd import CONFIRMED, RULE, Crowd, phone
from tests.contract.test_sets import VIP, for_people

from tocsin.core.recipients import Owner


async def test_a_claim_tells_whose_an_address_is(books: Books, crowd: Crowd):
    ada = await crowd.meet("Ada")
    address = await crowd.add(ada, phone(), CONFIRMED)
    (written,) = await books.ledger.people.write_down([phone("+14155550102")], RULE)
    await books.append(books.detected(), decide=for_people(books, [address.slot, written]))
    claim = await books.claimed(VIP, limit=2)
    assert {slot: told.owner for slot, told in claim.recipients.items()} == {
        address.slot: Owner(ada.id, address.id),
        written: None,
    }
