"""Contacts and their addresses, on both databases."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tests.contract.books import Books, opened
from tests.contract.crowd import AUTHOR, CONFIRMED, GRANTED, RULE, STOP, Crowd, browser, device, mailbox, phone

from tocsin.core.address import AddressKind, AddressState, Consent
from tocsin.core.clock import ManualClock
from tocsin.core.errors import (
    AddressTakenError,
    ChangedMeanwhileError,
    ExternalIdTakenError,
    InvalidRequestError,
    NotFoundError,
    SuppressedError,
)
from tocsin.ledger.contract.people import AddressDraft, ContactDraft, ContactQuery, ContactState, ListRow
from tocsin.pipeline.people.device import device_of


async def test_a_contact_is_read_as_it_was_made(crowd: Crowd, clock: ManualClock):
    made = await crowd.meet(
        "Ada", phone(), mailbox(), external_id="discord:1180", zone="America/New_York", locale="en", tags={"vip", "b"}
    )
    assert await crowd.people.contact(made.id) == made
    assert await crowd.people.by_external_id("discord:1180") == made
    told = made.as_json()
    assert told["tags"] == ["b", "vip"]
    assert told["state"] == "active"
    assert [(each["kind"], each["shown"], each["state"], each["consent"]) for each in told["addresses"]] == [
        ("phone", "+1 *** *** 0101", "unverified", "none"),
        ("mailbox", "a***@example.com", "unverified", "none"),
    ]
    assert made.created_at == clock.now()
    assert await crowd.people.by_external_id("discord:9") is None


async def test_values_are_nowhere_in_the_clear(place: str, clock: ManualClock, tmp_path):
    async with opened(place, clock) as books:
        await Crowd(books.ledger.people).meet("Ada", phone("+14155550101"), mailbox("ada.lovelace@example.com"))
    if place.startswith("sqlite"):
        written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"4155550101" not in written
        assert b"lovelace" not in written


async def test_the_value_comes_back_for_whoever_sends(crowd: Crowd):
    made = await crowd.meet("Ada", phone(), mailbox())
    values = [await crowd.people.reveal(address.slot) for address in made.addresses]
    assert [value and value.reveal() for value in values] == ["+14155550101", "Ada@example.com"]
    assert await crowd.people.reveal(99) is None


async def test_a_number_belongs_to_one_contact_and_nothing_is_kept_of_who_is_refused(crowd: Crowd):
    await crowd.meet("Ada", phone(), mailbox())
    with pytest.raises(AddressTakenError, match="another contact"):
        await crowd.meet("Bob", phone("+14155550102"), phone())
    with pytest.raises(AddressTakenError):
        await crowd.meet("Bob", mailbox("ADA@example.com"))
    assert [contact.name for contact in (await crowd.people.contacts(ContactQuery())).items] == ["Ada"]
    assert await crowd.people.by_value(phone("+14155550102")) is None


async def test_a_refusal_harms_nobody_else_in_its_commit(books: Books, crowd: Crowd):
    await crowd.meet("Ada", phone())
    results = await asyncio.gather(
        crowd.meet("Bob", phone("+14155550102")),
        crowd.meet("Eve", phone()),
        books.append(books.detected()),
        crowd.meet("Cy", phone("+14155550103")),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results] == [
        "ContactRow",
        "AddressTakenError",
        "Appended",
        "ContactRow",
    ]
    assert len((await crowd.people.contacts(ContactQuery())).items) == 3


async def test_two_services_on_postgresql_keep_the_same_number_once(on_postgresql: str, clock: ManualClock):
    async with opened(on_postgresql, clock, shared=True) as one, opened(on_postgresql, clock, shared=True) as other:
        crowds = [Crowd(books.ledger.people) for books in (one, other)]
        for number in range(20):
            value = phone(f"+1415555{number:04d}")
            results = await asyncio.gather(*(crowd.meet("x", value) for crowd in crowds), return_exceptions=True)
            assert {type(result).__name__ for result in results} == {"ContactRow", "AddressTakenError"}


async def test_a_put_creates_and_replaces_what_the_caller_says(crowd: Crowd):
    draft = ContactDraft(name="Ada", tags=frozenset({"vip"}), addresses=(AddressDraft(value=phone(), consent=GRANTED),))
    made, created = await crowd.people.put("x:1", draft, AUTHOR, RULE)
    assert created
    again, created = await crowd.people.put("x:1", draft, AUTHOR, RULE)
    assert not created
    assert again.addresses[0].id == made.addresses[0].id
    own = await crowd.put_device(made, device("fid-1"))
    other = ContactDraft(name="Ada L.", addresses=(AddressDraft(value=mailbox()),))
    replaced, _ = await crowd.people.put("x:1", other, AUTHOR, RULE)
    assert (replaced.id, replaced.name, replaced.tags) == (made.id, "Ada L.", ())
    assert [(address.kind, address.id) for address in replaced.addresses][:1] == [(AddressKind.DEVICE, own.id)]
    assert {address.kind for address in replaced.addresses} == {AddressKind.DEVICE, AddressKind.MAILBOX}
    kept, _ = await crowd.people.put("x:1", ContactDraft(name="Ada"), AUTHOR, RULE)
    assert kept.addresses == replaced.addresses


async def test_a_change_is_refused_where_somebody_was_faster(crowd: Crowd, clock: ManualClock):
    made = await crowd.meet("Ada", tags={"a"})
    changed = await crowd.people.change(made.id, {"name": "Ada L.", "tags": frozenset({"b"})}, version=made.version)
    assert (changed.name, changed.tags) == ("Ada L.", ("b",))
    assert changed.version > made.version
    with pytest.raises(ChangedMeanwhileError, match=f"version {changed.version}"):
        await crowd.people.change(made.id, {"name": "Eve"}, version=made.version)
    until = clock.now() + timedelta(hours=1)
    paused = await crowd.people.change(made.id, {"paused_until": until})
    assert (paused.state, paused.name) == (ContactState.PAUSED, "Ada L.")
    clock.advance(3601)
    assert (await crowd.look(made)).state is ContactState.ACTIVE
    with pytest.raises(NotFoundError):
        await crowd.people.change(UUID(int=1), {"name": "x"})


async def test_an_external_id_is_one_contacts(crowd: Crowd):
    ada, bob = await crowd.meet("Ada", external_id="x:1"), await crowd.meet("Bob")
    with pytest.raises(ExternalIdTakenError):
        await crowd.meet("Eve", external_id="x:1")
    with pytest.raises(ExternalIdTakenError):
        await crowd.people.change(bob.id, {"external_id": "x:1"})
    assert (await crowd.people.change(ada.id, {"external_id": "x:1"})).version == ada.version


async def test_a_token_has_a_contact_of_its_own_made_at_first_use(crowd: Crowd):
    first = await crowd.people.of_token("t1", "moderator")
    assert (first.name, first) == ("moderator", await crowd.people.of_token("t1", "other"))
    assert (await crowd.people.of_token("t2", "x")).id != first.id


async def test_an_address_that_is_there_is_not_added_twice(crowd: Crowd):
    made = await crowd.meet()
    address, added = await crowd.people.add(made.id, AddressDraft(value=phone()), AUTHOR, RULE)
    again, anew = await crowd.people.add(made.id, AddressDraft(value=phone(), consent=GRANTED), AUTHOR, RULE)
    assert (added, anew) == (True, False)
    assert again.id == address.id
    assert again.consent is Consent.GRANTED


async def test_whoever_has_stopped_is_added_again_by_the_person_only(crowd: Crowd):
    contact, address = await crowd.telling()
    stopped = await crowd.say(contact, address, STOP)
    assert (stopped.state, stopped.consent) == (AddressState.SUPPRESSED, Consent.WITHDRAWN)
    for _ in range(2):
        with pytest.raises(SuppressedError, match=r"0101.*stop"):
            await crowd.add(contact, phone(), GRANTED)
        with pytest.raises((SuppressedError, AddressTakenError)):
            await crowd.meet("Eve", phone())
        if (await crowd.look(contact)).addresses:
            await crowd.people.remove(contact.id, address.id)
    asked = await crowd.add(contact, phone(), GRANTED, by_person=True)
    assert asked.state is AddressState.SUPPRESSED
    told = await crowd.say(contact, asked, CONFIRMED)
    assert (told.state, told.consent) == (AddressState.ACTIVE, Consent.GRANTED)
    assert asked.slot != address.slot


async def test_a_device_keeps_its_slot_when_its_value_is_replaced(crowd: Crowd, clock: ManualClock):
    made = await crowd.meet()
    first = await crowd.put_device(made, device("fid-1", sounds=("siren",)))
    assert (first.state, first.consent, first.sounds) == (AddressState.ACTIVE, Consent.GRANTED, ("siren",))
    clock.advance(60)
    second, new = await crowd.people.put_device(made.id, device("fid-2"), AUTHOR, RULE)
    assert not new
    assert (second.slot, second.id, second.last_seen_at) == (first.slot, first.id, clock.now())
    value = await crowd.people.reveal(first.slot)
    assert value is not None
    assert value.reveal() == "fid-2"


async def test_an_app_that_registers_the_other_way_is_one_device(crowd: Crowd):
    ada, bob = await crowd.meet("Ada"), await crowd.meet("Bob")
    fid = "eK0aXvPq8Qm3bZ5tYwR7dE"
    token = device_of("token", f"{fid}:APA91b{'x' * 134}", "android")
    await crowd.put_device(ada, AddressDraft(value=token, device="old name"))
    kept = await crowd.put_device(ada, AddressDraft(value=device_of("fid", fid), device="new name"))
    assert [one.slot for one in (await crowd.look(ada)).addresses] == [kept.slot]
    await crowd.put_device(bob, AddressDraft(value=token, device="of a friend"))
    assert (await crowd.look(ada)).addresses == ()
    other = device_of("fid", "fK0aXvPq8Qm3bZ5tYwR7dE")
    await crowd.put_device(bob, AddressDraft(value=other, device="tablet"))
    assert len((await crowd.look(bob)).addresses) == 2


async def test_the_same_device_value_elsewhere_moves_here(crowd: Crowd):
    ada, bob = await crowd.meet("Ada"), await crowd.meet("Bob")
    await crowd.put_device(ada, device("fid-1"))
    moved = await crowd.put_device(bob, device("fid-1", "app-9"))
    assert (await crowd.look(ada)).addresses == ()
    assert [address.id for address in (await crowd.look(bob)).addresses] == [moved.id]
    again = await crowd.put_device(bob, device("fid-1", "app-10"))
    assert [address.id for address in (await crowd.look(bob)).addresses] == [again.id]


async def test_a_browser_is_with_whoever_uses_it_now(crowd: Crowd):
    ada, bob = await crowd.meet("Ada"), await crowd.meet("Bob")
    first, _ = await crowd.people.add(ada.id, browser("https://push/1"), AUTHOR, RULE)
    renewed, added = await crowd.people.add(ada.id, browser("https://push/1", "new"), AUTHOR, RULE)
    assert (renewed.slot, added, renewed.state) == (first.slot, False, AddressState.ACTIVE)
    value = await crowd.people.reveal(first.slot)
    assert value is not None
    assert '"new"' in value.reveal()
    await crowd.people.add(bob.id, browser("https://push/1"), AUTHOR, RULE)
    assert (await crowd.look(ada)).addresses == ()


async def test_an_app_that_starts_does_not_undo_its_owners_stop_but_a_switch_in_it_does(crowd: Crowd):
    made = await crowd.meet()
    own = await crowd.put_device(made, device("fid-1"))
    await crowd.say(made, own, STOP)
    for value in ("fid-1", "fid-2"):
        assert (await crowd.put_device(made, device(value))).state is AddressState.SUPPRESSED
    assert (await crowd.put_device(made, device("fid-2", consent=CONFIRMED))).state is AddressState.ACTIVE


async def test_slots_are_never_given_out_again(crowd: Crowd):
    made = await crowd.meet()
    slots = set()
    for _ in range(3):
        address = await crowd.add(made, phone())
        await crowd.people.remove(made.id, address.id)
        slots.add(address.slot)
    assert len(slots) == 3
    with pytest.raises(NotFoundError):
        await crowd.people.remove(made.id, address.id)


async def test_contacts_are_found_by_name_address_tag_state_and_kind(crowd: Crowd, clock: ManualClock):
    ada = await crowd.meet("Ada Lövelace", phone(), tags={"vip"}, external_id="discord:1180")
    bob, address = await crowd.telling("Bob", mailbox())
    await crowd.put_device(bob, device("fid-1"))
    cy = await crowd.meet("100% Cy")
    await crowd.people.change(cy.id, {"paused_until": clock.now() + timedelta(hours=1)})

    async def names(**query) -> list[str]:
        return [contact.name for contact in (await crowd.people.contacts(ContactQuery(**query))).items]

    assert await names() == ["100% Cy", "Bob", "Ada Lövelace"]
    assert await names(text="LOVELACE ada") == ["Ada Lövelace"]
    assert await names(text="1180") == ["Ada Lövelace"]
    assert await names(text="0%") == ["100% Cy"]
    assert await names(text="+1 415", value=phone()) == ["Ada Lövelace"]
    assert await names(text="+1 415", value=phone("+14155550199")) == []
    assert await names(tag="vip") == ["Ada Lövelace"]
    assert await names(state="unverified") == ["Ada Lövelace"]
    assert await names(state="paused") == ["100% Cy"]
    assert await names(state="active") == ["Bob", "Ada Lövelace"]
    assert await names(state="active", kind=AddressKind.MAILBOX) == ["Bob"]
    assert await names(kind=AddressKind.DEVICE) == ["Bob"]
    await crowd.say(bob, address, STOP)
    assert await names(state="suppressed") == ["Bob"]
    assert await crowd.people.tags() == {"vip": 1}
    with pytest.raises(InvalidRequestError, match="unverified"):
        await names(state="sleeping")
    first = await crowd.people.contacts(ContactQuery(limit=2))
    rest = await crowd.people.contacts(ContactQuery(limit=2, page=first.next))
    assert [contact.id for contact in (*first.items, *rest.items)] == [cy.id, bob.id, ada.id]
    assert rest.next is None


async def test_whoever_was_told_is_named_by_slot(crowd: Crowd):
    contact, address = await crowd.telling()
    other = await crowd.meet("Bob", mailbox())
    await crowd.people.remove(other.id, other.addresses[0].id)
    found = await crowd.people.by_slots([address.slot, other.addresses[0].slot])
    assert {slot: (reached.shown, owner.name) for slot, (reached, owner) in found.items()} == {
        address.slot: ("+1 *** *** 0101", contact.name)
    }


async def test_preferences_are_kept_in_place_of_those_before(crowd: Crowd):
    made = await crowd.meet()
    assert (await crowd.people.prefer(made.id, {"mute": []})).preferences == {"mute": []}
    assert (await crowd.people.prefer(made.id, {"order": ["sms"]})).preferences == {"order": ["sms"]}
    assert (await crowd.people.prefer(made.id, {})).preferences == {}


async def test_lists_are_kept_and_forgotten(crowd: Crowd):
    made = await crowd.meet()
    vip = ListRow(channel="sms", name="vip", tag="vip", max_recipients=3)
    some = ListRow(channel="push", name="some", contacts=(made.id,))
    assert [await crowd.people.keep_list(each) for each in (vip, some, vip)] == [True, True, False]
    assert await crowd.people.lists() == (some, vip)
    assert await crowd.people.forget_list("sms", "vip")
    assert not await crowd.people.forget_list("sms", "vip")


async def test_whatever_changes_who_is_told_raises_the_version_and_nothing_else_does(crowd: Crowd, clock: ManualClock):
    people = crowd.people
    contact, address = await crowd.telling()
    own = await crowd.put_device(contact, device("fid-1"))

    async def raised(verb) -> int:
        before = await people.directory_version()
        await verb
        return await people.directory_version() - before

    assert await raised(people.change(contact.id, {"name": "Ada L."})) == 0
    assert await raised(crowd.put_device(contact, device("fid-1"))) == 0
    assert await raised(people.keep_wording("v1", "words")) == 0
    assert await raised(people.contacts(ContactQuery())) == 0
    until = clock.now() + timedelta(hours=1)
    for verb in (
        people.change(contact.id, {"zone": "Europe/Berlin"}),
        people.change(contact.id, {"tags": frozenset({"vip"})}),
        people.change(contact.id, {"paused_until": until}),
        people.prefer(contact.id, {"mute": []}),
        people.keep_list(ListRow(channel="sms", name="vip", tag="vip")),
        people.forget_list("sms", "vip"),
        crowd.put_device(contact, device("fid-2")),
        crowd.say(contact, address, STOP),
        crowd.add(contact, mailbox()),
        people.remove(contact.id, own.id),
        people.suppress(mailbox(), "asked by phone", AUTHOR, RULE),
        people.erase(contact.id, AUTHOR, RULE),
    ):
        assert await raised(verb) == 1


async def test_what_operators_write_down_has_a_slot_and_is_nobodys_contact(crowd: Crowd):
    people = crowd.people
    assert await people.write_down([], RULE) == ()
    first, second = await people.write_down([phone(), mailbox()], RULE)
    assert (await people.contacts(ContactQuery())).items == ()
    version = await people.directory_version()
    assert await people.write_down([mailbox(), phone()], RULE) == (second, first)
    assert await people.directory_version() == version
    kept = await people.by_slots([first])
    assert (kept[first][0].state, kept[first][0].consent) == (AddressState.ACTIVE, Consent.GRANTED)
    (again,) = await people.write_down([phone()], RULE)
    assert again == first
    assert await people.by_value(mailbox()) is None
    await people.hear(phone(), STOP, RULE)
    assert await people.write_down([], RULE) == ()
    (stopped,) = await people.write_down([phone()], RULE)
    assert stopped != first
    assert (await people.by_slots([stopped]))[stopped][0].state is AddressState.SUPPRESSED


async def test_what_an_operator_wrote_down_keeps_its_slot_when_it_becomes_a_contacts(crowd: Crowd):
    people = crowd.people
    slot, other = await people.write_down([phone(), mailbox()], RULE)
    made = await crowd.meet("Ada", phone())
    (address,) = made.addresses
    assert (address.slot, address.state, address.consent) == (slot, AddressState.ACTIVE, Consent.GRANTED)
    assert [entry.author for entry in await people.consents(made.id)] == ["configuration"]
    assert await people.write_down([phone(), mailbox()], RULE) == (slot, other)
    assert await people.write_down([mailbox()], RULE) == (other,)
    assert [one.id for one in (await crowd.look(made)).addresses] == [address.id]


async def test_what_an_operator_writes_down_of_a_contact_is_active_by_that_unless_it_has_stopped(crowd: Crowd):
    ada, bob = await crowd.meet("Ada", phone()), await crowd.meet("Bob", mailbox())
    await crowd.say(bob, bob.addresses[0], STOP)
    slots = await crowd.people.write_down([phone(), mailbox()], RULE)
    assert slots == (ada.addresses[0].slot, bob.addresses[0].slot)
    assert await crowd.states(ada.id) == {"phone": "active"}
    assert await crowd.states(bob.id) == {"mailbox": "suppressed"}


async def test_a_ledger_without_people_needs_no_key(place: str, clock: ManualClock, tmp_path):
    async with opened(place, clock, people_key=None) as books:
        people = books.ledger.people
        assert await people.by_value(phone()) is None
        assert (await people.contacts(ContactQuery(text="x", value=phone()))).items == ()
        assert not (tmp_path / "people.key").exists()
