"""Discord's patience is never tried: what it says of waiting is heard by all whom it concerns, and the dead rest."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.story.service_rig import ServiceRig

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import LaneClosed, TargetDisabled
from tocsin.sandbox import Fault

AT_ONCE = 4  # requests of one lane that are under way together, and leave before the first of them is answered
BOTH = frozenset({"discord:high_priority", "discord:general"})


def calls(town: ServiceRig, name: str) -> int:
    return sum((entry.target, entry.action) == (name, "execute") for entry in town.sandbox.journal)


def closed(town: ServiceRig) -> frozenset[str]:
    return frozenset(fact.lane for fact in town.facts if isinstance(fact, LaneClosed))


@pytest.mark.parametrize("scope", ["user", "shared"])
async def test_a_limit_of_one_webhook_closes_its_lane_alone(town: ServiceRig, scope: Any):
    await town.open()
    limit = Fault.too_many(60, "seconds", scope)
    town.sandbox.faults.next("discord", limit, action="execute", target="high_priority")
    await town.report("RTX 5090")
    await town.told(LaneClosed)
    await town.report("Steam Deck", type="restock_soon", price=None)
    await town.room("general").expect("Steam Deck")
    assert closed(town) == {"discord:high_priority"}


async def test_a_global_limit_closes_every_lane(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.too_many(60, "seconds", "global"), action="execute")
    await town.report("RTX 5090")
    await town.told(LaneClosed)
    waiting = await town.report("Steam Deck", type="restock_soon", price=None)
    (delivery,) = await town.deliveries(waiting)
    assert closed(town) == BOTH
    assert (delivery["state"], delivery["attempts"], calls(town, "general")) == ("pending", [], 0)


async def test_the_page_of_a_ban_closes_every_lane_for_its_whole_time_and_is_told(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.ban(), times=None)
    receipt = await town.report("RTX 5090")
    told = await town.told(LaneClosed)
    assert closed(town) == BOTH
    assert told.until - datetime.now(UTC) > timedelta(minutes=9)
    await town.settled(receipt, DeliveryState.PENDING)
    (delivery,) = await town.deliveries(receipt)
    assert "1015" in delivery["attempts"][0]["answer"]
    asked = len(town.sandbox.journal)
    await town.report("Steam Deck", type="restock_soon", price=None)
    await town.report("PS5 Pro")
    (discord,) = (await town.get("/api/v1/channels"))["channels"]
    assert all(target["opens_in_s"] > 500 for target in discord["targets"])
    assert len(town.sandbox.journal) == asked


async def test_a_ban_that_an_edit_meets_closes_every_lane_too(town: ServiceRig):
    await town.open()
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.SENT)
    town.sandbox.faults.next("discord", Fault.ban(), times=None)
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")
    await town.told(LaneClosed)
    assert closed(town) == BOTH


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, '{"code": 10015, "message": "Unknown Webhook"}'),
        (401, '{"code": 50027, "message": "Invalid Webhook Token"}'),
        (401, ""),
        (404, '{"code": 10003, "message": "Unknown Channel"}'),
        (403, '{"code": 50013, "message": "Missing Permissions"}'),
        (403, '{"code": 50001, "message": "Missing Access"}'),
    ],
)
async def test_a_webhook_that_can_never_take_a_message_is_called_once(town: ServiceRig, status: int, body: str):
    await town.open()
    town.sandbox.faults.next(
        "discord", Fault.status(status, body), times=None, target="high_priority", action="execute"
    )
    for number in range(20):
        await town.report(f"Product {number}")
    disabled = await town.told(TargetDisabled)
    assert str(disabled.target) == "discord:high_priority"
    assert disabled.detail.startswith(str(json.loads(body or "{}").get("code", "")))
    before = calls(town, "high_priority")
    assert before <= AT_ONCE
    (delivery,) = await town.deliveries(await town.report("PS5 Pro"))
    assert (delivery["state"], delivery["why"]) == ("refused", "no_target")
    assert calls(town, "high_priority") == before


async def test_a_dead_webhook_stays_silent_after_a_restart(town: ServiceRig):
    await town.open()
    town.sandbox.discord.kill("high_priority")
    await town.settled(await town.report("RTX 5090"), DeliveryState.REFUSED)
    before = len(town.sandbox.journal)
    await town.close()
    await town.open()
    await town.report("PS5 Pro")
    await town.report("Steam Deck", type="restock_soon", price=None)
    await town.room("general").expect("Steam Deck")
    later = [entry.target for entry in town.sandbox.journal.after(before)]
    assert "high_priority" not in later


async def test_one_faulty_alert_costs_its_message_nobody_else(town: ServiceRig):
    await town.open()
    named = (
        '{"code": 50035, "message": "Invalid Form Body", "errors": {"embeds": {"1": {"title": '
        '{"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be 256 or fewer in length."}]}}}}}'
    )
    town.sandbox.faults.next("discord", Fault.status(400, named), action="execute")
    alerts = [
        {"type": "in_stock", "sku": f"S{n}", "retailer": "x", "price": 1, "product_name": f"N{n}"} for n in range(4)
    ]
    results = (await town.call("POST", "/api/v1/alerts", alerts, status=202))["results"]
    for number in (0, 2, 3):
        await town.room().expect(f"N{number}")
    states = [(await town.get(f"/api/v1/alerts/{told['id']}"))["deliveries"][0]["state"] for told in results]
    assert states[1] == "refused"
    assert "N1" not in "".join(message.text for message in town.room().messages)
    assert not town.sandbox.journal.repeated()


async def test_many_webhooks_of_one_address_stay_within_what_it_may_ask(town: ServiceRig):
    names = [f"shop{number:02d}" for number in range(16)]
    hooks = {name: town.sandbox.discord.webhook(name) for name in names}
    route = {"name": "all", "match": {}, "to": [f"discord:{name}" for name in names]}
    await town.open(discord={"webhooks": hooks}, routes=[route])
    for number in range(5):
        await town.report(f"Product {number}")
    for name in names:
        await town.room(name).expect("Product 4")
    assert town.sandbox.discord.limits.too_many == 0
