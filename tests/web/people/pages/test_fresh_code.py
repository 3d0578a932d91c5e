"""What cannot be taken back, or shows what is masked, wants a fresh code: links are passed on."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.web.house import House
from tests.web.people.codes import NOON, Codes, open_with_codes
from tests.web.people.pages.reader import OPEN, PHONE, Sheet, known, me, passes, policy, press, states, visit

from tocsin.access.passes import Purpose
from tocsin.core.clock import ManualClock
from tocsin.core.errors import NotFoundError
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindered, Hindrance
from tocsin.ledger.contract.people import ContactRow

ACTIVE, LEFT = ("active", None), ("suppressed", "page")
WANTED = ("export", "erase", "remove")


@dataclass
class Settings:
    """Ada's, by a link that may have been passed on."""

    house: House
    clock: ManualClock
    channel: Codes
    contact: ContactRow
    path: str

    @property
    def phone(self) -> str:
        return str(self.contact.addresses[0].id)

    async def press(self, do: str, **fields: str) -> Sheet:
        return await press(self.house, self.path, do=do, **fields)

    async def with_code(self, do: str, code: str = "123456", **fields: str) -> Sheet:
        """Press the button, have the code sent, and enter it."""
        told = {"to": self.phone, "address": "", **fields}
        sent = await self.press(do, **told)
        assert sent.status == 303, sent.text
        assert "A code is on its way to +1 *** *** 0101" in (await visit(self.house, f"/me/{sent.place}")).text
        return await self.press(do, **told, coded="1", code=code)

    async def now(self) -> ContactRow:
        return await self.house.services.ledger.people.contact(self.contact.id)


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    async with open_with_codes(tmp_path) as (house, clock, channel):
        policy(house, OPEN)
        contact = await known(house)
        yield Settings(house, clock, channel, contact, me(house, contact))


async def test_a_copy_is_handed_out_with_the_code(settings: Settings):
    asked = await settings.press("export")
    assert "Send a code to +1 *** *** 0101" in (await visit(settings.house, f"/me/{asked.place}")).text
    assert settings.channel.asked == []
    sheet = await settings.with_code("export")
    assert settings.channel.asked == [(Secret(PHONE), "sms")]
    assert (sheet.status, "attachment" in sheet.headers["Content-Disposition"]) == (200, True)
    assert PHONE in json.dumps(json.loads(sheet.source))


async def test_erasing_is_for_whoever_has_the_code(settings: Settings):
    sheet = await settings.with_code("erase")
    assert "You are forgotten" in sheet.text
    with pytest.raises(NotFoundError):
        await settings.now()
    assert (await visit(settings.house, settings.path)).status == 404


async def test_an_address_is_removed_with_the_code(settings: Settings):
    mailbox = str(settings.contact.addresses[1].id)
    sheet = await settings.with_code("remove", address=mailbox)
    assert sheet.status == 303
    assert [one.kind.value for one in (await settings.now()).addresses] == ["phone"]


@pytest.mark.parametrize("do", WANTED)
async def test_without_the_right_code_nothing_happens(settings: Settings, do: str):
    address = str(settings.contact.addresses[1].id)
    attempts: list[dict[str, Any]] = [
        {"coded": "1"},
        {"coded": "1", "code": ""},
        {"coded": "1", "code": "123456"},  # no code was sent
        {"coded": "1", "code": "123456", "to": str(settings.contact.addresses[1].id)},  # no codes go to mailboxes
        {"coded": "1", "code": "123456", "to": "x"},
    ]
    for told in attempts:
        sheet = await settings.press(do, **{"to": settings.phone, "address": address, **told})
        assert sheet.status in (303, 404, 410, 422), told
        assert "attachment" not in sheet.headers.get("Content-Disposition", "")
    assert (await settings.with_code(do, code="000000", address=address)).status == 422
    assert await settings.now() == settings.contact


async def test_a_code_only_shows_who_asks_and_enters_no_consent(settings: Settings):
    await settings.press("stop_all")
    before = await settings.house.services.ledger.people.consents(settings.contact.id)
    await settings.with_code("export")
    assert await settings.house.services.ledger.people.consents(settings.contact.id) == before
    assert await states(settings.house, settings.contact) == [LEFT, LEFT]


async def test_whoever_stopped_is_told_again_with_a_code_to_that_very_phone(settings: Settings):
    await settings.press("stop", address=settings.phone)
    assert await states(settings.house, settings.contact) == [LEFT, ACTIVE]
    sheet = await settings.with_code("again", address=settings.phone)
    assert sheet.status == 303
    assert await states(settings.house, settings.contact) == [ACTIVE, ACTIVE]
    newest = (await settings.house.services.ledger.people.consents(settings.contact.id))[-1]
    assert (newest.event.value, newest.source.value) == ("confirmed", "preference_page")
    assert newest.wording is not None


async def test_a_code_for_another_purpose_does_not_sign_anybody_up(settings: Settings):
    """A code that was asked for only to show who asks takes the place of one that would enter consent."""
    await settings.press("stop", address=settings.phone)
    await settings.press("export", to=settings.phone)
    settings.clock.advance(31)
    await settings.press("again", to=settings.phone, address=settings.phone)
    settings.clock.advance(31)
    await settings.press("export", to=settings.phone)
    sheet = await settings.press("again", to=settings.phone, address=settings.phone, coded="1", code="123456")
    assert sheet.status == 303
    assert (await states(settings.house, settings.contact))[0] == LEFT


async def test_a_link_that_is_too_old_is_renewed(settings: Settings):
    long_ago = NOON - timedelta(days=31)
    old = passes(settings.house).make(Purpose.PREFERENCES, settings.contact.id.bytes, long_ago)
    settings.path = f"/me/{old}"
    assert "good for 30 days" in (await visit(settings.house, settings.path)).text
    sheet = await settings.with_code("renew")
    fresh = await visit(settings.house, f"/me/{sheet.place}")
    assert "This is your new link" in fresh.text
    assert "Hello, Ada" in fresh.text
    assert sheet.place.partition("?")[0] not in settings.path


async def test_what_hinders_a_code_is_said(settings: Settings):
    settings.channel.hindered = Hindered(Hindrance.UNAVAILABLE)
    sheet = await settings.press("erase", to=settings.phone)
    assert (sheet.status, "Please try again in a minute" in sheet.text) == (503, True)
    settings.channel.hindered = None
    for _ in range(3):
        await settings.press("erase", to=settings.phone)
        settings.clock.advance(timedelta(minutes=20).total_seconds())
    sheet = await settings.press("erase", to=settings.phone)
    assert (sheet.status, "Too many codes" in sheet.text) == (429, True)


async def test_where_no_code_could_be_sent_that_is_said(settings: Settings):
    settings.house.services.active.channels = {}
    asked = await settings.press("erase")
    assert "No code can be sent to you" in (await visit(settings.house, f"/me/{asked.place}")).text
    assert (await settings.press("erase", to=settings.phone, coded="1", code="123456")).status == 404
    assert await settings.now() == settings.contact
