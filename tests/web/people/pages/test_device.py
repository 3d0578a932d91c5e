"""A browser by itself: offered where browsers are told, taken in by the page of a sign-up and by one's own."""

import json
from typing import Any

import pytest
from tests.web.house import House
from tests.web.people.desk import BROWSER, Push
from tests.web.people.pages.reader import OPEN, Sheet, known, me, policy, press, visit

SUBSCRIPTION = json.dumps(BROWSER)


@pytest.fixture
def pushing(house: House) -> House:
    """A house where browsers are told, and anybody may sign up."""
    house.services.active.channels = {**house.services.active.channels, "push": Push()}
    policy(house, OPEN)
    return house


async def joined(house: House, **fields: Any) -> str:
    """The person's own page, after the browser has signed up."""
    sheet = await press(house, "/join", do="device", subscription=SUBSCRIPTION, **fields)
    assert sheet.status == 303, sheet.text
    return sheet.place


async def test_it_is_offered_where_browsers_are_told_and_nowhere_else(house: House):
    policy(house, OPEN)
    contact = await known(house)
    for path in ("/join", me(house, contact)):
        sheet = await visit(house, path)
        assert "<script" not in sheet.source
        assert "script-src" not in own_policy(sheet)
    house.services.active.channels = {**house.services.active.channels, "push": Push()}
    for path in ("/join", me(house, contact)):
        sheet = await visit(house, path)
        assert 'data-key="BKey"' in sheet.source
        assert "script-src 'self'" in own_policy(sheet)
        assert "unsafe" not in own_policy(sheet)


async def test_who_signs_up_with_a_browser_is_told_at_once(pushing: House):
    place = await joined(pushing)
    sheet = await visit(pushing, f"/{place}")
    assert "You are in." in sheet.text
    assert BROWSER["endpoint"] not in sheet.source
    ((contact,), _) = await contacts(pushing)
    (address,) = contact["addresses"]
    assert (address["kind"], address["state"], address["consent"]) == ("browser", "active", "granted")
    first = (await pushing.call("GET", f"/api/v1/contacts/{contact['id']}/consents", token="people"))[1]["consents"]
    assert [(entry["event"], entry["source"]) for entry in first] == [("confirmed", "sign_up_page")]


async def test_the_same_browser_is_the_same_person_and_another_with_its_address_is_not(pushing: House):
    await joined(pushing)
    await joined(pushing)
    assert len((await contacts(pushing))[0]) == 1
    stolen = json.dumps({**BROWSER, "keys": {**BROWSER["keys"], "auth": "A" * 22}})
    sheet = await press(pushing, "/join", do="device", subscription=stolen)
    assert sheet.status == 303
    held = (await contacts(pushing))[0]
    assert sorted(len(contact["addresses"]) for contact in held) == [0, 1]  # it is with whoever uses it now


async def test_a_person_adds_the_browser_on_their_own_page(pushing: House):
    contact = await known(pushing)
    sheet = await press(pushing, me(pushing, contact), do="device", subscription=SUBSCRIPTION)
    assert sheet.status == 303
    assert "You are told on this device from now on." in (await visit(pushing, f"/me/{sheet.place}")).text
    kinds = [one.kind.value for one in (await pushing.services.ledger.people.contact(contact.id)).addresses]
    assert kinds == ["phone", "mailbox", "browser"]


@pytest.mark.parametrize(
    "subscription",
    [
        "",
        "null",
        "[]",
        "{",
        '{"endpoint": "https://127.0.0.1/1"}',
        json.dumps({**BROWSER, "endpoint": "https://169.254.169.254/latest"}),
        json.dumps({**BROWSER, "endpoint": "https://push.example/\r\nX: y"}),
        json.dumps({**BROWSER, "keys": {"p256dh": "A" * 87, "auth": "A" * 22}}),
        "x" * 16_000,
    ],
)
async def test_what_is_no_subscription_changes_nothing(pushing: House, subscription: str):
    contact = await known(pushing)
    assert (await press(pushing, "/join", do="device", subscription=subscription)).status in (400, 413)
    path = me(pushing, contact)
    assert (await press(pushing, path, do="device", subscription=subscription)).status in (400, 413, 422)
    assert len((await contacts(pushing))[0]) == 1
    assert len((await pushing.services.ledger.people.contact(contact.id)).addresses) == 2


async def test_one_place_signs_up_so_many_browsers_an_hour(pushing: House):
    for number in range(10):
        told = json.dumps({**BROWSER, "endpoint": f"https://push.example/{number}"})
        assert (await press(pushing, "/join", do="device", subscription=told)).status == 303
    sheet = await press(pushing, "/join", do="device", subscription=SUBSCRIPTION)
    assert sheet.status == 422
    assert "Too many tries" in sheet.text
    assert len((await contacts(pushing))[0]) == 10


async def test_where_browsers_are_told_nothing_none_signs_up(house: House):
    policy(house, OPEN)
    sheet = await press(house, "/join", do="device", subscription=SUBSCRIPTION)
    assert sheet.status == 409
    assert (await contacts(house))[0] == []


def own_policy(sheet: Sheet) -> str:
    """The one policy of the page, in place of that of every answer."""
    (policy,) = sheet.headers.getall("Content-Security-Policy")
    return policy


async def contacts(house: House) -> tuple[list[Any], Any]:
    told = (await house.call("GET", "/api/v1/contacts", token="people"))[1]
    return told["contacts"], told["next"]
