"""One product, many retailers: the second joins the message of the first, quietly, and nothing gets lost on the way."""

import asyncio
from typing import Any

import pytest
from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin import Receipt
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.facts import LaneClosed
from tocsin.sandbox import Fault
from tocsin.sandbox.discord.guild import Message

CARD = "RTX 5090"
PRODUCTS = {"rtx-5090": {"skus": ["bestbuy:A1", "newegg:B2", "walmart:C3"]}}
SHOPS = {"bestbuy": "A1", "newegg": "B2", "walmart": "C3"}


async def open_town(town: ServiceRig, **webhook: Any) -> ServiceRig:
    url = town.sandbox.discord.webhook("general")
    hooks = {"general": {"url": url, **webhook}}
    return await town.open(discord={"join": "30m", "webhooks": hooks}, products=PRODUCTS)


async def in_stock(town: ServiceRig, shop: str, **fields: Any) -> Receipt:
    sku = SHOPS[shop]
    return await town.report(CARD, sku=sku, retailer=shop, url=f"https://{shop}.example/{sku}", **fields)


async def told(town: ServiceRig, shop: str, **fields: Any) -> Receipt:
    """In stock there, and standing in Discord."""
    receipt = await in_stock(town, shop, **fields)
    await town.settled(receipt, DeliveryState.SENT)
    return receipt


async def sells_out(town: ServiceRig, receipt: Receipt) -> None:
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")


def messages(town: ServiceRig) -> list[Message]:
    return town.room("general").messages


def shops(message: Message) -> list[str]:
    return [embed["author"]["name"] for embed in message.embeds]


def edits(town: ServiceRig) -> list[Any]:
    return [entry for entry in town.sandbox.journal if entry.action == "edit"]


async def nothing_is_left_to_edit(town: ServiceRig) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await town.alerts.ledger.queue.edits(frozenset({Target("discord", "general")})):
            await town.alerts.pipeline.sending.editor.look()


async def test_a_second_retailer_joins_the_message_of_the_first(town: ServiceRig):
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


async def test_a_second_retailer_waits_for_a_message_that_is_on_its_way(town: ServiceRig):
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


async def test_only_the_embed_of_the_shop_that_is_sold_out_changes(town: ServiceRig):
    await open_town(town)
    first, second = await told(town, "bestbuy"), await told(town, "newegg")
    await sells_out(town, first)
    message = await town.room("general").expect_edit(f"~~{CARD}~~")
    assert [embed["title"] for embed in message.embeds] == [f"~~{CARD}~~", f"🚨 {CARD} IN STOCK!"]
    assert [button["url"] for row in message.shown["components"] for button in row["components"]] == [
        "https://newegg.example/B2"
    ]
    third = await told(town, "walmart")
    assert shops(message) == ["bestbuy", "newegg", "walmart"]
    for receipt in (second, third):
        await sells_out(town, receipt)
    await town.sandbox.journal.until(lambda: message.text.count("**Sold out**") == 3 or None)


async def test_a_message_with_nothing_left_to_buy_is_joined_no_more(town: ServiceRig):
    await open_town(town)
    await sells_out(town, await told(town, "bestbuy"))
    await told(town, "newegg")
    assert [shops(message) for message in messages(town)] == [["bestbuy"], ["newegg"]]


async def test_what_is_news_about_a_shop_that_is_shown_already_is_a_message_of_its_own(town: ServiceRig):
    await open_town(town)
    await told(town, "bestbuy")
    await told(town, "newegg")
    await told(town, "bestbuy", price="999.99")
    assert [shops(message) for message in messages(town)] == [["bestbuy", "newegg"], ["bestbuy"]]


@pytest.mark.parametrize("join", [0, "1ms"])
async def test_a_message_that_is_older_is_not_joined(town: ServiceRig, join: int | str):
    await open_town(town, join=join)
    await told(town, "bestbuy")
    await told(town, "newegg")
    assert len(messages(town)) == 2
    assert not edits(town)


async def test_what_belongs_to_no_product_joins_nothing(town: ServiceRig):
    await open_town(town)
    await told(town, "bestbuy")
    await town.settled(await town.report(CARD, sku="D4", retailer="newegg"), DeliveryState.SENT)
    assert len(messages(town)) == 2


