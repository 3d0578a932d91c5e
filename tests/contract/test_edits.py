"""What stands at a provider, and what it should show: an edit is due while the two differ."""

import json

from tests.contract.books import GENERAL, HIGH, Books, plan
from tests.contract.crowd import STOP, Crowd, device

from tocsin.core.address import AddressKind
from tocsin.core.alert import Alert
from tocsin.core.decision import Accepted, Chosen, Reason, Ruling
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import Move, Settlement, StandingMessage

PUSH = Target("push", "everyone")
LANES = frozenset({str(GENERAL), str(HIGH)})


async def stands(books: Books, reference: str, *alerts: Alert, target: Target = GENERAL) -> None:
    """One message with all these alerts."""
    await books.append(*alerts, decide=books.telling(target))
    claim = await books.claimed(target, limit=10)
    await books.settle(claim, DeliveryState.SENT, reference=reference)


async def due(books: Books, lanes: frozenset[str] = LANES) -> tuple[StandingMessage, ...]:
    return await books.queue.edits(lanes)


async def test_what_is_sold_out_is_to_be_shown_where_it_stands(books: Books) -> None:
    alert = books.detected()
    await stands(books, "100", alert)
    assert await due(books) == ()
    await books.close(alert)
    (message,) = await due(books)
    assert (message.target, message.lane, message.reference) == (GENERAL, str(GENERAL), "100")
    ((delivery, record),) = message.members
    assert (delivery.alert_id, record.alert.id) == (alert.id, alert.id)
    assert record.closed_at == books.clock.now()


async def test_what_was_shown_is_not_shown_again(books: Books) -> None:
    alert = books.detected()
    await stands(books, "100", alert)
    await books.close(alert)
    (message,) = await due(books)
    await books.queue.note_shown(message)
    assert await due(books) == ()


async def test_all_members_of_a_message_are_edited_together_the_most_important_first(books: Books) -> None:
    low, high = books.detected("low", priority=2), books.detected("high", priority=9)
    await stands(books, "100", low, high)
    await books.close(low)
    (message,) = await due(books)
    assert [(record.alert.sku, record.closed_at is None) for _, record in message.members] == [
        ("high", True),
        ("low", False),
    ]
    await books.queue.note_shown(message)
    await books.close(high)
    (message,) = await due(books)
    assert all(record.closed_at for _, record in message.members)


async def test_what_closes_after_the_edit_was_read_stays_due(books: Books) -> None:
    first, second = books.detected("first"), books.detected("second")
    await stands(books, "100", first, second)
    await books.close(first)
    (read,) = await due(books)
    await books.close(second)
    await books.queue.note_shown(read)
    (again,) = await due(books)
    assert all(record.closed_at for _, record in again.members)


