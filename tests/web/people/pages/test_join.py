"""Signing up: the same answer for everybody, and nothing changes before the code has come back."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.web.house import House
from tests.web.people.codes import Codes, open_with_codes
from tests.web.people.pages.reader import MAILBOX, OPEN, PHONE, Sheet, known, policy, press, states, visit

from tocsin.core.address import AddressWhy
from tocsin.core.clock import ManualClock
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindered, Hindrance
from tocsin.ledger.contract.people import ConsentDraft, ContactQuery
from tocsin.rules.signing_up import SigningUp

WRITTEN = "(415) 555-0101"


class Lobby:
    """A house where anybody may sign up."""

    def __init__(self, house: House, clock: ManualClock, channel: Codes) -> None:
        self.house, self.clock, self.channel = house, clock, channel

    async def agreed(self) -> str:
        """What a ticked box sends."""
        return re.findall(r'name="agree" value="(\w+)"', (await visit(self.house, "/join")).source)[0]

    async def ask(self, phone: str = WRITTEN, headers: dict[str, str] | None = None, **fields: Any) -> Sheet:
        told = {"phone": phone, "mailbox": "", "agree": await self.agreed()} | fields
        sheet = await press(self.house, "/join", headers=headers, **told)
        await self.quiet()
        return sheet

    async def quiet(self) -> None:
        """What was begun behind the answer is done."""
        calls = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "run_asgi"]
        if calls:
            await asyncio.wait(calls)

    async def code(self, sheet: Sheet, code: str) -> Sheet:
        return await press(self.house, f"/{sheet.place}", do="finish", code=code)

    async def contacts(self) -> list[Any]:
        return list((await self.house.services.ledger.people.contacts(ContactQuery())).items)


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    async with open_with_codes(tmp_path, "https://alerts.example/tocsin") as (house, clock, channel):
        policy(house, OPEN)
        yield Lobby(house, clock, channel)


async def test_a_code_makes_a_stranger_a_contact_with_consent(lobby: Lobby):
    sheet = await lobby.ask(product=["rtx50", "<made up>"])
    assert sheet.status == 303
    page = await visit(lobby.house, f"/{sheet.place}")
    assert "If +1 *** *** 0101 can be told" in page.text
    assert lobby.channel.asked == [(Secret(PHONE), "sms")]
    (contact,) = await lobby.contacts()
    assert await states(lobby.house, contact) == [("unverified", None)]
    assert await lobby.house.services.ledger.people.consents(contact.id) == ()
    welcome = await lobby.code(sheet, "123456")
    assert welcome.status == 303
    told = await visit(lobby.house, welcome.place.removeprefix(".."))
    assert "You are in" in told.text
    assert await states(lobby.house, contact) == [("active", None)]
    (entry,) = await lobby.house.services.ledger.people.consents(contact.id)
    assert (entry.event.value, entry.source.value, entry.author) == ("confirmed", "sign_up_page", "person")
    assert (entry.ip, entry.user_agent is not None) == ("127.0.0.1", True)
    wording = await lobby.house.services.ledger.people.wording(entry.wording or "")
    assert wording is not None
    assert (wording.version or "").startswith("2026-11-a")
    assert "Restock Club sends me automated messages" in wording.text
    (contact,) = await lobby.contacts()
    assert contact.preferences == {"match": {"families": ["rtx50"]}}


async def test_the_answer_is_the_same_for_everybody(lobby: Lobby):
    """Known, new, suppressed, of an operator's import, of an erased contact, and above the limit: nobody can tell."""
    people, rule = lobby.house.services.ledger.people, OPEN.standing_after
    active = await known(lobby.house)
    stopped = await known(lobby.house, "Bob", "+14155550102", "bob@example.com")
    stop = ConsentDraft(
        event=ConsentEvent.WITHDRAWN, source=ConsentSource.INBOUND_TEXT, author="person", why=AddressWhy.STOP
    )
    await people.enter_all(stopped.id, stop, rule)
    erased = await known(lobby.house, "Eve", "+14155550103", "eve@example.com")
    await people.erase(erased.id, "test", rule)
    before = [await people.contact(one.id) for one in (active, stopped)]
    numbers = [f"+1415555010{n}" for n in range(1, 5)]
    answers = [await lobby.ask(number) for number in numbers]
    pages = [await visit(lobby.house, f"/{answer.place}") for answer in answers]
    assert {(answer.status, answer.source, len(answer.place)) for answer in answers} == {
        (303, "", len(answers[0].place))
    }
    assert len({re.sub("010[1-4]", "", page.source) for page in pages}) == 1
    assert [number.reveal() for number, _ in lobby.channel.asked] == numbers
    assert [await people.contact(one.id) for one in (active, stopped)] == before
    lobby.channel.hindered = Hindered(Hindrance.LANDLINE)
    lobby.clock.advance(3600)
    landline = await lobby.ask("+14155550105")
    assert (landline.status, len(landline.place)) == (303, len(answers[0].place))


