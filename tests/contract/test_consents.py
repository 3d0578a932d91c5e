"""Consent is entered, never changed; the newest entry decides; and what outlives an erased contact."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from tests.contract.books import PHONE, Books
from tests.contract.crowd import (
    AUTHOR,
    CONFIRMED,
    GRANTED,
    RESUMED,
    RULE,
    STOP,
    Crowd,
    device,
    mailbox,
    phone,
    said,
)

from tocsin.core.address import AddressKind, AddressState, AddressWhy, Consent
from tocsin.core.click import Click, ClickKind
from tocsin.core.clock import ManualClock
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.decision import Chosen
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidRequestError, NotFoundError, SuppressedError
from tocsin.core.recipients import audience_of
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract.people import ChainCheck, ConsentDraft, ContactQuery, ListRow, Said
from tocsin.ledger.people.schema import consents, contacts
from tocsin.rules.click import TOGETHER

WORDS = "I want texts about restocks. STOP ends them."


async def test_an_entry_is_kept_with_all_that_proves_it(crowd: Crowd, clock: ManualClock):
    contact = await crowd.meet()
    address = await crowd.add(contact, phone())
    proof = {"form": 7, "answers": ["yes"]}
    given = said(
        ConsentEvent.GRANTED,
        ConsentSource.SIGN_UP_PAGE,
        wording=WORDS,
        ip="203.0.113.9",
        user_agent="Firefox",
        evidence=proof,
        at=clock.now() - timedelta(minutes=5),
    )
    await crowd.say(contact, address, given)
    (entry,) = await crowd.people.consents(contact.id)
    assert (entry.event, entry.source, entry.author) == (ConsentEvent.GRANTED, ConsentSource.SIGN_UP_PAGE, AUTHOR)
    assert (entry.channel, entry.address, entry.contact) == ("sms", address.id, contact.id)
    assert (entry.ip, entry.user_agent, entry.evidence) == ("203.0.113.9", "Firefox", proof)
    assert entry.at == clock.now() - timedelta(minutes=5)
    assert entry.previous is None
    shown = await crowd.people.wording(entry.wording or "")
    assert shown is not None
    assert shown.text == WORDS


async def test_a_wording_is_kept_once_and_called_by_its_version(crowd: Crowd):
    kept = await crowd.people.keep_wording("2026-11-a", WORDS)
    contact = await crowd.meet()
    address = await crowd.add(contact, phone())
    for told in ("2026-11-a", WORDS):
        await crowd.say(contact, address, said(ConsentEvent.GRANTED, wording=told))
    entries = await crowd.people.consents(contact.id)
    assert {(entry.wording, entry.wording_version) for entry in entries} == {(kept.sha256, "2026-11-a")}


async def test_each_entry_hangs_on_the_one_before(crowd: Crowd):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, STOP)
    await crowd.say(contact, address, RESUMED)
    entries = await crowd.people.consents(contact.id)
    assert [entry.event.value for entry in entries] == ["granted", "confirmed", "withdrawn", "resumed"]
    assert [entry.previous for entry in entries] == [None, *(entry.hash for entry in entries[:-1])]
    assert await crowd.people.check_consents(contact.id) == ChainCheck(4)


@pytest.mark.parametrize("place_in_chain", [0, 1, 2])
async def test_an_entry_that_was_taken_away_shows(books: Books, crowd: Crowd, place_in_chain: int):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, STOP)
    entries = await crowd.people.consents(contact.id)
    await tamper(books, delete(consents).where(consents.c.id == entries[place_in_chain].id))
    found = await crowd.people.check_consents(contact.id)
    assert found.broken
    assert found.at == (entries[place_in_chain + 1].id if place_in_chain < 2 else None)


@pytest.mark.parametrize(
    "changed",
    [{"event": "granted"}, {"author": "somebody"}, {"ip": "198.51.100.1"}, {"evidence": '{"made":"up"}'}, {"at": 7}],
)
async def test_an_entry_that_was_changed_shows(books: Books, crowd: Crowd, changed: dict):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, STOP)
    newest = (await crowd.people.consents(contact.id))[-1]
    if "at" in changed:
        changed = {"at": newest.at + timedelta(seconds=1)}
    await tamper(books, update(consents).where(consents.c.id == newest.id).values(**changed))
    assert await crowd.people.check_consents(contact.id) == ChainCheck(3, broken=True, at=newest.id)


async def tamper(books: Books, statement) -> None:
    """As somebody would who can write to the database."""

    def write(connection) -> None:
        with connection.begin():
            connection.execute(statement)

    await books.ledger.people._writer.read(write)


async def test_the_newest_word_decides_in_whatever_order_it_arrives(crowd: Crowd, clock: ManualClock):
    contact, address = await crowd.telling()
    clock.advance(60)
    started = said(ConsentEvent.RESUMED, at=clock.now())
    stopped = said(ConsentEvent.WITHDRAWN, why=AddressWhy.STOP, at=clock.now() - timedelta(seconds=5))
    await crowd.say(contact, address, started)
    after = await crowd.say(contact, address, stopped)
    assert (after.state, after.consent) == (AddressState.ACTIVE, Consent.GRANTED)
    assert len(await crowd.people.consents(contact.id)) == 4


async def test_nobody_says_anything_in_the_future(crowd: Crowd, clock: ManualClock):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, said(ConsentEvent.GRANTED, at=clock.now() + timedelta(days=1)))
    assert (await crowd.people.consents(contact.id))[-1].at == clock.now()
    assert (await crowd.say(contact, address, STOP)).state is AddressState.SUPPRESSED


async def test_what_comes_from_a_number_is_its_contacts_word(crowd: Crowd):
    contact, address = await crowd.telling()
    heard = await crowd.people.hear(phone(), STOP, RULE)
    assert heard is not None
    assert (heard.moved, heard.address.id, heard.address.why) == (True, address.id, AddressWhy.STOP)
    again = await crowd.people.hear(phone(), STOP, RULE)
    assert again is not None
    assert not again.moved
    assert len(await crowd.people.consents(contact.id)) == 4


async def test_a_number_that_is_nobodys_can_stop_and_start(crowd: Crowd):
    assert await crowd.people.hear(phone(), STOP, RULE) is None
    with pytest.raises(SuppressedError):
        await crowd.meet("Ada", phone())
    assert await crowd.people.hear(phone(), RESUMED, RULE) is None
    await crowd.meet("Ada", phone())
    (lifted,) = (await crowd.people.suppressions()).items
    assert (lifted.lifted_reason, lifted.lifted_at is None) == ("resumed", False)


async def test_a_late_word_about_an_old_value_harms_nothing(crowd: Crowd):
    contact = await crowd.meet()
    own = await crowd.put_device(contact, device("fid-1"))
    old = crowd.people.vault.lookup(device("fid-1").value)
    await crowd.put_device(contact, device("fid-2"))
    gone = said(ConsentEvent.REFUSED_BY_PROVIDER, ConsentSource.PROVIDER, why=AddressWhy.UNREGISTERED)
    assert await crowd.people.refuse(own.slot, old, gone, RULE) is None
    assert await crowd.people.refuse(99, old, gone, RULE) is None
    new = crowd.people.vault.lookup(device("fid-2").value)
    died = await crowd.people.refuse(own.slot, new, gone, RULE)
    assert died is not None
    assert (died.address.state, died.address.consent) == (AddressState.DEAD, Consent.GRANTED)
    assert (await crowd.put_device(contact, device("fid-2"))).state is AddressState.ACTIVE


async def test_stop_everything_reaches_each_address(crowd: Crowd):
    contact, _ = await crowd.telling()
    await crowd.add(contact, mailbox(), GRANTED)
    await crowd.put_device(contact, device("fid-1"))
    entered = await crowd.people.enter_all(contact.id, said(ConsentEvent.WITHDRAWN, why=AddressWhy.PAGE), RULE)
    assert len(entered) == 3
    assert set((await crowd.states(contact.id)).values()) == {"suppressed"}


async def test_operators_suppress_and_lift_with_a_reason_that_is_kept(crowd: Crowd):
    contact, address = await crowd.telling()
    made = await crowd.people.suppress(phone(), "asked on the phone", AUTHOR, RULE)
    assert await crowd.people.suppress(phone(), "again", AUTHOR, RULE) == made
    assert await crowd.states(contact.id) == {"phone": "suppressed"}
    lifted = await crowd.people.lift(made.id, "it was another number", "token:admin")
    assert (lifted.reason, lifted.lifted_reason, lifted.lifted_by) == (
        "asked on the phone",
        "it was another number",
        "token:admin",
    )
    after = (await crowd.look(contact)).addresses[0]
    assert (after.state, after.consent) == (AddressState.UNVERIFIED, Consent.WITHDRAWN)
    with pytest.raises(NotFoundError):
        await crowd.people.lift(made.id, "twice", AUTHOR)
    with pytest.raises(InvalidRequestError):
        await crowd.people.suppress(device("fid-1").value, "x", AUTHOR, RULE)
    assert (await crowd.say(contact, address, CONFIRMED)).state is AddressState.ACTIVE


async def test_suppressions_are_listed_by_kind_and_page(crowd: Crowd):
    for number in range(3):
        await crowd.people.suppress(phone(f"+1415555010{number}"), "x", AUTHOR, RULE)
    await crowd.people.suppress(mailbox(), "x", AUTHOR, RULE)
    assert len((await crowd.people.suppressions(AddressKind.MAILBOX)).items) == 1
    first = await crowd.people.suppressions(AddressKind.PHONE, limit=2)
    rest = await crowd.people.suppressions(AddressKind.PHONE, limit=2, page=first.next)
    assert [one.shown[-4:] for one in (*first.items, *rest.items)] == ["0102", "0101", "0100"]


async def test_everything_that_is_held_is_told_to_its_person(crowd: Crowd, clock: ManualClock):
    contact, address = await crowd.telling()
    await crowd.say(contact, address, said(ConsentEvent.GRANTED, wording=WORDS, ip="203.0.113.9"))
    await crowd.people.prefer(contact.id, {"order": ["sms"]})
    await crowd.people.keep_list(ListRow(channel="sms", name="vip", contacts=(contact.id,)))
    await crowd.people.begin_verification(
        address.id, "sms", reference="VE1", expires_at=clock.now() + timedelta(minutes=10), consent={}
    )
    told = await crowd.people.export(contact.id)
    assert told["contact"]["name"] == "Ada"
    assert told["contact"]["preferences"] == {"order": ["sms"]}
    (reached,) = told["contact"]["addresses"]
    assert reached["value"] == "+14155550101"
    assert [each["by"] for each in reached["verifications"]] == ["sms"]
    assert [entry["event"] for entry in told["consents"]] == ["granted", "confirmed", "granted"]
    assert told["consents"][-1]["ip"] == "203.0.113.9"
    assert [each["text"] for each in told["wordings"]] == [WORDS]
    assert [each["name"] for each in told["lists"]] == ["vip"]


async def test_what_a_person_was_told_is_told_to_them_and_nobody_elses(books: Books, crowd: Crowd, clock: ManualClock):
    contact, address = await crowd.telling("Ada")
    other, _ = await crowd.telling("Bob", phone("+14155550102"))
    alert = books.detected(product_name="RTX 5090")
    chosen = Chosen(now=audience_of([address.slot]))
    await books.append(alert, decide=books.telling(PHONE, people=chosen))
    claim = await books.claimed(PHONE)
    await books.settle(claim, DeliveryState.SENT)
    ((delivery, _),) = claim.members
    await books.ledger.history.click(delivery.key, Click(clock.now(), ClickKind.PERSON, ""), TOGETHER)
    (told,) = (await crowd.people.export(contact.id))["deliveries"]
    assert (told["alert"], told["title"], told["target"], told["state"]) == (
        str(alert.id),
        "RTX 5090",
        "sms:vip",
        "sent",
    )
    assert (told["address"], len(told["clicks"])) == (str(address.id), 1)
    assert (await crowd.people.export(other.id))["deliveries"] == []


async def test_erasing_leaves_hashes_and_the_chain_and_nothing_of_the_person(books: Books, crowd: Crowd):
    contact, address = await crowd.telling("Ada Lovelace")
    private = said(ConsentEvent.GRANTED, ip="203.0.113.9", user_agent="Firefox", evidence={"who": "Ada Lovelace"})
    await crowd.say(contact, address, private)
    await crowd.add(contact, mailbox())
    await crowd.put_device(contact, device("fid-1"))
    await crowd.people.change(contact.id, {"tags": frozenset({"vip"}), "external_id": "discord:1180"})
    await crowd.people.prefer(contact.id, {"order": ["sms"]})
    await crowd.people.keep_list(ListRow(channel="sms", name="vip", contacts=(contact.id,)))
    erased = await crowd.people.erase(contact.id, AUTHOR, RULE)
    assert erased.kept == ("suppression", "consent hashes")
    for gone in (crowd.people.contact(contact.id), crowd.people.export(contact.id)):
        with pytest.raises(NotFoundError):
            await gone
    with pytest.raises(NotFoundError):
        await crowd.people.erase(contact.id, AUTHOR, RULE)
    assert (await crowd.people.contacts(ContactQuery())).items == ()
    assert await crowd.people.tags() == {}
    assert (await crowd.people.lists())[0].contacts == ()
    assert await crowd.people.by_external_id("discord:1180") is None
    entries = await crowd.people.consents(contact.id)
    assert [entry.event.value for entry in entries][-1] == "withdrawn"
    assert {(entry.ip, entry.user_agent, entry.evidence) for entry in entries} == {(None, None, None)}
    assert await crowd.people.check_consents(contact.id) == ChainCheck(len(entries))
    assert {(one.kind.value, one.shown, one.why.value) for one in (await crowd.people.suppressions()).items} == {
        ("phone", "", "erased"),
        ("mailbox", "", "erased"),
    }
    with pytest.raises(SuppressedError, match="0101"):
        await crowd.meet("Ada", phone())
    left = await books.ledger.people._writer.read(everything)
    assert not [value for value in left if "Lovelace" in value or "203.0.113.9" in value or "1180" in value]


def everything(connection) -> list[str]:
    with connection.begin():
        return [str(row) for table in (contacts, consents) for row in connection.execute(select(table))]


async def test_whoever_was_erased_comes_back_by_a_code_of_their_own(crowd: Crowd):
    contact, _ = await crowd.telling()
    await crowd.people.erase(contact.id, AUTHOR, RULE)
    again = await crowd.meet("")
    address = await crowd.add(again, phone(), GRANTED, by_person=True)
    assert (address.state, address.why) == (AddressState.SUPPRESSED, AddressWhy.ERASED)
    assert (await crowd.say(again, address, CONFIRMED)).state is AddressState.ACTIVE
    assert [one for one in (await crowd.people.suppressions()).items if one.lifted_at is None] == []


async def test_consents_of_everybody_are_read_in_the_order_of_their_entry(crowd: Crowd, clock: ManualClock):
    await crowd.telling("Ada")
    clock.advance(60)
    begin = clock.now()
    await crowd.telling("Bob", mailbox())
    everyone = await crowd.people.consents_since(None, limit=3)
    rest = await crowd.people.consents_since(None, limit=3, page=everyone.next)
    assert [entry.channel for entry in (*everyone.items, *rest.items)] == ["sms", "sms", "email", "email"]
    assert [entry.channel for entry in (await crowd.people.consents_since(begin)).items] == ["email", "email"]


async def test_a_right_answer_counts_once_and_is_entered_with_it(crowd: Crowd, clock: ManualClock):
    contact = await crowd.meet()
    address = await crowd.add(contact, phone(), GRANTED)
    end = clock.now() + timedelta(minutes=10)
    first = await crowd.people.begin_verification(
        address.id, "sms", reference="VE1", expires_at=end, consent={"ip": "::1"}
    )
    again = await crowd.people.note_verification(first.id, sent=True)
    tried = await crowd.people.note_verification(first.id, checked=True)
    assert (again.sends, tried.sends, tried.checks, tried.consent) == (2, 2, 1, {"ip": "::1"})
    second = await crowd.people.begin_verification(address.id, "call", reference=None, expires_at=end, consent={})
    ended = {one.way: one.result for one in await crowd.people.verifications(address.id, clock.now())}
    assert ended == {"call": None, "sms": "replaced"}
    results = await asyncio.gather(
        *(crowd.people.end_verification(second.id, "active", CONFIRMED, RULE) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["AddressRow", "NotFoundError"]
    assert await crowd.states(contact.id) == {"phone": "active"}
    assert [entry.event.value for entry in await crowd.people.consents(contact.id)] == ["granted", "confirmed"]
    await crowd.people.remove(contact.id, address.id)
    assert await crowd.people.verifications(address.id, clock.now()) == ()


def word(kind: SignalKind, event: str, draft: ConsentDraft | None, number: str = "+14155550101") -> Said:
    value = phone(number)
    return Said(signal=Signal(channel="sms", event_id=event, kind=kind, person=value.secret), value=value, draft=draft)


async def test_a_word_that_comes_again_changes_nothing_whatever_was_said_since(crowd: Crowd, clock: ManualClock):
    """STOP, START, and the STOP once more: its provider may call twice, and anybody may replay what they overheard."""
    contact = await crowd.meet()
    address = await crowd.add(contact, phone())
    await crowd.say(contact, address, CONFIRMED)
    stop, start = word(SignalKind.OPTED_OUT, "SM1", STOP), word(SignalKind.OPTED_IN, "SM2", RESUMED)
    for said_now, fresh in ((stop, 1), (stop, 0), (start, 1), (stop, 0), (start, 0)):
        clock.advance(1)
        assert len(await crowd.people.listen([said_now], RULE)) == fresh
    row = await crowd.people.by_value(phone())
    assert row is not None
    assert (row.state, row.consent) == (AddressState.ACTIVE, Consent.GRANTED)
    assert [entry.event for entry in await crowd.people.consents(contact.id)][-2:] == [
        ConsentEvent.WITHDRAWN,
        ConsentEvent.RESUMED,
    ]


async def test_a_word_that_says_nothing_of_consent_is_kept_and_enters_nothing(crowd: Crowd):
    contact = await crowd.meet()
    await crowd.add(contact, phone())
    before = await crowd.people.directory_version()
    assert len(await crowd.people.listen([word(SignalKind.SAID, "SM1", None)], RULE)) == 1
    assert await crowd.people.listen([word(SignalKind.SAID, "SM1", None)], RULE) == ()
    assert (await crowd.people.consents(contact.id), await crowd.people.directory_version()) == ((), before)
