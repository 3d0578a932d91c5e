"""What people see when a provider misbehaves: nothing is lost, nothing is doubled, everything is explained."""

from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import TargetDisabled
from tocsin.sandbox import Fault


async def test_a_429_is_waited_for(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.too_many(0.3, "float"), action="execute")
    receipt = await town.report("RTX 5090")
    await town.room().expect("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.SENT)
    assert delivery.attempts == 2
    assert not town.sandbox.journal.repeated()


async def test_an_outage_is_outlived(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.status(503), action="execute", times=2)
    receipt = await town.report("RTX 5090")
    await town.room().expect("RTX 5090")
    assert (await town.settled(receipt, DeliveryState.SENT)).attempts == 3


async def test_a_dead_webhook_is_called_once_and_its_fallback_takes_over(town: ServiceRig):
    route = {"name": "all", "match": {}, "to": ["discord:high_priority"], "fallback": ["discord:general"]}
    await town.open(routes=[route])
    town.sandbox.discord.kill("high_priority")
    first = await town.report("RTX 5090")
    await town.room("general").expect("RTX 5090")
    disabled = await town.told(TargetDisabled)
    assert (str(disabled.target), disabled.why) == ("discord:high_priority", "target_gone")
    await town.report("PS5 Pro")
    await town.room("general").expect("PS5 Pro")
    calls = [entry for entry in town.sandbox.journal if (entry.target, entry.action) == ("high_priority", "execute")]
    assert len(calls) == 1
    states = {delivery["target"]: delivery["state"] for delivery in await town.deliveries(first)}
    assert states == {"discord:high_priority": "refused", "discord:general": "sent"}


async def test_a_disabled_target_is_shown_and_can_be_enabled_again(town: ServiceRig):
    await town.open()
    town.sandbox.discord.kill("high_priority")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.REFUSED)
    (discord,) = (await town.get("/api/v1/channels"))["channels"]
    shown = {target["target"]: target for target in discord["targets"]}
    assert shown["discord:high_priority"]["enabled"] is False
    assert shown["discord:high_priority"]["disabled"]["why"] == "target_gone"
    await town.call("POST", "/api/v1/channels/discord/targets/high_priority/enable")
    told = await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    assert (told["state"], told["status"]) == ("sent", 200)
    assert "Test alert" in (await town.room("general").expect("Test alert")).text


async def test_a_lost_answer_is_sent_again_and_flagged_where_it_matters(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await town.report("RTX 5090", priority=9)
    delivery = await town.settled(receipt, DeliveryState.SENT)
    assert delivery.possibly_repeated


async def test_a_lost_answer_is_held_where_a_repeat_would_be_worse(town: ServiceRig):
    await town.open(discord={"on_lost_answer": "hold"})
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await town.report("RTX 5090")
    delivery = await town.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert not town.sandbox.journal.repeated()
    await town.call("POST", f"/api/v1/deliveries/{delivery.id}/retry", status=202)
    await town.settled(receipt, DeliveryState.SENT)


async def test_the_most_important_leaves_first_when_the_budget_is_short(town: ServiceRig):
    route = {"name": "all", "match": {}, "to": ["discord:general"]}
    await town.open(routes=[route], discord={"rate_limit": "1/1s"})
    await town.report("Opens the window")
    await town.room("general").expect("Opens the window")
    for number in range(12):
        await town.report(f"Low {number}", type="back_order", priority=1, price=None)
    await town.report("RTX 5090", priority=10)
    await town.room("general").expect("RTX 5090")
    texts = [message.text for message in town.room("general").messages]
    assert "RTX 5090" in texts[1]
    assert texts[1].index("RTX 5090") < texts[1].index("Low 0")


async def test_a_stop_in_the_middle_loses_nothing(town: ServiceRig):
    await town.open()
    receipts = [await town.report(f"Product {number}") for number in range(20)]
    await town.close()
    await town.open()
    for receipt in receipts:
        (delivery,) = await town.deliveries(receipt)
        assert delivery["state"] in ("pending", "sending", "sent"), "what was under way is known, or leaves again"
    for number in range(20):
        await town.room().expect(f"Product {number}")
    assert not town.sandbox.journal.repeated()


async def test_two_webhooks_of_one_discord_channel_share_its_budget(town: ServiceRig):
    hooks = {name: town.sandbox.discord.webhook(name, channel="drops") for name in ("high_priority", "general")}
    route = {"name": "both", "match": {}, "to": ["discord:high_priority", "discord:general"]}
    await town.open(routes=[route], discord={"webhooks": hooks})
    await town.sandbox.journal.until(lambda: len(town.sandbox.journal) >= 2 or None)
    for number in range(40):
        await town.report(f"Product {number}")
    await town.room("high_priority").expect("Product 39")
    await town.room("general").expect("Product 39")
    assert town.sandbox.discord.limits.too_many == 0
