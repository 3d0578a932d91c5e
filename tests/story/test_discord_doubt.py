"""A message whose answer was lost: looked for where a bot may look, and never repeated without being flagged."""

from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import DeliveryMoved
from tocsin.sandbox import Fault


async def test_a_message_that_a_bot_finds_is_not_sent_again(town: ServiceRig):
    await town.open(discord={"bot_token": town.sandbox.discord.bot_token})
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await town.report("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.SENT)
    assert (delivery.why, delivery.possibly_repeated, delivery.attempts) == ("found", False, 1)
    assert not town.sandbox.journal.repeated()
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")
    assert "Sold out" in (await town.room().expect_edit("RTX 5090")).text


async def test_all_alerts_of_a_joined_message_are_found_together(town: ServiceRig):
    await town.open(discord={"bot_token": town.sandbox.discord.bot_token})
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    alerts = [
        {"type": "in_stock", "sku": f"S{n}", "retailer": "bestbuy", "price": 9, "product_name": f"Card {n}"}
        for n in range(5)
    ]
    results = (await town.call("POST", "/api/v1/alerts", alerts, status=202))["results"]
    await town.until(
        lambda: sum(isinstance(fact, DeliveryMoved) and fact.why == "found" for fact in town.facts) == 5 or None
    )
    stories = [(await town.get(f"/api/v1/alerts/{told['id']}"))["deliveries"][0] for told in results]
    assert {(delivery["state"], delivery["why"]) for delivery in stories} == {("sent", "found")}
    assert not town.sandbox.journal.repeated()


async def test_a_bot_that_is_shown_emptied_messages_is_not_believed(town: ServiceRig):
    """Without the Message Content intent nothing can be recognised: sending again could repeat it."""
    town.sandbox.discord.bot_sees_content = False
    await town.open(discord={"bot_token": town.sandbox.discord.bot_token})
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.UNKNOWN)
    await town.sandbox.journal.until(lambda: any(entry.action == "list" for entry in town.sandbox.journal) or None)
    (delivery,) = await town.deliveries(receipt)
    assert delivery["state"] == "unknown"
    assert not town.sandbox.journal.repeated()


async def test_without_a_bot_an_important_alert_is_sent_again_and_flagged_once(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute", times=2)
    receipt = await town.report("RTX 5090", priority=9)
    delivery = await town.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert (delivery.possibly_repeated, delivery.attempts) == (True, 2)


async def test_without_a_bot_an_alert_that_matters_less_is_held(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await town.report("Steam Deck", type="restock_soon", price=None)
    delivery = await town.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert (delivery.why, delivery.attempts) == ("held", 1)
    assert not town.sandbox.journal.repeated()
