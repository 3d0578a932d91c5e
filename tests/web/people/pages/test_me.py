"""A person's own settings: what the link alone allows, and what is shown of what other people wrote."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.web.house import House, open_house
from tests.web.people.pages.nasty import NASTY
from tests.web.people.pages.reader import known, me, policy, press, states, visit

from tocsin.core.address import AddressKind
from tocsin.core.clock import ManualClock
from tocsin.rules.people import PeoplePolicy
from tocsin.rules.signing_up import SigningUp

ACTIVE, LEFT = ("active", None), ("suppressed", "page")
FORM: dict[str, Any] = {"do": "save", "texts": "1", "quiet_from": "", "quiet_to": "", "zone": "", "per_day": ""}

# What cannot be in the form of the settings, and what is said of it.
WRONG = (
    ({"zone": "America/Gotham"}, "There is no such time zone"),
    ({"zone": "../../etc/passwd"}, "There is no such time zone"),
    ({"quiet_from": "23:00"}, "time of day"),
    ({"quiet_from": "25:00", "quiet_to": "07:00"}, "time of day"),
    ({"quiet_from": "07:00", "quiet_to": "07:00"}, "would never end"),
    ({"quiet_from": "07:00", "quiet_to": "08:00", "quiet_do": "<b>"}, "is one of hold, silent, drop"),
    ({"per_day": "0"}, "whole number from 1"),
    ({"per_day": "-1"}, "whole number"),
    ({"per_day": "٣"}, "whole number"),
    ({"per_day": "9" * 400}, "whole number"),
    ({"mails": "1", "digest": "<b>"}, "is one of daily, never"),
)


async def done(house: House, path: str, **fields: Any) -> str:
    """What the page says after a button was pressed."""
    sheet = await press(house, path, **fields)
    assert sheet.status == 303, sheet.text
    return (await visit(house, f"/me/{sheet.place}")).text


async def test_addresses_are_shown_masked_with_how_they_stand(house: House):
    contact = await known(house)
    sheet = await visit(house, me(house, contact))
    assert sheet.status == 200
    for words in ("Hello, Ada", "+1 *** *** 0101", "a***@example.com", "is told"):
        assert words in sheet.text
    assert "4155550101" not in sheet.source
    assert "ada@example" not in sheet.source


async def test_looking_changes_nothing(house: House):
    contact = await known(house)
    path = me(house, contact)
    for query in ("", "?what=erase", "?do=stop_all", "?what=export&to=x", "?done=left", "?done=<b>", "?what=rubbish"):
        sheet = await visit(house, path + query)
        assert sheet.status == 200
        assert "<b>" not in sheet.source
    assert await house.services.ledger.people.contact(contact.id) == contact


async def test_one_way_is_left_and_then_all(house: House):
    contact = await known(house)
    path = me(house, contact)
    assert "Nothing is sent there any more" in await done(house, path, do="stop", address=str(contact.addresses[0].id))
    assert await states(house, contact) == [LEFT, ACTIVE]
    assert "Nothing is sent to you any more" in await done(house, path, do="stop_all")
    assert await states(house, contact) == [LEFT, LEFT]
    entries = await house.services.ledger.people.consents(contact.id)
    assert {(one.source.value, one.author) for one in entries[2:]} == {("preference_page", "person")}


async def test_a_break_is_taken_and_ended(tmp_path: Path):
    clock = ManualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))
    async with open_house(tmp_path, clock=clock) as house:
        contact = await known(house)
        path = me(house, contact)
        assert "Paused until December 7, 12:00 UTC" in await done(house, path, do="pause", days="7")
        held = await house.services.ledger.people.contact(contact.id)
        assert held.paused_until == clock.now() + timedelta(days=7)
        assert "Paused until" not in await done(house, path, do="resume")
        clock.advance(1)
        await done(house, path, do="pause", days="1")
        clock.advance(timedelta(days=2).total_seconds())
        assert "Paused until" not in (await visit(house, path)).text


async def test_wishes_are_kept_and_what_the_page_does_not_show_stays(house: House):
    contact = await known(house)
    kept = {
        "match": {"min_priority": 8, "families": ["gone"]},
        "channels": {"sms": {"on": True, "match": {"min_priority": 9}}, "email": {"digest": "daily"}},
        "quiet": {"from": "22:00", "to": "06:00", "do": "drop", "except": {"min_priority": 10}},
        "order": ["sms", "email"],
    }
    people = house.services.ledger.people
    await people.prefer(contact.id, kept)
    fields = FORM | {"product": ["rtx50"], "quiet_from": "23:00", "quiet_to": "07:30", "quiet_do": "silent"}
    path = me(house, contact)
    assert "Saved" in await done(house, path, **fields | {"per_day": "10", "zone": "Europe/Berlin"})
    held = await people.contact(contact.id)
    assert held.preferences == {
        "match": {"min_priority": 8, "families": ["rtx50"]},
        "channels": {"sms": {"on": True, "match": {"min_priority": 9}, "per_day": 10}, "email": {"digest": "daily"}},
        "quiet": {"from": "23:00", "to": "07:30", "do": "silent", "except": {"min_priority": 10}},
        "order": ["sms", "email"],
    }
    assert held.zone == "Europe/Berlin"
    source = (await visit(house, path)).source
    assert 'value="rtx50" checked' in source
    assert 'value="23:00"' in source
    await done(house, path, **FORM)
    held = await people.contact(contact.id)
    assert "quiet" not in held.preferences
    assert held.preferences["match"] == {"min_priority": 8}
    assert held.zone is None


async def test_whether_mail_comes_once_a_day_is_wished_where_there_is_a_mailbox(house: House):
    contact = await known(house)
    people, path = house.services.ledger.people, me(house, contact)
    for word in ("daily", "never"):
        await done(house, path, **FORM, mails="1", questions="1", digest=word)
        assert (await people.contact(contact.id)).preferences == {"channels": {"email": {"digest": word}}}
        assert f'value="{word}" selected' in (await visit(house, path)).source
    await done(house, path, **FORM, mails="1", digest="")
    assert (await people.contact(contact.id)).preferences == {"questions": False}
    assert 'name="questions" value="1">' in (await visit(house, path)).source
    await done(house, path, **FORM, mails="1", digest="", questions="1")
    assert (await people.contact(contact.id)).preferences == {}
    assert 'name="questions" value="1" checked>' in (await visit(house, path)).source
    phone = next(one for one in contact.addresses if one.kind is AddressKind.PHONE)
    mailbox = next(one for one in contact.addresses if one.kind is AddressKind.MAILBOX)
    await people.remove(contact.id, mailbox.id)
    assert phone.shown in (sheet := await visit(house, path)).text
    assert 'name="digest"' not in sheet.source


async def test_what_cannot_be_is_said_and_nothing_is_kept(house: House):
    contact = await known(house)
    for wrong, said in WRONG:
        sheet = await press(house, me(house, contact), **FORM | wrong)
        assert (sheet.status, said in sheet.text) == (422, True), wrong
    assert (await house.services.ledger.people.contact(contact.id)).version == contact.version


async def test_buttons_that_there_are_not_do_nothing(house: House):
    contact = await known(house)
    buttons: tuple[dict[str, str], ...] = (
        {},
        {"do": "dance"},
        {"do": "pause", "days": "99999999"},
        {"do": "pause", "days": "-1"},
        {"do": "pause"},
    )
    for fields in buttons:
        assert (await press(house, me(house, contact), **fields)).status in (400, 422), fields
    assert await house.services.ledger.people.contact(contact.id) == contact


async def test_somebody_elses_address_is_not_reached(house: House):
    contact = await known(house)
    other = await known(house, "Bob", "+14155550102", "bob@example.com")
    for do in ("stop", "remove", "again"):
        told = {"do": do, "address": str(other.addresses[0].id), "to": str(other.addresses[0].id), "coded": "1"}
        sheet = await press(house, me(house, contact), **told, code="123456")
        assert sheet.status == 404
    assert await states(house, other) == [ACTIVE, ACTIVE]


async def test_a_mute_is_ended(house: House):
    contact = await known(house)
    people = house.services.ledger.people
    mutes = [
        {"match": {"products": ["rtx-5090-fe"]}, "until": "2030-01-01T00:00:00Z", "why": "bought"},
        {"match": {"skus": ["<b>"]}},
    ]
    await people.prefer(contact.id, {"mute": mutes})
    path = me(house, contact)
    sheet = await visit(house, path)
    assert "rtx-5090-fe until January 1, 00:00 UTC" in sheet.text
    assert "<b>" not in sheet.source
    key = next(value for name, value in _inputs(sheet.source) if name == "mute")
    await done(house, path, do="unmute", mute=key)
    assert (await people.contact(contact.id)).preferences == {"mute": mutes[1:]}


async def test_a_name_is_a_name(house: House):
    """Whatever somebody is called, the page is built of the same elements."""
    contact = await known(house)
    plain = _elements((await visit(house, me(house, contact))).source)
    for name in NASTY:
        await house.services.ledger.people.change(contact.id, {"name": name})
        policy(house, PeoplePolicy(signing_up=SigningUp(open=False, name=name)))
        sheet = await visit(house, me(house, contact))
        assert sheet.status == 200
        assert _elements(sheet.source) == plain, name


async def test_an_old_link_shows_nothing_and_only_a_code_renews_it(tmp_path: Path):
    clock = ManualClock(datetime.now(UTC))
    async with open_house(tmp_path, clock=clock) as house:
        contact = await known(house)
        path = me(house, contact)
        clock.advance(timedelta(days=29, hours=23).total_seconds())
        assert "Hello, Ada" in (await visit(house, path)).text
        clock.advance(7200)
        for query in ("", "?what=export", "?what=erase"):
            sheet = await visit(house, path + query)
            assert "good for 30 days" in sheet.text
            assert "Ada" not in sheet.text
        for fields in ({"do": "stop_all"}, {"do": "export"}, {"do": "erase", "coded": "1", "code": "1"}):
            assert (await press(house, path, **fields)).status == 403
        assert await states(house, contact) == [ACTIVE, ACTIVE]


async def test_an_erased_contact_has_no_settings(house: House):
    contact = await known(house)
    path = me(house, contact)
    await house.services.ledger.people.erase(contact.id, "test", house.services.active.rulebook.people.standing_after)
    assert (await visit(house, path)).status == 404


def _elements(source: str) -> list[tuple[str, tuple[str, ...]]]:
    reader = _Elements()
    reader.feed(source)
    return [(tag, tuple(name for name, _ in attributes)) for tag, attributes in reader.found]


def _inputs(source: str) -> list[tuple[str, str]]:
    reader = _Elements()
    reader.feed(source)
    told = (dict(attributes) for tag, attributes in reader.found if tag == "input")
    return [(str(each.get("name")), str(each.get("value"))) for each in told]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))
