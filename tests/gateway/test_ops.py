"""The namespace `/ops`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.gateway.station import NOW, Log, Station, listening, record, running

from tocsin.core.condition import Condition, Notice, What
from tocsin.core.decision import Decision, Reason, Receipt
from tocsin.core.delivery import Delivery, DeliveryState, Target
from tocsin.core.facts import Attempted, ConditionBegan, ConditionOver, Decided, DeliveryMoved, MonitorBack, MonitorLost
from tocsin.core.monitor import Monitor
from tocsin.gateway.settings import GatewaySettings

DELIVERY = Delivery(
    key=7,
    alert_id=record().alert.id,
    target=Target("discord", "general"),
    lane="discord:general",
    priority=9,
    state=DeliveryState.SENT,
    why=None,
    fence=1,
    attempts=1,
    planned_at=NOW,
    due=NOW,
    expires_at=NOW + timedelta(minutes=10),
    moved_at=NOW,
)


async def test_operators_see_deliveries_move(station: Station):
    async with listening(station, "reader", namespace="/ops") as page:
        await page.wait_for("stats")
        station.gateway.hear(DeliveryMoved(delivery=DELIVERY, to=DeliveryState.SENT, why=None, latency_s=0.25))
        station.gateway.hear(DeliveryMoved(delivery=replace(DELIVERY, key=8), to=DeliveryState.SENDING, why=None))
        first, second = await page.wait_for("delivery", 2)
    assert first == {
        "id": str(DELIVERY.id),
        "alert_id": str(DELIVERY.alert_id),
        "channel": "discord",
        "target": "general",
        "lane": "discord:general",
        "state": "sent",
        "why": None,
        "detail": "",
        "attempts": 1,
        "latency_s": 0.25,
        "at": "2026-11-23T12:00:00.000Z",
    }
    assert second["state"] == "sending"


async def test_operators_see_the_counts_grow():
    async with running(Station(Log(), settings=GatewaySettings(stats_every=0.05))) as station:
        station.gateway.hear(Decided(record().alert, Receipt(decision=Decision.ACCEPTED, reason=Reason.NEW)))
        async with listening(station, "reader", namespace="/ops") as page:
            station.gateway.hear(
                Attempted(target=DELIVERY.target, lane=DELIVERY.lane, members=1, outcome="sent", took_s=0.1)
            )
            _, later = (await page.wait_for("stats", 2))[:2]
    assert later["decisions"] == {"accepted": 1}
    assert later["attempts"] == {"sent": 1}
    assert later["sockets"] == {"polling": 0, "websocket": 1}


async def test_operators_see_how_the_service_does_at_once():
    async def vitals() -> Mapping[str, Any]:
        return {"last_minute": {"accepted": 7}}

    async with (
        running(Station(Log(), vitals=vitals)) as station,
        listening(station, "reader", namespace="/ops") as page,
    ):
        (first,) = await page.wait_for("stats")
    assert first["last_minute"] == {"accepted": 7}


async def test_what_operators_say_changes_nothing(station: Station):
    async with listening(station, "reader", namespace="/ops") as page:
        await page.client.emit("send_alert", {"sku": "a"}, namespace="/ops")
        await page.client.emit("subscribe", {}, namespace="/ops")
        station.gateway.hear(DeliveryMoved(delivery=DELIVERY, to=DeliveryState.SENT, why=None))
        await page.wait_for("delivery")
    assert station.log.all == []
    assert station.gateway.gauges.unknown_events == 2


async def test_operators_are_told_of_monitors_that_are_lost_and_back(station: Station):
    alive = Monitor(id="bestbuy-1", retailer="bestbuy", interval=timedelta(seconds=30), registered_at=NOW, heard_at=NOW)
    async with listening(station, "reader", namespace="/ops") as page:
        await page.wait_for("stats")
        station.gateway.hear(MonitorLost(replace(alive, lost_at=NOW)))
        station.gateway.hear(MonitorBack(alive, silent_since=NOW))
        lost, back = await page.wait_for("monitor", 2)
    assert (lost["id"], lost["state"], lost["lost_at"]) == ("bestbuy-1", "lost", "2026-11-23T12:00:00.000Z")
    assert (back["id"], back["state"], back["lost_at"]) == ("bestbuy-1", "active", None)


async def test_operators_are_told_what_needs_them_and_when_it_is_over(station: Station):
    began = Condition(what=What.CLOCK_WRONG, about="bestbuy", began_at=NOW, detail="90 s ahead")
    async with listening(station, "reader", namespace="/ops") as page:
        await page.wait_for("stats")
        station.gateway.hear(ConditionBegan(Notice(condition=began, headline="Wrong", mend="Set the clock.")))
        station.gateway.hear(ConditionOver(Notice(condition=replace(began, over_at=NOW), headline="Right")))
        first, last = await page.wait_for("condition", 2)
    assert first == {
        "what": "clock_wrong",
        "about": "bestbuy",
        "headline": "Wrong",
        "detail": "90 s ahead",
        "mend": "Set the clock.",
        "began_at": "2026-11-23T12:00:00.000Z",
        "over_at": None,
    }
    assert (last["headline"], last["over_at"]) == ("Right", "2026-11-23T12:00:00.000Z")
