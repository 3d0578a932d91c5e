"""Where in Discord an alert goes: webhooks by band, type and retailer, threads, and posts of forums."""

from typing import Any

from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import TargetDisabled


def hooks(town: ServiceRig, *names: str, **settings: Any) -> dict[str, Any]:
    return {name: {"url": town.sandbox.discord.webhook(name), **settings} for name in names}


async def test_a_retailer_has_a_webhook_of_its_own(town: ServiceRig):
    retailers = {"bestbuy": {"name": "Best Buy", "to": ["discord:best_buy"], "aliases": ["BB"]}}
    await town.open(discord={"webhooks": hooks(town, "best_buy", "general")}, retailers=retailers)
    await town.report("RTX 5090", retailer="BB")
    await town.report("PS5 Pro", retailer="newegg")
    own = await town.room("best_buy").expect("RTX 5090")
    assert own.embeds[0]["author"]["name"] == "Best Buy"
    await town.room("general").expect("RTX 5090")
    await town.room("general").expect("PS5 Pro")
    assert len(town.room("best_buy").messages) == 1


async def test_each_type_has_a_webhook_of_its_own(town: ServiceRig):
    names = ("in_stock", "price_drop", "restock_soon", "back_order")
    routes = [{"name": name, "match": {"types": [name]}, "to": [f"discord:{name}"]} for name in names]
    await town.open(discord={"webhooks": hooks(town, *names)}, routes=routes)
    for name in names:
        await town.report(f"Product {names.index(name)}", type=name)
    for name in names:
        await town.room(name).expect(f"Product {names.index(name)}")
        assert len(town.room(name).messages) == 1


async def test_a_message_goes_into_its_thread_and_is_edited_there(town: ServiceRig):
    thread = town.sandbox.discord.thread("general", "GPUs")
    await town.open(discord={"webhooks": hooks(town, "general", thread_id=thread)})
    receipt = await town.report("RTX 5090")
    assert (await town.room("general").expect("RTX 5090")).channel_id == thread
    await town.settled(receipt, DeliveryState.SENT)
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")
    assert (await town.room("general").expect_edit("RTX 5090")).channel_id == thread


async def test_each_message_to_a_forum_is_a_post(town: ServiceRig):
    town.sandbox.discord.webhook("general", forum=True)
    await town.open(discord={"webhooks": hooks(town, "general", thread_name="Restocks")})
    first, second = await town.report("RTX 5090"), await town.report("PS5 Pro")
    posts = {(await town.room("general").expect(name)).channel_id for name in ("RTX 5090", "PS5 Pro")}
    channel = town.sandbox.discord.guild.webhook("general").channel
    assert posts == set(channel.threads)
    assert set(channel.threads.values()) == {"Restocks"}
    for receipt in (first, second):
        await town.settled(receipt, DeliveryState.SENT)
    await town.call("POST", f"/api/v1/alerts/{first.id}/close")
    assert "Sold out" in (await town.room("general").expect_edit("RTX 5090")).text


async def test_a_forum_without_a_post_to_write_to_is_told_and_called_once(town: ServiceRig):
    town.sandbox.discord.webhook("general", forum=True)
    await town.open(discord={"webhooks": hooks(town, "general")})
    await town.settled(await town.report("RTX 5090"), DeliveryState.REFUSED)
    disabled = await town.told(TargetDisabled)
    assert "220001" in disabled.detail
    await town.report("PS5 Pro")
    assert len([entry for entry in town.sandbox.journal if entry.action == "execute"]) == 1
