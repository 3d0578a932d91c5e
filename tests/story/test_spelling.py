"""One product, spelled as detectors, operators and readers happen to spell it: it is one product at every door."""

from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

import pytest
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin import Client
from tocsin.core.decision import Decision
from tocsin.core.errors import InvalidRequestError

# What a page, a spreadsheet and a Mac make of the same words.
SKUS = ["POKÉ-151", " POKE\u0301-151\n", "\ufeffPOKÉ-151\u200b", "POKÉ\u00ad-151\t"]
SHOPS = ["Pokémon Center", "POKE\u0301MON  CENTER", "\u00a0pokémon\u00a0center", "pokemon-center"]
VARIANTS = ["Größe M", "Gro\u0308ße\u00a0 M", " Größe M\u200b", "Größe\tM"]
SELLERS = ["Café", "Cafe\u0301", "Café ", "\u2060Café"]
SPELLINGS = list(zip(SKUS, SHOPS, VARIANTS, SELLERS, strict=True))
RETAILERS = {"poke": {"name": "Pokémon Center", "aliases": ["pokemon-center"]}}


def names(spelling: tuple[str, ...]) -> dict[str, Any]:
    return dict(zip(("sku", "retailer", "variant", "seller"), spelling, strict=True))


def detection(spelling: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "in_stock", "price": "59.99", **names(spelling)}


async def test_every_spelling_is_the_same_episode_at_every_door(town: ServiceRig):
    await town.open(retailers=RETAILERS)
    first = await town.alerts.send_alert(**detection(SPELLINGS[0]))
    stored = await town.get(f"/api/v1/alerts/{first.id}")
    assert [stored[name] for name in ("sku", "retailer", "variant", "seller")] == [
        "POKÉ-151",
        "poke",
        "Größe M",
        "Café",
    ]
    async with Client(town.alerts.url, TOKEN) as client, Socket() as socket:
        await socket.connect(town.alerts.url, auth={"token": TOKEN})
        for spelling in SPELLINGS:
            assert (await town.alerts.send_alert(**detection(spelling))).duplicate_of == first.id
            assert (await client.send_alert(**detection(spelling))).duplicate_of == first.id
            told = await town.call("POST", "/api/v1/alerts", [detection(spelling)], status=202)
            assert told["results"][0]["duplicate_of"] == str(first.id)
            assert (await socket.call("send_alert", detection(spelling)))["duplicate_of"] == str(first.id)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_every_spelling_ends_the_episode_at_every_door(town: ServiceRig, spelling: tuple[str, ...]):
    await town.open(retailers=RETAILERS, dedup={"reopen_after_close": "0s"})
    await town.alerts.send_alert(**detection(SPELLINGS[0]))
    assert len((await town.call("POST", "/api/v1/stock", {**names(spelling), "in_stock": False}))["closed"]) == 1
    await town.alerts.send_alert(**detection(SPELLINGS[0]))
    assert await town.alerts.close(**names(spelling)) == 1


async def test_sold_out_takes_names_as_alerts_do_and_says_what_is_wrong_in_the_same_words(town: ServiceRig):
    await town.open()
    blank = {"sku": "1", "retailer": "bestbuy"}
    receipt = await town.alerts.send_alert(type="in_stock", price=1, **blank)
    told = await town.call("POST", "/api/v1/stock", {**blank, "variant": None, "seller": " \u200b"})
    assert told["closed"] == [str(receipt.id)]
    wrong: dict[str, Any] = {"sku": 6634940, "retailer": " ", "variant": "x" * 129, "seller": "a\x00b"}
    alert = await town.call("POST", "/api/v1/alerts", {"type": "in_stock", "price": 1, **wrong}, status=422)
    stock = await town.call("POST", "/api/v1/stock", wrong, status=422)
    assert stock["error"]["details"] == alert["error"]["details"]
    with pytest.raises(InvalidRequestError) as problem:
        await town.alerts.close(**wrong)
    assert [detail.as_json() for detail in problem.value.details] == stock["error"]["details"]


@pytest.mark.parametrize("place", range(4))
async def test_the_configuration_may_spell_it_in_any_way(town: ServiceRig, place: int):
    sku, shop = SKUS[place], SHOPS[place]
    await town.open(
        retailers=RETAILERS,
        alerts={
            "filters": {"priority_skus": [sku], "excluded_retailers": ["ELDORADO\u00a0 shop"]},
        },
        products={"cards": {"family": "games", "skus": [f"{shop}:{sku}"]}},
        routes=[
            {"name": "cards", "match": {"skus": [f"{shop}:{sku}"], "retailers": [shop]}, "to": ["discord:general"]}
        ],
    )
    for spelling in SPELLINGS:
        told = await town.call("POST", "/api/v1/routes/test", detection(spelling))
        assert (told["priority"], [target["target"] for target in told["targets"]]) == (10, ["discord:general"])
    excluded = await town.alerts.send_alert(type="in_stock", sku="1", retailer=" Eldorado Shop\n", price=1)
    assert excluded.decision is Decision.FILTERED
    receipt = await town.alerts.send_alert(**detection(SPELLINGS[0]))
    for asked in (f"skus={quote(sku)}", f"skus={quote(f'{shop}:{sku}')}", f"retailers={quote(shop)}", "products=cards"):
        listed = await town.get(f"/api/v1/alerts?decision=accepted&{asked}")
        assert [alert["id"] for alert in listed["alerts"]] == [str(receipt.id)], asked


async def test_whoever_listens_may_spell_it_in_any_way(town: ServiceRig):
    await town.open(retailers=RETAILERS)
    matches = [
        match
        for place in range(4)
        for match in (
            {"skus": [SKUS[place]]},
            {"retailers": [SHOPS[place]]},
            {"skus": [f"{SHOPS[place]}:{SKUS[place]}"]},
        )
    ]
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(Socket()) for _ in matches]
        for socket, match in zip(sockets, matches, strict=True):
            await socket.connect(town.alerts.url, auth={"token": TOKEN, "subscribe": match})
        receipt = await town.alerts.send_alert(**detection(SPELLINGS[1]))
        for socket in sockets:
            event, alert = await socket.receive(timeout=DEADLINE_S)
            assert (event, alert["id"]) == ("alert", str(receipt.id))


async def test_a_monitor_names_its_retailer_and_skus_as_alerts_do(town: ServiceRig):
    await town.open()
    watch = {"retailer": " Best Buy\n", "skus": SKUS[1:2], "interval": 30}
    told = await town.call("PUT", "/api/v1/monitors/m", watch)
    assert (told["retailer"], told["skus"]) == ("Best Buy", ["POKÉ-151"])
    told = await town.call(
        "PUT", "/api/v1/monitors/m", {"retailer": "\u200b", "skus": [6634940], "interval": 1}, status=422
    )
    assert told["error"]["details"] == [
        {"path": "retailer", "message": "must not be blank"},
        {"path": "skus.0", "message": "must be a string, not a number: put it in quotes"},
    ]
