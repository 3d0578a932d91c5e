"""What is wrong with a request about people is named by its word and its path, and nothing of it is kept."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.web.house import House, open_house
from tests.web.people.desk import (
    ADA,
    BROWSER,
    CONTACTS,
    GRANTED,
    MAILBOX,
    OTHER,
    PHONE,
    POINT,
    asked,
    made,
    paths,
    refused,
)

from tocsin.core.facts import Turned
from tocsin.rules.people import PeoplePolicy

pytestmark = pytest.mark.asyncio(loop_scope="module")

LISTS, SUPPRESSIONS = "/api/v1/lists", "/api/v1/suppressions"
DEVICE = {"kind": "fid", "value": "cRq0TN7iTe6Wm0qD6p6ZbH", "platform": "android", "app_version": "2.3"}


@dataclass
class Known:
    """A contact with one phone, in a house where nothing else is ever kept."""

    house: House
    path: str
    phone: str

    async def is_alone(self) -> bool:
        listed = (await asked(self.house, "GET", CONTACTS))["contacts"]
        return [(one["id"], len(one["addresses"])) for one in listed] == [(self.path.rpartition("/")[2], 1)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Known]:
    folder: Path = tmp_path_factory.mktemp("people")
    async with open_house(folder) as house:
        active = house.services.active
        active.rulebook = replace(active.rulebook, people=PeoplePolicy(countries=("US", "CA")))
        told = await made(house, external_id="known", phones=[{"number": OTHER, "consent": GRANTED}])
        yield Known(house, f"{CONTACTS}/{told['id']}", told["addresses"][0]["id"])


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"phones": [{"number": "12"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": "0000000000"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": "+1 900 555 0123"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": "+999 12345678"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": "1.41556E+10"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": "call me"}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": ""}]}, "invalid_phone", "phones.0.number"),
        ({"phones": [{"number": PHONE}, {"number": "+4930123456"}]}, "country_not_allowed", "phones.1.number"),
        ({"mailboxes": [{"address": "ada@"}]}, "invalid_mailbox", "mailboxes.0.address"),
        ({"mailboxes": [{"address": "Ada <ada@example.com>"}]}, "invalid_mailbox", "mailboxes.0.address"),
        ({"zone": "America/Gotham"}, "unknown_zone", "zone"),
        ({"zone": "../../etc/passwd"}, "unknown_zone", "zone"),
        ({"name": "Ada\x00"}, "invalid_request", "name"),
        ({"name": 7}, "invalid_request", "name"),
        ({"name": "x" * 201}, "invalid_request", "name"),
        ({"locale": "klingon!"}, "invalid_request", "locale"),
        ({"tags": "vip"}, "invalid_request", "tags"),
        ({"tags": [""]}, "invalid_request", "tags.0"),
        ({"external_id": ""}, "invalid_request", "external_id"),
        ({"phone": PHONE}, "invalid_request", "phone"),
        ({"phones": [PHONE]}, "invalid_request", "phones.0"),
        ({"phones": [{"number": 14155550101}]}, "invalid_request", "phones.0.number"),
        (
            {"phones": [{"number": PHONE, "consent": {"source": "api"}}]},
            "invalid_request",
            "phones.0.consent.wording",
        ),
        (
            {"phones": [{"number": PHONE, "consent": {**GRANTED, "at": "2999-01-01T00:00:00Z"}}]},
            "invalid_request",
            "phones.0.consent.at",
        ),
        (
            {"phones": [{"number": PHONE, "consent": {**GRANTED, "at": 1764460800}}]},
            "invalid_request",
            "phones.0.consent.at",
        ),
    ],
)
async def test_what_is_wrong_is_named_and_nobody_is_kept(
    known: Known, changes: Mapping[str, Any], code: str, path: str
):
    error = await refused(known.house, "POST", CONTACTS, 422, json=ADA | changes)
    assert error["code"] == code
    assert any(told == path or told.startswith(f"{path}.") for told in paths(error)), error
    assert await known.is_alone()


@pytest.mark.parametrize("query", ["?state=asleep", "?kind=fax", "?limit=0", "?limit=501", "?page=x", "?taag=vip"])
async def test_a_question_that_nobody_can_answer_is_refused(known: Known, query: str):
    await refused(known.house, "GET", CONTACTS + query, 422)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"event": "confirmed"}, "event"),
        ({"event": "imported"}, "event"),
        ({"source": "hearsay"}, "source"),
        ({"wording": None}, "wording"),
        ({"wording": "a\x00b"}, "wording"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"at": "2026-11-01"}, "at"),
        ({"at": 5}, "at"),
        ({"address": "phone"}, "address"),
        ({"ip": "203.0.113.9"}, "ip"),
    ],
)
async def test_what_nobody_can_have_said_is_refused(known: Known, changes: dict[str, Any], path: str):
    consents = f"{known.path}/consents"
    entry = {"address": known.phone, "event": "granted", **GRANTED} | changes
    assert path in paths(await refused(known.house, "POST", consents, 422, json=entry))
    assert len((await asked(known.house, "GET", consents))["consents"]) == 1


@pytest.mark.parametrize(
    ("place", "body", "path"),
    [
        ("browsers", {**BROWSER, "endpoint": "http://push.example/1"}, "endpoint"),
        ("browsers", {**BROWSER, "endpoint": "https://me@push.example/1"}, "endpoint"),
        ("browsers", {**BROWSER, "keys": {"p256dh": POINT, "auth": "short"}}, "keys.auth"),
        ("browsers", {**BROWSER, "keys": {}}, "keys.p256dh"),
        ("browsers", {**BROWSER, "more": 1}, "more"),
    ],
)
async def test_what_is_no_browser_is_refused(known: Known, place: str, body: dict[str, Any], path: str):
    assert path in paths(await refused(known.house, "POST", f"{known.path}/{place}", 422, json=body))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"kind": "apns"}, "kind"),
        ({"value": "a b"}, "value"),
        ({"value": ""}, "value"),
        ({"sounds": "siren"}, "sounds"),
    ],
)
async def test_what_is_no_device_is_refused(known: Known, changes: dict[str, Any], path: str):
    error = await refused(known.house, "PUT", f"{known.path}/devices/x", 422, json=DEVICE | changes)
    assert path in paths(error)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("vip", {"tag": "vip"}),
        ("discord:vip", {"tag": "vip"}),
        ("sms:", {"tag": "vip"}),
        ("sms:vip", {}),
        ("sms:vip", {"tag": "vip", "contacts": []}),
        ("sms:vip", {"tag": ""}),
        ("sms:vip", {"tag": "vip", "max_recipients": 0}),
        ("sms:vip", {"tag": "vip", "max_recipients": "3"}),
        ("sms:vip", {"tag": "vip", "max_recipients": True}),
        ("sms:vip", {"tag": "vip", "fair": "first"}),
        ("sms:vip", {"contacts": ["ada"]}),
    ],
)
async def test_what_is_no_list_is_refused(known: Known, name: str, body: dict[str, Any]):
    await refused(known.house, "PUT", f"{LISTS}/{name}", 422, json=body)
    assert (await asked(known.house, "GET", LISTS))["lists"] == []


@pytest.mark.parametrize(
    "body", [{}, {"reason": "x"}, {"number": PHONE}, {"number": PHONE, "address": MAILBOX, "reason": "x"}]
)
async def test_a_suppression_is_of_one_address_and_has_a_reason(known: Known, body: dict[str, Any]):
    await refused(known.house, "POST", SUPPRESSIONS, 422, json=body)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"a,b,c\n1,2,3\n", b"\x89PNG\r\n\x1a\n", b"phone,mobile\n1,2\n", b"[]", b"<html></html>"]
)
async def test_what_is_no_file_of_people_is_refused_whole(known: Known, content: bytes):
    error = await refused(known.house, "POST", f"{CONTACTS}/import", 422, data=content)
    assert error["code"] == "invalid_request"


async def test_no_fact_tells_whom_a_refused_request_was_about(known: Known):
    private = ("discord:4711", "lovelace", "5550199")
    taken = ADA | {"external_id": "known", "phones": [{"number": OTHER}]}
    for status, draft in (
        (422, {"external_id": "discord:4711", "mailboxes": [{"address": "ada lovelace@example.com"}]}),
        (422, {"phones": [{"number": "+1 415 5550199 999"}], "zone": "lovelace"}),
        (409, taken),
    ):
        await refused(known.house, "POST", CONTACTS, status, json=draft)
    told = [fact for fact in known.house.facts if isinstance(fact, Turned)]
    assert len(told) >= 3
    assert not [word for word in (*private, OTHER, "'known'") if word in repr(told)]