async def test_who_may_ring_out_goes_out_by_itself_as_long_as_the_budget_lasts(town: ServiceRig):
    rule = {"match": {"types": ["in_stock"]}, "everyone": True, "budget": "2/10m"}
    await open_town(town, mentions=[rule])
    for shop in SHOPS:
        await told(town, shop)
    executed = [entry.body for entry in town.sandbox.journal if entry.action == "execute"]
    assert [body["content"].startswith("@everyone") for body in executed] == [True, True]
    assert [shops(message) for message in messages(town)] == [["bestbuy"], ["newegg", "walmart"]]


async def test_a_message_that_somebody_deleted_is_followed_by_a_new_one_which_is_joined(town: ServiceRig):
    await open_town(town)
    await told(town, "bestbuy")
    town.sandbox.discord.guild.delete(messages(town)[0])
    second = await told(town, "newegg")
    await told(town, "walmart")
    assert [shops(message) for message in messages(town)] == [["newegg", "walmart"]]
    assert [entry.status for entry in edits(town)] == [404, 200]
    (delivery,) = await town.deliveries(second)
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["refused", "sent"]
    assert not town.sandbox.journal.repeated()


NO_MORE = Fault.status(429, '{"code": 30046, "message": "Maximum number of edits to messages older than 1 hour"}')
MINDED = Fault.status(400, '{"code": 50035, "message": "Invalid Form Body"}')


@pytest.mark.parametrize("fault", [NO_MORE, MINDED], ids=["a limit of edits", "a refusal"])
async def test_where_an_edit_is_refused_the_alert_leaves_by_itself_at_once(town: ServiceRig, fault: Fault):
    await open_town(town)
    await told(town, "bestbuy")
    town.sandbox.faults.next("discord", fault, times=None, action="edit")
    await told(town, "newegg")
    assert [shops(message) for message in messages(town)] == [["bestbuy"], ["newegg"]]
    assert not [fact for fact in town.facts if isinstance(fact, LaneClosed)]


@pytest.mark.parametrize("fault", [Fault.lost("reset"), Fault.reset()], ids=["taken", "not taken"])
async def test_a_join_whose_answer_was_lost_is_made_again_and_flags_nothing(town: ServiceRig, fault: Fault):
    await open_town(town)
    first = await told(town, "bestbuy")
    town.sandbox.faults.next("discord", fault, action="edit")
    second = await told(town, "newegg", priority=3)
    (message,) = messages(town)
    assert shops(message) == ["bestbuy", "newegg"]
    (delivery,) = await town.deliveries(second)
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["unknown", "joined"]
    assert not delivery["possibly_repeated"]
    assert not town.sandbox.journal.repeated()
    assert (await town.deliveries(first))[0]["state"] == "sent"


async def test_an_edit_that_overtakes_a_join_is_made_good(hasty: ServiceRig):
    """Sold out is shown by an edit that knows nothing of the shop that joins meanwhile, and arrives after it."""
    await open_town(hasty)
    first = await told(hasty, "bestbuy")
    await told(hasty, "newegg")
    hasty.sandbox.faults.next("discord", Fault.hang(), action="edit")
    await sells_out(hasty, first)
    await hasty.sandbox.faults.expect_hanging()
    await told(hasty, "walmart")
    (message,) = messages(hasty)
    assert shops(message) == ["bestbuy", "newegg", "walmart"]
    hasty.sandbox.faults.release()
    await hasty.sandbox.journal.until(lambda: len(edits(hasty)) >= 3 or None)
    assert shops(message) == ["bestbuy", "newegg"], "the edit came last"
    await hasty.sandbox.journal.until(lambda: len(edits(hasty)) >= 4 or None)
    await nothing_is_left_to_edit(hasty)
    assert shops(message) == ["bestbuy", "newegg", "walmart"]
    assert message.text.count("**Sold out**") == 1


async def test_what_sells_out_while_somebody_joins_its_message_is_struck_afterwards(town: ServiceRig):
    await open_town(town)
    first = await told(town, "bestbuy")
    town.sandbox.faults.next("discord", Fault.hang(), action="edit")
    second = await in_stock(town, "newegg")
    await town.sandbox.faults.expect_hanging()
    await sells_out(town, first)
    await sells_out(town, second)
    town.sandbox.faults.release()
    await town.settled(second, DeliveryState.SENT)
    (message,) = messages(town)
    await town.sandbox.journal.until(lambda: message.text.count("**Sold out**") == 2 or None)
    assert shops(message) == ["bestbuy", "newegg"]