async def test_the_answer_does_not_wait_for_anybody_to_be_looked_up(lobby: Lobby):
    """Its time tells nothing: it leaves while what follows from it still stands still."""
    lobby.channel.held = asyncio.Event()
    told = {"phone": WRITTEN, "agree": await lobby.agreed()}
    sheet = await press(lobby.house, "/join", **told)
    assert sheet.status == 303
    assert (await visit(lobby.house, f"/{sheet.place}")).status == 200
    lobby.channel.held.set()
    await lobby.quiet()
    assert len(lobby.channel.asked) == 1


async def test_who_stopped_is_told_again_by_a_code_and_gets_to_the_settings(lobby: Lobby):
    contact = await known(lobby.house)
    stop = ConsentDraft(
        event=ConsentEvent.WITHDRAWN, source=ConsentSource.INBOUND_TEXT, author="person", why=AddressWhy.STOP
    )
    await lobby.house.services.ledger.people.enter_all(contact.id, stop, OPEN.standing_after)
    welcome = await lobby.code(await lobby.ask(), "123456")
    assert "Hello, Ada" in (await visit(lobby.house, welcome.place.removeprefix(".."))).text
    assert await states(lobby.house, contact) == [("active", None), ("suppressed", "stop")]


NUMBERS = (
    ("", "Enter a mobile number or an email address"),
    ("12", "no mobile number"),
    ("call me", "no mobile number"),
    ("+1 900 555 0123", "no mobile number"),
    ("1.41556E+10", "no mobile number"),
    ("+49 1512 3456789", "Numbers of that country are not taken"),
    ("+999 12345678", "no mobile number"),
    ("<script>alert(1)</script>", "no mobile number"),
    ("4" * 4000, "no mobile number"),
    ("+1415555\u0000", "no mobile number"),
)


async def test_what_is_no_number_is_said_and_nobody_is_kept(lobby: Lobby):
    for phone, said in NUMBERS:
        sheet = await lobby.ask(phone)
        assert (sheet.status, said in sheet.text) == (422, True), phone
        assert "<script" not in sheet.source
    assert (lobby.channel.asked, await lobby.contacts()) == ([], [])


async def test_the_box_is_ticked_by_the_person_and_for_the_text_in_force(lobby: Lobby):
    page = await visit(lobby.house, "/join")
    assert not re.search(r'id="agree"[^>]*checked', page.source)
    assert "Tick the box" in (await lobby.ask(agree="")).text
    old = await lobby.agreed()
    own = SigningUp(open=True, name="Restock Club", wording="Write me, {name}. <b>STOP</b> ends it.")
    policy(lobby.house, replace(OPEN, signing_up=own))
    sheet = await lobby.ask(agree=old)
    assert (sheet.status, "has changed" in sheet.text) == (422, True)
    assert "Write me, Restock Club. <b>STOP</b> ends it." in sheet.text
    assert "<b>" not in sheet.source
    assert (await lobby.ask()).status == 303


async def test_wrong_codes_are_told_and_bounded(lobby: Lobby):
    sheet = await lobby.ask()
    for wrong, status in (("", 422), ("000000", 422), ("abc", 422), ("<b>", 422), ("0" * 500, 422)):
        page = await lobby.code(sheet, wrong)
        assert page.status == status
        assert "<b>" not in page.source
    for _ in range(4):
        assert (await lobby.code(sheet, "00 00-00")).status == 422
    assert (await lobby.code(sheet, "123456")).status == 429


async def test_a_code_is_bound_to_what_was_signed_up_and_to_its_time(lobby: Lobby):
    sheet = await lobby.ask()
    other = await lobby.ask("+14155550109")
    assert other.place != sheet.place
    lobby.clock.advance(timedelta(minutes=11).total_seconds())
    assert "too old" in (await lobby.code(sheet, "123456")).text
    lobby.clock.advance(timedelta(minutes=20).total_seconds())
    assert (await visit(lobby.house, f"/{sheet.place}")).status == 410
    for broken in (sheet.place[:-3], "join/x", "join/" + "A" * 3000, "join/%00"):
        assert (await visit(lobby.house, f"/{broken}")).status in (404, 410)
        assert (await press(lobby.house, f"/{broken}", code="123456")).status in (404, 410)


