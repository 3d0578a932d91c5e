"""One product, many retailers: the second joins the message of the first, quietly, and nothing gets lost on the way."""

from typing import Any

import pytest
from tests.story.town import Town

from tocsin import Receipt
from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault
from tocsin.sandbox.discord.guild import Message

CARD = "RTX 5090"
PRODUCTS = {"rtx-5090": {"skus": ["bestbuy:A1", "newegg:B2", "walmart:C3"]}}
SHOPS = {"bestbuy": "A1", "newegg": "B2", "walmart": "C3"}


async def open_town(town: Town, **webhook: Any) -> Town:
    url = town.sandbox.discord.webhook("general")
    hooks = {"general": {"url": url, **webhook}}
    return await town.open(discord={"join": "30m", "webhooks": hooks}, products=PRODUCTS)


async def in_stock(town: Town, shop: str, **fields: Any) -> Receipt:
    sku = SHOPS[shop]
    return await town.report(CARD, sku=sku, retailer=shop, url=f"https://{shop}.example/{sku}", **fields)


async def told(town: Town, shop: str, **fields: Any) -> Receipt:
    """In stock there, and standing in Discord."""
    receipt = await in_stock(town, shop, **fields)
    await town.settled(receipt, DeliveryState.SENT)
    return receipt


async def sells_out(town: Town, receipt: Receipt) -> None:
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")


def messages(town: Town) -> list[Message]:
    return town.room("general").messages


def shops(message: Message) -> list[str]:
    return [embed["author"]["name"] for embed in message.embeds]


def edits(town: Town) -> list[Any]:
    return [entry for entry in town.sandbox.journal if entry.action == "edit"]


async def test_a_second_retailer_joins_the_message_of_the_first(town: Town):
    await open_town(town)
    first = await told(town, "bestbuy")
    second = await told(town, "newegg")
    (message,) = messages(town)
    assert shops(message) == ["bestbuy", "newegg"]
    buttons = [button["url"] for row in message.shown["components"] for button in row["components"]]
    assert buttons == ["https://bestbuy.example/A1", "https://newegg.example/B2"]
    story = await town.get(f"/api/v1/alerts/{second.id}")
    assert f"joined the message of alert {first.id}" in story["timeline"][-1]["detail"]
    assert [attempt["outcome"] for attempt in story["deliveries"][0]["attempts"]] == ["joined"]
    assert (story["deliveries"][0]["state"], story["deliveries"][0]["possibly_repeated"]) == ("sent", False)


async def test_a_second_retailer_waits_for_a_message_that_is_on_its_way(town: Town):
    await open_town(town)
    town.sandbox.faults.next("discord", Fault.hang(), action="execute")
    first = await in_stock(town, "bestbuy")
    await town.sandbox.faults.expect_hanging()
    second, third = await in_stock(town, "newegg"), await in_stock(town, "walmart")
    other = await town.report("PS5 Pro")
    await town.settled(other, DeliveryState.SENT)
    town.sandbox.faults.release()
    for receipt in (first, second, third):
        await town.settled(receipt, DeliveryState.SENT)
    assert sorted(map(shops, messages(town))) == [["bestbuy"], ["bestbuy", "newegg", "walmart"]]
