"""How long it took to tell is counted once for each delivery, whatever happened on the way; too late is told, too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.story.service_rig import ServiceRig

from tocsin import Receipt
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import InvalidAlertError
from tocsin.core.facts import ClockRight, ClockWrong, ObjectiveMet, ObjectiveMissed
from tocsin.rules.detector import LEAST_OFF, TRUE_AGAIN
from tocsin.rules.objective import LEAST_MISSED
from tocsin.sandbox import Fault

UNKNOWN_WEBHOOK = '{"code": 10015, "message": "Unknown Webhook"}'
LATENCY = "tocsin_alert_to_sent_seconds"


def figure(town: ServiceRig, sample: str, **labels: str) -> float:
    """As Prometheus reads it; 0 where there is none."""
    families = text_string_to_metric_families(town.alerts.telemetry.exposition().decode())
    found = [
        one.value
        for family in families
        for one in family.samples
        if one.name == sample and labels.items() <= one.labels.items()
    ]
    return sum(found)


def count(town: ServiceRig) -> float:
    return figure(town, f"{LATENCY}_count")


def seconds(town: ServiceRig) -> float:
    return figure(town, f"{LATENCY}_sum")


def ago(span: float) -> str:
    """A time of detection: so many seconds before now, or (negative) ahead of it."""
    return (datetime.now(UTC) - timedelta(seconds=span)).isoformat()


async def late(town: ServiceRig, times: int) -> None:
    """Alerts that reach people five seconds after their detection, or a little later."""
    for number in range(times):
        await told(town, f"late {number} {ago(0)}", timestamp=ago(5))


async def told(town: ServiceRig, name: str, **fields: Any) -> Receipt:
    receipt = await town.report(name, **fields)
    await town.settled(receipt, DeliveryState.SENT)
    return receipt


async def test_a_throttled_alert_is_counted_once_and_with_its_wait(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.too_many(1, "seconds", "user"), action="execute")
    await told(town, "RTX 5090")
    assert count(town) == figure(town, f"{LATENCY}_count", channel="discord", band="high") == 1
    assert seconds(town) >= 1


async def test_an_alert_that_was_found_after_a_lost_answer_is_counted_once(town: ServiceRig):
    await town.open(discord={"bot_token": town.sandbox.discord.bot_token})
    town.sandbox.faults.next("discord", Fault.lost("reset"), action="execute")
    receipt = await told(town, "RTX 5090")
    assert count(town) == 1
    (delivery,) = await town.deliveries(receipt)
    assert delivery["latency_ms"] >= 0
    story = await town.get(f"/api/v1/alerts/{receipt.id}")
    assert (story["timeline"][-1]["what"], story["timeline"][-1]["detail"]) == ("sent", "discord:high_priority: found")


async def test_an_alert_that_failed_over_is_counted_where_it_was_told(town: ServiceRig):
    route = {"name": "all", "match": {}, "to": ["discord:high_priority"], "fallback": ["discord:general"]}
    await town.open(routes=[route])
    town.sandbox.faults.next("discord", Fault.status(404, UNKNOWN_WEBHOOK), action="execute", target="high_priority")
    await told(town, "RTX 5090", timestamp=ago(3))
    assert count(town) == 1
    assert seconds(town) >= 3
    assert figure(town, "tocsin_deliveries_total", state="refused") == 1


async def test_a_detector_whose_clock_is_ahead_shortens_nothing(town: ServiceRig):
    await town.open()
    await told(town, "RTX 5090", timestamp=ago(-240))
    assert count(town) == 1
    assert 0 <= seconds(town) < 240


async def test_a_test_of_a_target_is_nobody_s_latency(town: ServiceRig):
    await town.open()
    await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    assert count(town) == 0


async def test_too_many_late_alerts_are_told_once(town: ServiceRig):
    await town.open()
    await late(town, LEAST_MISSED)
    missed = await town.told(ObjectiveMissed)
    assert missed.channel == "discord"
    assert missed.detail == "5 of 5 deliveries of the last hour were not told within 1 s"
    assert figure(town, "tocsin_objective_missed", channel="discord") == 1
    assert figure(town, "tocsin_objective_burn_rate", channel="discord", window="5m") == pytest.approx(100)
    (condition,) = (await town.get("/api/v1/conditions"))["conditions"]
    assert (condition["what"], condition["about"]) == ("objective_missed", "discord")
    await late(town, 2)
    assert sum(isinstance(fact, ObjectiveMissed) for fact in town.facts) == 1


async def test_alerts_in_time_wake_nobody(town: ServiceRig):
    await town.open(operators={"objective": {"within": "1h", "of": 99.9}})
    await late(town, 2 * LEAST_MISSED)
    assert figure(town, "tocsin_objective_burn_rate", channel="discord", window="1h") == 0
    assert figure(town, "tocsin_objective_missed", channel="discord") == 0


async def test_a_restart_forgets_nothing_that_counts(town: ServiceRig):
    await town.open()
    await late(town, LEAST_MISSED - 1)
    await town.close()
    town.facts.clear()
    await town.open()
    await late(town, 1)
    assert (await town.told(ObjectiveMissed)).detail.startswith("5 of 5 deliveries")


async def test_who_asks_for_no_objective_is_told_of_none(town: ServiceRig):
    await town.open()
    await late(town, LEAST_MISSED)
    await town.told(ObjectiveMissed)
    town.write(operators={"objective": None})
    await town.alerts.reload()
    assert await town.told(ObjectiveMet) == ObjectiveMet("discord")
    assert figure(town, "tocsin_objective_burn_rate") == 0


async def test_a_detector_whose_clock_is_behind_is_told_of_and_shown(town: ServiceRig):
    await town.open()
    receipts = [await town.report(f"card {number}", timestamp=ago(900)) for number in range(LEAST_OFF)]
    wrong = await town.told(ClockWrong)
    assert (wrong.retailer, round(wrong.ahead_s, -2)) == ("bestbuy", -900)
    assert {receipt.reason for receipt in receipts} == {"stale"}
    story = await town.get(f"/api/v1/alerts/{receipts[0].id}")
    assert "before it came here" in story["timeline"][0]["detail"]
    assert story["timeline"][1]["took_ms"] >= 900_000
    for number in range(TRUE_AGAIN):
        await town.report(f"new {number}")
    assert await town.told(ClockRight) == ClockRight("bestbuy")
    assert sum(isinstance(fact, ClockWrong) for fact in town.facts) == 1


async def test_a_detector_whose_clock_is_ahead_is_refused_and_told_of(town: ServiceRig):
    await town.open(retailers={"bestbuy": {"aliases": ["best_buy"]}})
    for number in range(LEAST_OFF):
        with pytest.raises(InvalidAlertError, match="check the clock of the detector"):
            await town.report(f"card {number}", retailer="best_buy", timestamp=ago(-3600))
    wrong = await town.told(ClockWrong)
    assert (wrong.retailer, round(wrong.ahead_s, -2)) == ("bestbuy", 3600)


async def test_asking_where_an_alert_would_go_says_nothing_of_a_clock(town: ServiceRig):
    await town.open()
    alert = {"type": "in_stock", "sku": "1", "retailer": "bestbuy", "price": 1, "timestamp": ago(-3600)}
    for _ in range(LEAST_OFF):
        await town.call("POST", "/api/v1/routes/test", alert, status=422)
    await told(town, "RTX 5090")
    assert not any(isinstance(fact, ClockWrong) for fact in town.facts)


async def test_expired_cancelled_and_refused_deliveries_are_told_apart(town: ServiceRig):
    await town.open(discord={"max_age": {"in_stock": "1s"}})
    later = {"type": "price_drop", "priority": 5}
    town.sandbox.faults.next("discord", Fault.status(400), action="execute")
    refused = await town.report("Steam Deck", **later)
    await town.settled(refused, DeliveryState.REFUSED)
    town.sandbox.faults.next("discord", Fault.too_many(60, "seconds", "user"), action="execute", times=2)
    closed = await town.report("PS5 Pro", **later)
    await town.settled(closed, DeliveryState.PENDING)
    await town.call("POST", f"/api/v1/alerts/{closed.id}/close")
    expired = await town.report("RTX 5090")
    await town.settled(expired, DeliveryState.EXPIRED)
    ends = {"refused": (refused, "refused"), "cancelled": (closed, "closed"), "expired": (expired, "past_life")}
    for state, (receipt, why) in ends.items():
        (listed,) = (await town.get(f"/api/v1/deliveries?state={state}"))["deliveries"]
        assert (listed["alert_id"], listed["why"], listed["state"]) == (str(receipt.id), why, state)
        assert figure(town, "tocsin_deliveries_total", channel="discord", state=state, why=why) == 1
    assert count(town) == 0


async def test_a_channel_in_shadow_shows_what_it_would_have_sent(town: ServiceRig):
    await town.open(discord={"mode": "shadow"})
    await town.settled(await town.report("RTX 5090"), DeliveryState.CANCELLED)
    assert figure(town, "tocsin_deliveries_total", state="cancelled", why="shadow") == 1
    assert figure(town, "tocsin_objective_burn_rate") == 0
