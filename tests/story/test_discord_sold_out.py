"""Sold out is shown where the alert was shown: quietly, with what the budget leaves over, whatever comes between."""

from typing import Any

from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import Attempted, LaneClosed, TargetDisabled
from tocsin.sandbox import Fault

STRUCK = "~~RTX 5090~~"


async def shown(town: ServiceRig, name: str = "RTX 5090", **fields: Any) -> str:
    """An alert that stands in Discord; its id."""
    receipt = await town.report(name, **fields)
    await town.settled(receipt, DeliveryState.SENT)
    return str(receipt.id)


async def sells_out(town: ServiceRig, alert: str) -> None:
    await town.call("POST", f"/api/v1/alerts/{alert}/close")


def edits(town: ServiceRig) -> list[Any]:
    return [entry for entry in town.sandbox.journal if entry.action == "edit"]


async def test_the_message_is_edited_in_place_and_rings_out_to_nobody_again(town: ServiceRig):
    await town.open()
    await sells_out(town, await shown(town))
    message = await town.room().expect_edit(STRUCK)
    (embed,) = message.embeds
    assert (embed["title"], embed["color"]) == (STRUCK, 0x747F8D)
    assert embed["description"].startswith("**Sold out** after ")
    assert not message.shown["components"]
    (edit,) = edits(town)
    assert edit.body["content"] == ""
    assert edit.body["allowed_mentions"] == {"parse": []}
    assert len(town.room().messages) == 1


async def test_each_alert_of_a_joined_message_is_struck_when_its_own_product_is_gone(town: ServiceRig):
    await town.open()
    alerts = [
        {"type": "in_stock", "sku": sku, "retailer": "bestbuy", "price": 9, "product_name": f"Card {sku}"}
        for sku in ("A1", "B2", "C3")
    ]
    told = await town.call("POST", "/api/v1/alerts", alerts, status=202)
    (message,) = await town.room().expect_count(1)
    references = message.references
    await town.until(lambda: any(isinstance(fact, Attempted) for fact in town.facts) or None)
    await sells_out(town, told["results"][1]["id"])
    message = await town.room().expect_edit("~~Card B2~~")
    assert [embed["title"] for embed in message.embeds] == [
        "🚨 Card A1 IN STOCK!",
        "~~Card B2~~",
        "🚨 Card C3 IN STOCK!",
    ]
    await sells_out(town, told["results"][0]["id"])
    message = await town.room().expect_edit("~~Card A1~~")
    assert message.text.count("**Sold out**") == 2
    assert message.references == references


async def test_what_sells_out_while_its_message_is_on_the_way_is_edited_once_it_stands(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.hang(), action="execute")
    receipt = await town.report()
    await town.sandbox.faults.expect_hanging()
    await sells_out(town, str(receipt.id))
    town.sandbox.faults.release()
    await town.room().expect_edit(STRUCK)


async def test_an_edit_that_is_due_survives_a_restart(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.status(503), times=None, action="edit")
    await sells_out(town, await shown(town))
    await town.sandbox.journal.until(lambda: edits(town) or None)
    await town.close()
    town.sandbox.faults.clear()
    await town.open()
    await town.room().expect_edit(STRUCK)


async def test_an_edit_waits_for_alerts(town: ServiceRig):
    await town.open(discord={"rate_limit": "2/1h"})
    await sells_out(town, await shown(town))
    await town.alerts.pipeline.sending.editor.look()
    await shown(town, "PS5 Pro")
    assert edits(town) == []


async def test_a_limit_of_edits_keeps_no_alert_waiting(town: ServiceRig):
    await town.open()
    older = Fault.status(429, '{"code": 30046, "message": "Maximum number of edits to messages older than 1 hour"}')
    town.sandbox.faults.next("discord", older, times=None, action="edit")
    await sells_out(town, await shown(town))
    await town.sandbox.journal.until(lambda: edits(town) or None)
    await town.report("PS5 Pro")
    await town.room().expect("PS5 Pro")
    assert not [fact for fact in town.facts if isinstance(fact, LaneClosed)]
    town.sandbox.faults.clear()
    await town.room().expect_edit(STRUCK)


async def test_edits_that_fail_open_no_breaker(hasty: ServiceRig):
    await hasty.open()
    hasty.sandbox.faults.next("discord", Fault.status(500), times=None, action="edit")
    for number in range(6):
        await sells_out(hasty, await shown(hasty, f"Product {number}"))
    await hasty.sandbox.journal.until(lambda: len(edits(hasty)) >= 6 or None)
    assert hasty.alerts.pipeline.sending.lanes.broken() == frozenset()


async def test_a_message_that_somebody_deleted_is_let_be(town: ServiceRig):
    await town.open()
    first, second = await shown(town), await shown(town, "PS5 Pro")
    town.sandbox.discord.guild.delete(town.room().messages[0])
    await sells_out(town, first)
    await town.sandbox.journal.until(lambda: edits(town) or None)
    await sells_out(town, second)
    await town.room().expect_edit("~~PS5 Pro~~")
    assert [entry.status for entry in edits(town)] == [404, 200]
    assert not [fact for fact in town.facts if isinstance(fact, TargetDisabled)]


async def test_a_post_of_a_forum_that_somebody_deleted_is_let_be(town: ServiceRig):
    url = town.sandbox.discord.webhook("general", forum=True)
    await town.open(discord={"webhooks": {"general": {"url": url, "thread_name": "Restocks"}}})
    alert = await shown(town)
    gone = Fault.status(404, '{"code": 10003, "message": "Unknown Channel"}')
    town.sandbox.faults.next("discord", gone, action="edit")
    await sells_out(town, alert)
    await town.sandbox.journal.until(lambda: edits(town) or None)
    await shown(town, "PS5 Pro")
    assert not [fact for fact in town.facts if isinstance(fact, TargetDisabled)]


async def test_a_webhook_whose_death_an_edit_finds_out_is_not_called_again(town: ServiceRig):
    await town.open()
    first, second = await shown(town), await shown(town, "PS5 Pro")
    town.sandbox.discord.kill("high_priority")
    await sells_out(town, first)
    assert str((await town.told(TargetDisabled)).target) == "discord:high_priority"
    await sells_out(town, second)
    (delivery,) = await town.deliveries(await town.report("Steam Deck"))
    await town.alerts.pipeline.sending.editor.look()
    assert (delivery["state"], delivery["why"]) == ("refused", "no_target")
    assert len(edits(town)) == 1
