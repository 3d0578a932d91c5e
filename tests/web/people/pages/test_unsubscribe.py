"""One click ends the mail: the mail program's (RFC 8058), or the reader's own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from tests.web.house import House, open_house
from tests.web.people.pages.reader import known, passes, press, states, unsubscribing, visit

from tocsin.access.passes import Purpose
from tocsin.core.clock import ManualClock

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ACTIVE, LEFT = ("active", None), ("suppressed", "one_click")


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
async def test_a_mail_program_presses_the_button_in_both_forms(house: House, form: str):
    contact = await known(house)
    path = unsubscribing(house, contact.addresses[1])
    for _ in range(2):  # as often as it likes
        data = aiohttp.FormData(default_to_multipart=form == "multipart")
        data.add_field("List-Unsubscribe", "One-Click")
        async with house.client.post(path, data=data, allow_redirects=False) as answer:
            assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
            assert "a***@example.com" in await answer.text()
    assert await states(house, contact) == [ACTIVE, LEFT]
    entries = await house.services.ledger.people.consents(contact.id)
    assert [(one.event.value, one.source.value) for one in entries[2:]] == [("withdrawn", "mail_button")]


async def test_looking_at_it_changes_nothing(house: House):
    contact = await known(house)
    path = unsubscribing(house, contact.addresses[1])
    sheet = await visit(house, path)
    assert (sheet.status, "Unsubscribe" in sheet.text) == (200, True)
    assert (await press(house, path)).status == 400  # no mail program's button, and not ours
    assert await states(house, contact) == [ACTIVE, ACTIVE]


async def test_it_works_after_ten_years(tmp_path: Path):
    clock = ManualClock(datetime.now(UTC))
    async with open_house(tmp_path, clock=clock) as house:
        contact = await known(house)
        path = unsubscribing(house, contact.addresses[1])
        clock.advance(timedelta(days=3650).total_seconds())
        assert (await press(house, path, **ONE_CLICK)).status == 200
        assert await states(house, contact) == [ACTIVE, LEFT]


@pytest.mark.parametrize("damage", ["cut", "changed", "other purpose", "another's", "rubbish", "huge"])
async def test_what_was_not_given_out_leads_nowhere(house: House, damage: str):
    contact = await known(house)
    path = unsubscribing(house, contact.addresses[1])
    address = contact.addresses[1]
    now = house.services.clock.now()
    damaged = {
        "cut": path[:-4],
        "changed": path[:-8] + ("A" if path[-8] != "A" else "B") + path[-7:],
        "other purpose": f"/u/{passes(house).make(Purpose.PREFERENCES, contact.id.bytes + address.id.bytes, now)}",
        "another's": f"/u/{passes(house).make(Purpose.UNSUBSCRIBING, bytes(32), now)}",
        "rubbish": "/u/%F0%9F%94%94",
        "huge": "/u/" + "A" * 5000,
    }[damage]
    sheet = await press(house, damaged, **ONE_CLICK)
    assert (sheet.status, "leads nowhere" in sheet.text) == (404, True)
    assert await states(house, contact) == [ACTIVE, ACTIVE]


async def test_an_erased_contact_has_no_button(house: House):
    contact = await known(house)
    path = unsubscribing(house, contact.addresses[1])
    await house.services.ledger.people.erase(contact.id, "test", house.services.active.rulebook.people.standing_after)
    assert (await visit(house, path)).status == 404
