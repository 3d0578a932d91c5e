"""The picture of people that decides who is told: what each verb of people changes in it, and its version."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.contract.books import Books
from tests.contract.crowd import AUTHOR, GRANTED, RESUMED, RULE, STOP, Crowd, device, mailbox, phone

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.delivery import Target
from tocsin.core.errors import StaleDirectoryError
from tocsin.core.recipients import NOBODY, audience_of, slots_of
from tocsin.ledger.contract import Item, Submission
from tocsin.ledger.contract.people import ListRow
from tocsin.pipeline.people.directory import Directories, directory_of
from tocsin.rules.audience import KeptList
from tocsin.rules.match import Match


async def test_nobody_is_a_picture_too(books: Books):
    picture = await books.ledger.people.picture()
    assert (picture.version, picture.willing, list(picture.contacts)) == (0, NOBODY, [0])
    assert set(picture.kinds.values()) == {NOBODY}


async def test_people_are_sorted_by_what_decides_who_is_told(books: Books):
    crowd, people = Crowd(books.ledger.people), books.ledger.people
    ada, phone_of_ada = await crowd.telling("Ada")
    device_of_ada = await crowd.put_device(ada, device("token"))
    bob, phone_of_bob = await crowd.telling("Bob", phone("+14155550102"))
    mail_of_bob = await crowd.add(bob, mailbox("bob@example.com"), GRANTED)  # never confirmed
    until = books.clock.now() + timedelta(days=1)
    await people.change(ada.id, {"tags": frozenset({"vip"}), "zone": "Europe/Berlin"})
    await people.change(bob.id, {"paused_until": until, "tags": frozenset({"vip", "members"})})
    await people.prefer(ada.id, {"match": {"families": ["rtx50"]}, "channels": {"push": {"on": False}}})
    await crowd.say(bob, phone_of_bob, STOP)

    picture = await people.picture()
    a, d, b, m = (each.slot for each in (phone_of_ada, device_of_ada, phone_of_bob, mail_of_bob))
    assert picture.version == await people.directory_version()
    assert {kind: set(slots_of(who)) for kind, who in picture.kinds.items() if who} == {
        AddressKind.PHONE: {a, b},
        AddressKind.DEVICE: {d},
        AddressKind.MAILBOX: {m},
    }
    assert {tag: set(slots_of(who)) for tag, who in picture.tags.items()} == {"vip": {a, d, b, m}, "members": {b, m}}
    assert (set(slots_of(picture.willing)), set(slots_of(picture.suppressed))) == ({a, d}, {b})
    assert [(when, set(slots_of(who))) for when, who in picture.paused] == [(until, {b, m})]
    ((_, zone),) = picture.wishes
    assert zone == "Europe/Berlin"
    assert picture.contacts[a] == picture.contacts[d] != picture.contacts[b] == picture.contacts[m]

    directory = directory_of(picture)
    assert [(wish.match, set(slots_of(wish.audience))) for wish in directory.matches] == [
        (Match(families=frozenset({"rtx50"})), {a, d})
    ]
    assert set(slots_of(directory.channels["push"].off)) == {a, d}
    assert directory.channels["sms"].off == NOBODY


@pytest.mark.parametrize("change", ["stop", "start", "tags", "prefer", "pause", "erase", "device", "list", "no list"])
async def test_whatever_changes_who_is_told_makes_every_older_picture_old(books: Books, change: str):
    crowd, people = Crowd(books.ledger.people), books.ledger.people
    contact, address = await crowd.telling()
    await crowd.say(contact, address, STOP)
    if change != "start":
        await crowd.say(contact, address, RESUMED)
    await people.keep_list(ListRow(channel="sms", name="old", tag="vip"))
    verbs: dict[str, Callable[[], Awaitable[object]]] = {
        "stop": lambda: crowd.say(contact, address, STOP),
        "start": lambda: crowd.say(contact, address, RESUMED),
        "tags": lambda: people.change(contact.id, {"tags": frozenset({"vip"})}),
        "prefer": lambda: people.prefer(contact.id, {"match": {"min_priority": 9}}),
        "pause": lambda: people.change(contact.id, {"paused_until": books.clock.now() + timedelta(days=1)}),
        "erase": lambda: people.erase(contact.id, AUTHOR, RULE),
        "list": lambda: people.keep_list(ListRow(channel="sms", name="new", tag="vip")),
        "no list": lambda: people.forget_list("sms", "old"),
        "device": lambda: crowd.put_device(contact, device("token")),
    }
    directories = Directories(people)
    await directories.replace(directories.current)
    old = directories.current
    await verbs[change]()
    with pytest.raises(StaleDirectoryError):
        await books.ledger.queue.append(Submission((Item(books.detected()),)), books.telling(), old.version)
    assert await books.ledger.history.span() == (0, 0)
    await directories.replace(old)
    await books.ledger.queue.append(Submission((Item(books.detected()),)), books.telling(), directories.current.version)
    assert await books.ledger.history.span() == (1, 1)


async def test_whoever_asks_with_an_old_one_causes_one_look_only(books: Books):
    crowd = Crowd(books.ledger.people)
    directories = Directories(books.ledger.people)
    old = directories.current
    _, address = await crowd.telling()
    await directories.replace(old)
    newer = directories.current
    assert newer.willing == audience_of([address.slot])
    await directories.replace(old)
    assert directories.current is newer


async def test_lists_of_calls_have_the_addresses_of_whom_they_name(books: Books):
    crowd, people = Crowd(books.ledger.people), books.ledger.people
    ada, phone_of_ada = await crowd.telling("Ada")
    device_of_ada = await crowd.put_device(ada, device("token"))
    bob, _ = await crowd.telling("Bob", phone("+14155550102"))
    await people.keep_list(ListRow(channel="sms", name="named", contacts=(ada.id,), max_recipients=3))
    await people.keep_list(ListRow(channel="sms", name="tagged", tag="vip"))
    await people.keep_list(ListRow(channel="push", name="left", contacts=(bob.id,)))
    await people.erase(bob.id, AUTHOR, RULE)
    directory = directory_of(await people.picture())
    assert directory.lists == {
        Target("sms", "named"): KeptList(contacts=audience_of([phone_of_ada.slot, device_of_ada.slot]), most=3),
        Target("sms", "tagged"): KeptList(tag="vip"),
        Target("push", "left"): KeptList(contacts=NOBODY),
    }


async def test_quiet_hours_are_where_a_person_lives_else_where_the_number_belongs_else_where_the_file_says(
    books: Books,
):
    crowd, people = Crowd(books.ledger.people), books.ledger.people
    berlin, rome = "+4930901820", "+390669881"

    def at(number: str, zone: str | None) -> AddressValue:
        return replace(phone(number), zone=zone)

    lives = {
        "said": ((at(berlin, "Europe/Berlin"),), "Asia/Tokyo", "Asia/Tokyo"),
        "by number": ((at(berlin + "1", "Europe/Berlin"), mailbox("a@example.com")), None, "Europe/Berlin"),
        "two that agree": (
            (at(berlin + "2", "Europe/Berlin"), at(berlin + "3", "Europe/Berlin")),
            None,
            "Europe/Berlin",
        ),
        "nobody knows": ((at("+14155550101", None), mailbox("b@example.com")), None, "America/Chicago"),
        "mailbox alone": ((mailbox("c@example.com"),), None, "America/Chicago"),
    }
    expected: dict[int, str] = {}
    for name, (values, zone, where) in lives.items():
        contact = await crowd.meet(name, *values, zone=zone)
        await people.prefer(contact.id, {"quiet": {"from": "23:00", "to": "07:00"}})
        expected |= {address.slot: where for address in (await crowd.look(contact)).addresses}
    torn = await crowd.meet(
        "torn", at(berlin + "4", "Europe/Berlin"), at(rome, "Europe/Rome"), mailbox("d@example.com")
    )
    await people.prefer(torn.id, {"quiet": {"from": "23:00", "to": "07:00"}})
    german, italian, mail = (address.slot for address in torn.addresses)
    expected |= {german: "Europe/Berlin", italian: "Europe/Rome", mail: "America/Chicago"}

    directories = Directories(people)
    await directories.write_down({}, ZoneInfo("America/Chicago"))
    directory = await directories.newest()
    assert {
        slot: str(each.rule.hours.zone) for each in directory.sleeps for slot in slots_of(each.audience)
    } == expected
    await directories.write_down({}, ZoneInfo("Asia/Tokyo"))
    after = {str(each.rule.hours.zone) for each in (await directories.newest()).sleeps}
    assert after == {"Europe/Berlin", "Europe/Rome", "Asia/Tokyo"}