async def test_what_sells_out_while_its_message_is_sent_is_due_once_it_stands(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    claim = await books.claimed()
    await books.close(alert)
    assert await due(books) == ()
    await books.settle(claim, DeliveryState.SENT, reference="100")
    assert [message.reference for message in await due(books)] == ["100"]


async def test_a_message_that_nobody_can_name_is_never_due(books: Books) -> None:
    alert = books.detected()
    await books.append(alert)
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await books.close(alert)
    assert await due(books) == ()


async def test_an_alert_that_stands_in_two_places_is_edited_in_both(books: Books) -> None:
    alert = books.detected()
    await books.append(alert, decide=books.telling(GENERAL, HIGH))
    for target, reference in ((GENERAL, "100"), (HIGH, "200")):
        await books.settle(await books.claimed(target), DeliveryState.SENT, reference=reference)
    await books.close(alert)
    assert [message.target for message in await due(books)] == [GENERAL, HIGH]
    assert [message.target for message in await due(books, frozenset({str(HIGH)}))] == [HIGH]
    assert await due(books, frozenset()) == ()


async def test_the_longest_standing_come_first_and_whole(books: Books) -> None:
    alerts = [books.detected(f"sku{number}") for number in range(6)]
    for start, reference in ((4, "300"), (0, "100"), (2, "200")):
        await stands(books, reference, *alerts[start : start + 2])
    for alert in alerts:
        await books.close(alert)
    first, second = await books.queue.edits(LANES, limit=2)
    assert (first.reference, second.reference) == ("100", "200")
    assert [len(message.members) for message in (first, second)] == [2, 2]


async def test_messages_are_told_apart_however_their_alerts_lie_among_each_other(books: Books) -> None:
    """By the name that the provider gave each, and by their target: another place may have one of the same name."""
    standing = {("100", GENERAL): (9, 5), ("100", HIGH): (10, 4), ("200", GENERAL): (8, 6)}
    skus = {place: [f"{place}{priority}" for priority in priorities] for place, priorities in standing.items()}
    for nth in (0, 1):
        for place, priorities in standing.items():
            alert = books.detected(skus[place][nth], priority=priorities[nth])
            await stands(books, place[0], alert, target=place[1])
    told = [alert for place in standing for alert in map(books.detected, skus[place])]
    for alert in told:
        await books.close(alert)
    found = {(each.reference, each.target): [one.alert.sku for _, one in each.members] for each in await due(books)}
    assert (found, list(found)) == (skus, list(skus))


async def test_a_message_is_not_due_because_another_place_has_one_of_that_name(books: Books) -> None:
    for sku, target in (("here", GENERAL), ("there", HIGH)):
        await stands(books, "100", books.detected(sku), target=target)
    await books.close(books.detected("here"))
    (message,) = await due(books)
    assert message.target == GENERAL
    await books.queue.note_shown(message)
    assert await due(books) == ()


async def told(books: Books, people: list[int], reference: str) -> Alert:
    """One more alert of the same product; each of these has a message of their own."""
    alert = books.detected()
    chosen = Chosen(now=audience_of(people))

    def decide(*_: object) -> Ruling:
        return Accepted(Reason.NEW, (plan(PUSH, clock=books.clock, people=chosen),))

    await books.append(alert, decide=decide)
    claim = await books.claimed(PUSH, limit=10)
    moves = tuple(
        Move(key=one.key, fence=one.fence, to=DeliveryState.SENT, reference=f"{reference} {one.slot}")
        for one, _ in claim.members
    )
    await books.queue.settle(Settlement(attempt=claim.key, outcome="sent", moves=moves))
    return alert


async def test_who_was_shown_something_newer_of_the_same_product_has_only_that_edited(books: Books) -> None:
    crowd = Crowd(books.ledger.people)
    ada, bob = [
        (await crowd.put_device(await crowd.meet(name), device(f"token of {name}", "app"))).slot for name in "ab"
    ]
    await told(books, [ada, bob], "first")
    await told(books, [ada], "second")
    other = books.detected("another")
    await stands(books, "third", other)
    await books.close(await told(books, [ada], "fourth"))
    found = await due(books, frozenset({str(PUSH), str(GENERAL)}))
    assert {message.reference for message in found} == {f"first {bob}", f"fourth {ada}"}
    assert {slot for message in found for slot in message.recipients} == {ada, bob}


async def test_an_edit_knows_whom_it_is_for_as_long_as_they_may_be_told(books: Books) -> None:
    crowd = Crowd(books.ledger.people)
    contact = await crowd.meet("Ada")
    row = await crowd.put_device(contact, device("token", "app", sounds=("siren.caf",)))
    await books.ledger.people.prefer(contact.id, {"channels": {"push": {"sound": "siren"}}})
    await books.close(await told(books, [row.slot], "first"))
    (message,) = await due(books, frozenset({str(PUSH)}))
    person = message.recipients[row.slot]
    assert (person.value.reveal(), person.kind, person.platform) == ("token", AddressKind.DEVICE, "android")
    assert person.sounds == ("siren.caf",)
    assert json.loads(person.wishes or "{}") == {"channels": {"push": {"sound": "siren"}}}
    await crowd.say(contact, row, STOP)
    (message,) = await due(books, frozenset({str(PUSH)}))
    assert message.recipients == {}