async def test_one_number_is_sent_few_codes_a_day_and_one_place_begins_few(lobby: Lobby):
    for _ in range(5):
        assert (await lobby.ask()).status == 303
        lobby.clock.advance(timedelta(minutes=20).total_seconds())
    assert len(lobby.channel.asked) == 3
    lobby.clock.advance(timedelta(days=1).total_seconds())
    await lobby.ask()
    assert len(lobby.channel.asked) == 4
    lobby.clock.advance(timedelta(hours=2).total_seconds())
    for number in range(15):
        assert (await lobby.ask(f"+141555501{number:02}")).status == 303
    assert len(lobby.channel.asked) == 14


async def test_it_is_sent_again_or_told_by_call(lobby: Lobby):
    sheet = await lobby.ask()
    lobby.clock.advance(31)
    for by in ("sms", "call"):
        again = await press(lobby.house, f"/{sheet.place}", do=by)
        await lobby.quiet()
        assert again.status == 303
        assert f"join/{again.place}" == sheet.place
    assert [by for _, by in lobby.channel.asked] == ["sms", "sms", "call"]


async def test_a_mailbox_gets_a_link_and_its_button_confirms_once(lobby: Lobby):
    sheet = await lobby.ask("", mailbox=MAILBOX)
    assert "a mail with a link is on its way" in (await visit(lobby.house, f"/{sheet.place}")).text
    (link,) = lobby.channel.links
    path = link.removeprefix("https://alerts.example/tocsin")
    (contact,) = await lobby.contacts()
    for _ in range(2):  # scanners follow links
        assert "Yes, tell me" in (await visit(lobby.house, path)).text
    assert await states(lobby.house, contact) == [("unverified", None)]
    welcome = await press(lobby.house, path, do="confirm")
    assert "You are in" in (await visit(lobby.house, welcome.place.removeprefix(".."))).text
    assert await states(lobby.house, contact) == [("active", None)]
    assert (await press(lobby.house, path, do="confirm")).status == 410


async def test_nobody_signs_up_where_it_is_not_open(lobby: Lobby):
    agreed = await lobby.agreed()
    policy(lobby.house, replace(OPEN, signing_up=SigningUp(name="<b>Club</b>")))
    for sheet in (
        await visit(lobby.house, "/join"),
        await press(lobby.house, "/join", phone=WRITTEN, agree=agreed),
    ):
        assert (sheet.status, "Nobody can sign up here" in sheet.text) == (404, True)
        assert "<b>" not in sheet.source
    assert lobby.channel.asked == []


async def test_where_no_code_could_be_sent_nothing_is_asked(lobby: Lobby):
    lobby.house.services.active.channels = {}
    sheet = await visit(lobby.house, "/join")
    assert (sheet.status, "<form" in sheet.source) == (503, False)


async def test_a_form_of_another_page_is_refused(lobby: Lobby):
    strange = ("https://evil.example", "null", "https://127.0.0.1.evil.example", "file://")
    for origin in strange:
        assert (await lobby.ask(headers={"Origin": origin})).status == 403, origin
    assert lobby.channel.asked == []
    for number, headers in ((PHONE, {"Origin": lobby.house.url}), ("+14155550102", None)):
        assert (await lobby.ask(number, headers=headers)).status == 303
    assert len(lobby.channel.asked) == 2


FORMS = (
    ("application/x-www-form-urlencoded", b"&" * 10_000),
    ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\n" * 2000),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="phone"\r\n\r\n\xff\r\n--x--',
    ),
    ("application/json", b'{"phone": 1}'),
    ("", b""),
)


async def test_what_is_no_form_is_answered_kindly(lobby: Lobby):
    for kind, body in FORMS:
        async with lobby.house.client.post("/join", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status in (400, 422), body
            assert "text/html" in answer.headers["Content-Type"]
    assert lobby.channel.asked == []


async def test_every_page_is_kept_by_nobody_and_runs_nothing(lobby: Lobby):
    sheet = await lobby.ask()
    for path in ("/join", f"/{sheet.place}", "/me/x", "/u/x", "/a/x", "/join/x"):
        page = await visit(lobby.house, path)
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "Set-Cookie" not in page.headers
        assert "<script" not in page.source
        async with lobby.house.client.get(path) as answer:
            (one,) = answer.headers.getall("Content-Security-Policy")
        assert all(part in one for part in ("form-action 'self'", "frame-ancestors 'none'", "default-src 'none'"))
        assert "script-src" not in one
