"""Contacts over HTTP: made, found, changed and erased, and everything that is refused."""

from uuid import uuid4

import pytest
from tests.web.house import House
from tests.web.people.desk import ADA, CONTACTS, GRANTED, MAILBOX, OTHER, PHONE, asked, made, paths, refused


async def test_a_contact_is_made_and_shown_masked(house: House):
    told = await made(house, phones=[{"number": "+1 415 555 0101"}], mailboxes=[{"address": MAILBOX}])
    assert (told["name"], told["external_id"], told["tags"], told["state"]) == ("Ada", "discord:1", ["vip"], "active")
    shown = {one["kind"]: (one["shown"], one["state"], one["consent"]) for one in told["addresses"]}
    assert shown == {
        "phone": ("+1 *** *** 0101", "unverified", "none"),
        "mailbox": ("A***@example.com", "unverified", "none"),
    }
    assert await asked(house, "GET", f"{CONTACTS}/{told['id']}") == told
    assert await asked(house, "GET", f"{CONTACTS}/by/discord:1") == told


async def test_everything_that_is_wrong_is_told_at_once(house: House):
    wrong = {"zone": "Nowhere", "phones": [{"number": "1"}, {"number": "2"}], "mailboxes": [{"address": "@"}]}
    error = await refused(house, "POST", CONTACTS, 422, json=wrong)
    assert (error["code"], len(error["details"])) == ("invalid_phone", 4)
    assert "(and 3 more)" in error["message"]


async def test_a_number_has_one_owner(house: House):
    first = await made(house, phones=[{"number": PHONE}])
    other = ADA | {"external_id": "discord:2", "phones": [{"number": PHONE}]}
    assert (await refused(house, "POST", CONTACTS, 409, json=other))["code"] == "address_taken"
    assert (await refused(house, "POST", CONTACTS, 409, json=ADA))["code"] == "external_id_taken"
    listed = (await asked(house, "GET", CONTACTS))["contacts"]
    assert [one["id"] for one in listed] == [first["id"]]


async def test_put_by_an_outside_id_makes_and_then_replaces(house: House):
    path = f"{CONTACTS}/by/discord%3A1"
    new = await asked(house, "PUT", path, 201, json={"name": "Ada", "phones": [{"number": PHONE}]})
    same = await asked(house, "PUT", path, json={"name": "Lovelace", "mailboxes": [{"address": MAILBOX}]})
    assert (same["id"], same["name"]) == (new["id"], "Lovelace")
    assert [one["kind"] for one in same["addresses"]] == ["mailbox"]
    kept = await asked(house, "PUT", path, json={"name": "Lovelace"})
    assert [one["kind"] for one in kept["addresses"]] == ["mailbox"]
    assert (await refused(house, "PUT", path, 422, json={"external_id": "other"}))["code"] == "invalid_request"
    await refused(house, "GET", f"{CONTACTS}/by/nobody", 404)


async def test_a_change_of_what_somebody_else_has_changed_is_refused(house: House):
    told = await made(house)
    path = f"{CONTACTS}/{told['id']}"
    tag = f'"{told["version"]}"'
    changed = await asked(house, "PATCH", path, json={"name": "Lovelace"}, headers={"If-Match": tag})
    assert (changed["name"], changed["tags"]) == ("Lovelace", ["vip"])
    for stale in (tag, f"W/{tag}", "7777", "yesterday"):
        error = await refused(house, "PATCH", path, 412, json={"name": "Byron"}, headers={"If-Match": stale})
        assert error["code"] == "changed_meanwhile"
    assert (await asked(house, "PATCH", path, json={"zone": None}, headers={"If-Match": "*"}))["zone"] is None
    async with house.client.get(path, headers={"Authorization": "Bearer people-people-people"}) as answer:
        assert answer.headers["ETag"] == f'"{(await answer.json())["version"]}"'


async def test_a_contact_pauses_until_a_time(house: House):
    path = f"{CONTACTS}/{(await made(house))['id']}"
    assert (await asked(house, "PATCH", path, json={"paused_until": "2999-01-01T00:00:00Z"}))["state"] == "paused"
    assert [one["name"] for one in (await asked(house, "GET", f"{CONTACTS}?state=paused"))["contacts"]] == ["Ada"]
    assert (await asked(house, "PATCH", path, json={"paused_until": None}))["state"] == "active"
    assert paths(await refused(house, "PATCH", path, 422, json={"paused_until": "soon"})) == ["paused_until"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Grace", "Ada"]),
        ("?tag=vip", ["Ada"]),
        ("?q=ada", ["Ada"]),
        ("?q=%2B1%20415%20555%200102", ["Grace"]),
        ("?q=ADA@EXAMPLE.COM", ["Ada"]),
        ("?kind=mailbox", ["Ada"]),
        ("?state=unverified&kind=phone", ["Grace"]),
        ("?state=suppressed", []),
    ],
)
async def test_contacts_are_found(house: House, query: str, found: list[str]):
    await made(house, mailboxes=[{"address": MAILBOX}])
    await made(house, name="Grace", external_id="2", tags=[], phones=[{"number": OTHER}])
    assert [one["name"] for one in (await asked(house, "GET", CONTACTS + query))["contacts"]] == found


async def test_pages_of_contacts_meet(house: House):
    for number in range(5):
        await made(house, name=f"n{number}", external_id=str(number))
    first = await asked(house, "GET", f"{CONTACTS}?limit=3")
    rest = await asked(house, "GET", f"{CONTACTS}?limit=3&page={first['next']}")
    assert [one["name"] for one in first["contacts"] + rest["contacts"]] == ["n4", "n3", "n2", "n1", "n0"]
    assert rest["next"] is None


async def test_an_erased_contact_is_gone_everywhere_and_stays_left_alone(house: House):
    told = await made(house, phones=[{"number": PHONE, "consent": GRANTED}])
    path = f"{CONTACTS}/{told['id']}"
    erased = await asked(house, "DELETE", path)
    assert erased["kept"] == ["suppression", "consent hashes"]
    for method, below in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/export"), ("GET", "/consents")):
        assert (await refused(house, method, path + below, 404, json={}))["code"] == "not_found", below
    assert (await refused(house, "POST", CONTACTS, 409, json=ADA | {"phones": [{"number": PHONE}]}))[
        "code"
    ] == "suppressed"


async def test_nobody_is_found_by_an_id_that_is_none(house: House):
    await refused(house, "GET", f"{CONTACTS}/{uuid4()}", 404)
    await refused(house, "GET", f"{CONTACTS}/ada", 422)


async def test_people_are_for_their_scope_alone(house: House):
    for token in ("engine", "reader"):
        assert (await house.call("GET", CONTACTS, token=token))[0] == 403
