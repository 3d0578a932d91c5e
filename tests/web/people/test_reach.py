"""How many a list would tell at this moment."""

from dataclasses import replace
from typing import Any

from tests.web.house import House
from tests.web.people.desk import CONTACTS, asked, imported

from tocsin.core.address import AddressKind
from tocsin.core.delivery import Target
from tocsin.rules.audience import ListPolicy
from tocsin.rules.routing import TargetPolicy

VIP, EVERYONE = Target("sms", "vip"), Target("sms", "everyone")
PROVEN = "2026-11-01,form,Text me about restocks."
FILE = f"""name,phone,tags,consent_at,consent_source,consent_text
Ada,+14155550101,vip,{PROVEN}
Bob,+14155550102,vip,{PROVEN}
Cyd,+14155550103,vip,{PROVEN}
Dan,+14155550104,vip,,,
Eve,+14155550105,,{PROVEN}
"""


def told_by(house: House, name: Target = VIP, *, most: int | None) -> None:
    """A channel tells the list."""
    people = ListPolicy(kinds=frozenset({AddressKind.PHONE}), tag="vip" if name == VIP else None, most=most)
    book = house.services.active.rulebook
    target = TargetPolicy(target=name, lane="sms:main", people=people)
    routing = replace(book.routing, targets={**book.routing.targets, name: target})
    house.services.active.rulebook = replace(book, routing=routing)


async def reach(house: House) -> tuple[Any, Any]:
    told = await asked(house, "GET", "/api/v1/lists/sms:vip")
    return told["reachable"], told["told_now"]


async def test_a_list_of_a_call_says_it_where_its_channel_tells_people(house: House):
    book = house.services.active.rulebook
    usual = TargetPolicy(
        target=Target("sms", "everyone"),
        lane="sms:main",
        people=ListPolicy(kinds=frozenset({AddressKind.PHONE}), most=1, given=True),
    )
    house.services.active.rulebook = replace(book, routing=replace(book.routing, lists={"sms": usual}))
    await imported(house, FILE)
    kept = await asked(house, "PUT", "/api/v1/lists/sms:vip", 201, json={"tag": "vip"})
    assert (kept["reachable"], kept["told_now"]) == (3, 1)
    (ada,) = (await asked(house, "GET", f"{CONTACTS}?q=Ada"))["contacts"]
    await asked(house, "PUT", "/api/v1/lists/sms:vip", json={"contacts": [ada["id"]], "max_recipients": 7})
    assert await reach(house) == (1, 1)


async def test_everyone_is_shown_as_a_call_keeps_it_and_as_given_again_once_that_is_forgotten(house: House):
    book = house.services.active.rulebook
    given = ListPolicy(kinds=frozenset({AddressKind.PHONE}), given=True)
    usual = TargetPolicy(target=EVERYONE, lane="sms:main", people=given)
    routing = replace(book.routing, lists={"sms": usual}, targets={**book.routing.targets, EVERYONE: usual})
    house.services.active.rulebook = replace(book, routing=routing)
    await imported(house, FILE)
    for change, expected in ((("PUT", 201), (3, "vip", False)), (("DELETE", 200), (4, None, True))):
        body = {"json": {"tag": "vip"}} if change[0] == "PUT" else {}
        await asked(house, change[0], "/api/v1/lists/sms:everyone", change[1], **body)
        shown = await asked(house, "GET", "/api/v1/lists/sms:everyone")
        assert (shown["told_now"], shown.get("tag"), shown["from_configuration"]) == expected


async def test_a_list_says_how_many_it_would_tell_now(house: House):
    await asked(house, "PUT", "/api/v1/lists/sms:vip", 201, json={"tag": "vip"})
    assert await reach(house) == (None, None), "no channel tells it"
    await imported(house, FILE)
    told_by(house, most=2)
    assert await reach(house) == (3, 2), "whoever has not confirmed is not told"
    told_by(house, most=None)
    assert await reach(house) == (3, 3)
    (ada,) = (await asked(house, "GET", f"{CONTACTS}?q=Ada"))["contacts"]
    withdrawn = {"address": ada["addresses"][0]["id"], "event": "withdrawn", "source": "operator"}
    await asked(house, "POST", f"{CONTACTS}/{ada['id']}/consents", 201, json=withdrawn)
    assert await reach(house) == (2, 2)
    (bob,) = (await asked(house, "GET", f"{CONTACTS}?q=Bob"))["contacts"]
    await asked(house, "PATCH", f"{CONTACTS}/{bob['id']}", json={"paused_until": "2999-01-01T00:00:00Z"})
    listed = await asked(house, "GET", "/api/v1/lists")
    assert [(each["target"], each["told_now"]) for each in listed["lists"]] == [("sms:vip", 1)]


async def test_a_list_that_a_channel_has_of_itself_is_among_them(house: House):
    await imported(house, FILE)
    told_by(house, EVERYONE, most=None)
    (everyone,) = (await asked(house, "GET", "/api/v1/lists"))["lists"]
    assert (everyone["target"], everyone["told_now"], everyone["from_configuration"]) == ("sms:everyone", 4, True)
    assert not everyone.keys() & {"tag", "contacts"}
