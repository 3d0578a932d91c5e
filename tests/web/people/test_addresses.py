"""Addresses over HTTP: added, moved, replaced and taken away; lists, tags, preferences and who is left alone."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from tests.web.house import House
from tests.web.people.desk import (
    ADA,
    BROWSER,
    CONTACTS,
    GRANTED,
    MAILBOX,
    OTHER,
    PHONE,
    Push,
    asked,
    made,
    paths,
    refused,
)

from tocsin.core.delivery import Target
from tocsin.rules.people import FixedList, PeoplePolicy

DEVICE = {"kind": "fid", "value": "cRq0TN7iTe6Wm0qD6p6ZbH", "platform": "android", "app_version": "2.3"}
ME = "/api/v1/me/browsers"
LISTS, SUPPRESSIONS = "/api/v1/lists", "/api/v1/suppressions"


async def a_contact(house: House, **changes: Any) -> str:
    return f"{CONTACTS}/{(await made(house, **changes))['id']}"


async def kinds(house: House, path: str) -> list[str]:
    return [one["kind"] for one in (await asked(house, "GET", path))["addresses"]]


async def test_an_address_is_added_once_and_taken_away(house: House):
    path = await a_contact(house)
    for kind, body in (("phones", {"number": PHONE}), ("mailboxes", {"address": MAILBOX}), ("browsers", BROWSER)):
        added = await asked(house, "POST", f"{path}/{kind}", 201, json=body)
        same = await asked(house, "POST", f"{path}/{kind}", json=body)
        assert same["id"] == added["id"]
        for other in {"phones", "mailboxes", "browsers"} - {kind}:
            await refused(house, "DELETE", f"{path}/{other}/{added['id']}", 404)
        told = await asked(house, "DELETE", f"{path}/{kind}/{added['id']}")
        assert told == {"id": added["id"], "removed": True}
        await refused(house, "DELETE", f"{path}/{kind}/{added['id']}", 404)
    assert await kinds(house, path) == []
    await refused(house, "POST", f"{CONTACTS}/{uuid4()}/phones", 404, json={"number": PHONE})


async def test_a_number_of_somebody_else_is_taken_and_a_browser_moves(house: House):
    ada, grace = await a_contact(house), await a_contact(house, external_id="2")
    await asked(house, "POST", f"{ada}/phones", 201, json={"number": PHONE})
    await asked(house, "POST", f"{ada}/browsers", 201, json=BROWSER)
    error = await refused(house, "POST", f"{grace}/phones", 409, json={"number": "+1 (415) 555-0101"})
    assert error["code"] == "address_taken"
    moved = await asked(house, "POST", f"{grace}/browsers", 201, json=BROWSER)
    assert (moved["state"], moved["consent"]) == ("active", "granted")
    assert (await kinds(house, ada), await kinds(house, grace)) == (["phone"], ["browser"])


async def test_a_device_keeps_its_place_when_its_value_changes(house: House):
    path = f"{await a_contact(house)}/devices/pixel%209%2Fa"
    first = await asked(house, "PUT", path, 201, json=DEVICE)
    assert (first["shown"], first["device"], first["state"]) == ("android, app 2.3", "pixel 9/a", "active")
    again = await asked(house, "PUT", path, json=DEVICE | {"value": "dRq0TN7iTe6Wm0qD6p6ZbH", "sounds": ["siren"]})
    assert (again["id"], again["sounds"]) == (first["id"], ["siren"])
    assert "cRq0" not in repr(again)
    await asked(house, "DELETE", path)
    await refused(house, "DELETE", path, 404)


async def test_a_token_is_told_on_its_own_browser(house: House):
    status, told = await house.call("POST", ME, token="reader", json=BROWSER)
    assert (status, told["error"]["code"]) == (409, "browser_push_off")
    assert (await house.call("GET", f"{ME}/key", token="reader"))[0] == 409
    house.services.active.channels = {**house.services.active.channels, "push": Push()}
    assert await house.call("GET", f"{ME}/key", token="reader") == (200, {"key": "BKey"})
    assert (await house.call("GET", f"{ME}/key", token=None))[0] == 401
    status, added = await house.call("POST", ME, token="reader", json=BROWSER)
    assert (status, added["state"]) == (201, "active")
    assert (await house.call("POST", ME, token="reader", json=BROWSER))[0] == 200
    (contact,) = (await asked(house, "GET", CONTACTS))["contacts"]
    assert contact["name"] == "reader"
    assert (await house.call("DELETE", ME, token="engine", json=BROWSER))[0] == 404
    assert (await house.call("DELETE", ME, token="reader", json=BROWSER))[0] == 200
    assert (await house.call("DELETE", ME, token="reader", json=BROWSER))[0] == 404
    assert (await house.call("POST", ME, token=None, json=BROWSER))[0] == 401


async def test_who_knows_the_secret_of_a_subscription_may_replace_it(house: House):
    renew, fresh = "/api/v1/browsers/renew", {**BROWSER, "endpoint": "https://push.example/send/2"}
    forged = {**BROWSER, "keys": {**BROWSER["keys"], "auth": "A" * 22}}
    assert (await house.call("POST", renew, token=None, json={"old": BROWSER, "new": fresh}))[0] == 409
    house.services.active.channels = {**house.services.active.channels, "push": Push()}
    assert (await house.call("POST", renew, token=None, json={"old": BROWSER, "new": fresh}))[0] == 404
    await house.call("POST", ME, token="reader", json=BROWSER)
    assert (await house.call("POST", renew, token=None, json={"old": forged, "new": fresh}))[0] == 404
    assert (await house.call("POST", renew, token=None, json={"old": BROWSER, "new": BROWSER}))[0] == 200
    assert (await house.call("POST", renew, token=None, json={"old": BROWSER, "new": fresh}))[0] == 200
    assert (await house.call("DELETE", ME, token="reader", json=BROWSER))[0] == 404
    assert (await house.call("DELETE", ME, token="reader", json=fresh))[0] == 200


async def test_preferences_are_replaced_whole_and_judged(house: House):
    path = f"{await a_contact(house)}/preferences"
    wishes = {"match": {"families": ["rtx50"]}, "quiet": {"from": "23:00", "to": "07:00"}}
    assert await asked(house, "GET", path) == {}
    assert await asked(house, "PUT", path, json=wishes) == wishes
    assert (await asked(house, "GET", path.removesuffix("/preferences")))["preferences"] == wishes
    wrong = {"match": {"colour": ["red"]}, "quiet": {"from": "25:00", "to": "07:00"}, "order": ["fax"]}
    assert set(paths(await refused(house, "PUT", path, 422, json=wrong))) == {"match.colour", "quiet.from", "order"}
    assert await asked(house, "GET", path) == wishes
    assert await asked(house, "PUT", path, json={}) == {}


async def test_lists_are_kept_and_those_of_the_file_are_only_shown(house: House):
    active, file = house.services.active, Target("sms", "file")
    lists = {file: FixedList("vip", 0, 5), Target("email", "ops"): FixedList(None, 2)}
    active.rulebook = replace(active.rulebook, people=PeoplePolicy(lists=lists))
    kept = await asked(house, "PUT", f"{LISTS}/sms:vip", 201, json={"tag": "vip", "max_recipients": 3})
    assert (kept["target"], kept["tag"], kept["max_recipients"], kept["fair"]) == ("sms:vip", "vip", 3, "rotate")
    ada = (await made(house))["id"]
    changed = await asked(house, "PUT", f"{LISTS}/sms:vip", json={"contacts": [ada, ada]})
    assert (changed["contacts"], changed["max_recipients"]) == ([ada], None)
    listed = {one["target"]: one["from_configuration"] for one in (await asked(house, "GET", LISTS))["lists"]}
    assert listed == {"sms:file": True, "email:ops": True, "sms:vip": False}
    assert (await asked(house, "GET", f"{LISTS}/email:ops"))["written_down"] == 2
    for method in ("PUT", "DELETE"):
        error = await refused(house, method, f"{LISTS}/sms:file", 409, json={"tag": "vip"})
        assert error["code"] == "from_configuration"
    assert await asked(house, "DELETE", f"{LISTS}/sms:vip") == {"target": "sms:vip", "forgotten": True}
    await refused(house, "DELETE", f"{LISTS}/sms:vip", 404)
    await refused(house, "GET", f"{LISTS}/sms:vip", 404)


async def test_tags_are_counted(house: House):
    await made(house, tags=["vip", "eu"])
    await made(house, external_id="2", tags=["vip"])
    assert (await asked(house, "GET", "/api/v1/tags"))["tags"] == [
        {"tag": "eu", "contacts": 1},
        {"tag": "vip", "contacts": 2},
    ]


async def test_somebody_is_left_alone_until_an_admin_lifts_it(house: House):
    made_ = await asked(house, "POST", SUPPRESSIONS, 201, json={"number": PHONE, "reason": "asked by phone"})
    same = await asked(house, "POST", SUPPRESSIONS, 201, json={"number": "+1 415 555 0101", "reason": "again"})
    assert (same["id"], same["shown"], same["why"], same["reason"]) == (
        made_["id"],
        "+1 *** *** 0101",
        "operator",
        "asked by phone",
    )
    await asked(house, "POST", SUPPRESSIONS, 201, json={"address": MAILBOX, "reason": "bounces"})
    of_phones = (await asked(house, "GET", f"{SUPPRESSIONS}?kind=phone"))["suppressions"]
    assert [one["id"] for one in of_phones] == [made_["id"]]
    draft = ADA | {"phones": [{"number": PHONE, "consent": GRANTED}]}
    assert (await refused(house, "POST", CONTACTS, 409, json=draft))["code"] == "suppressed"
    path = f"{SUPPRESSIONS}/{made_['id']}"
    await refused(house, "DELETE", f"{path}?reason=mistake", 403)
    assert (await house.call("DELETE", path))[0] == 422
    status, lifted = await house.call("DELETE", f"{path}?reason=typing+error")
    assert (status, lifted["lifted_by"], lifted["lifted_reason"]) == (200, "token:admin", "typing error")
    assert (await house.call("DELETE", f"{path}?reason=again"))[0] == 404
    await asked(house, "POST", CONTACTS, 201, json=draft)


async def test_a_person_from_consent_to_the_end(house: House):
    """Created, consented, exported and erased: no file brings them back."""
    contact = await made(house, phones=[{"number": OTHER, "consent": GRANTED}])
    path = f"{CONTACTS}/{contact['id']}"
    exported = await asked(house, "GET", f"{path}/export")
    assert exported["contact"]["addresses"][0]["value"] == OTHER
    assert exported["wordings"][0]["text"] == GRANTED["wording"]
    assert [entry["event"] for entry in exported["consents"]] == ["granted"]
    await asked(house, "DELETE", path)
    again = f"external_id,name,phone\ndiscord:1,Ada,{OTHER}\n".encode()
    report = await asked(house, "POST", f"{CONTACTS}/import", data=again)
    assert (report["suppressed"], report["created"]) == (1, 0)
    assert (await asked(house, "GET", CONTACTS))["contacts"] == []
    (left,) = (await asked(house, "GET", SUPPRESSIONS))["suppressions"]
    assert (left["why"], left["shown"]) == ("erased", "")
    assert OTHER not in repr(house.facts)
