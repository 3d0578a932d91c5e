"""A hundred alerts at once for one webhook: in few messages, the important first, and the provider never minds."""

import random
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig

from tocsin.sandbox import Fault

EVERYTHING = [{"name": "all", "match": {}, "to": ["discord:general"]}]


def rush() -> list[dict[str, Any]]:
    """Half of them important, in no order."""
    alerts = [
        {"type": "in_stock", "sku": f"H{n:02d}", "retailer": "bestbuy", "price": 99, "priority": 9} for n in range(50)
    ] + [{"type": "back_order", "sku": f"L{n:02d}", "retailer": "bestbuy", "priority": 2} for n in range(50)]
    random.Random(7).shuffle(alerts)
    return [
        {**alert, "product_name": f"Product {alert['sku']}", "url": f"https://x.example/{alert['sku']}"}
        for alert in alerts
    ]


async def shown(town: ServiceRig) -> list[str]:
    """The SKUs in the order in which readers see them, once all hundred are there."""

    def found() -> list[str] | None:
        embeds = [embed for message in town.room("general").messages for embed in message.embeds]
        skus = [embed["title"].split("Product ")[1][:3] for embed in embeds]
        return skus if len(skus) >= 100 else None

    return await town.sandbox.journal.until(found, deadline_s=DEADLINE_S)


async def test_a_hundred_alerts_arrive_in_few_messages_the_important_first(hasty: ServiceRig):
    await hasty.open(routes=EVERYTHING)
    alerts = rush()
    await hasty.call("POST", "/api/v1/alerts", alerts, status=202)
    skus = await shown(hasty)
    assert sorted(skus) == sorted(alert["sku"] for alert in alerts)
    assert [sku[0] for sku in skus] == ["H"] * 50 + ["L"] * 50
    assert len(hasty.sandbox.journal.accepted("discord", "execute")) <= 12
    assert hasty.sandbox.discord.limits.too_many == 0
    assert not hasty.sandbox.journal.repeated()


async def test_a_bucket_that_nobody_announced_loses_nothing_and_keeps_the_order(hasty: ServiceRig):
    await hasty.open(routes=EVERYTHING)
    for _ in range(3):
        hasty.sandbox.faults.next("discord", Fault.too_many(0.2, "float"), action="execute")
    await hasty.call("POST", "/api/v1/alerts", rush(), status=202)
    skus = await shown(hasty)
    assert [sku[0] for sku in skus] == ["H"] * 50 + ["L"] * 50
    assert not hasty.sandbox.journal.repeated()
