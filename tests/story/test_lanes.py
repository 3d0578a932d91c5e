"""Why nothing leaves on a lane, until when, and that a restart changes nothing about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import BreakerClosed, BreakerOpened, Fact, LaneClosed
from tocsin.sandbox import Fault

DOWN = Fault.status(503, "")
LANE = "discord:high_priority"


async def standing(town: ServiceRig, target: str = LANE) -> dict[str, Any]:
    (discord,) = (await town.get("/api/v1/channels"))["channels"]
    return next(row for row in discord["targets"] if row["target"] == target)


async def break_down(town: ServiceRig) -> None:
    """Nothing that is sent to the webhook comes about, one alert after the other, until its breaker opens."""
    town.sandbox.faults.next("discord", DOWN, times=None, target="high_priority")
    for number in range(5):
        await town.settled(await town.report(f"Product {number}"), DeliveryState.PENDING)
    await town.told(BreakerOpened)


def heard(town: ServiceRig, *kinds: type[Any]) -> Sequence[Fact]:
    return [fact for fact in town.facts if isinstance(fact, kinds)]


async def test_a_pause_that_the_provider_asked_for_lasts_across_a_restart(town: ServiceRig, clock: ManualClock):
    await town.open()
    limit = Fault.too_many(60, "seconds", "user")
    town.sandbox.faults.next("discord", limit, action="execute", target="high_priority")
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.PENDING)
    before = await standing(town)
    await town.close()
    asked = len(town.sandbox.journal)
    town.facts.clear()
    await town.open()
    after = await standing(town)
    assert after["closed"]["why"] == before["closed"]["why"] == "rate_limited"
    assert 50 < after["opens_in_s"] <= before["opens_in_s"]
    assert abs(moment(after) - moment(before)) < timedelta(seconds=1)
    await town.report("Steam Deck", type="restock_soon", price=None)
    await town.room("general").expect("Steam Deck")
    assert [entry.target for entry in town.sandbox.journal.after(asked) if entry.action == "execute"] == ["general"]
    assert heard(town, LaneClosed) == []


def moment(told: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(told["closed"]["opens_at"])


async def test_an_open_breaker_is_open_after_a_restart_and_told_once(town: ServiceRig, clock: ManualClock):
    await town.open()
    await break_down(town)
    (opened,) = heard(town, BreakerOpened)
    assert isinstance(opened, BreakerOpened)
    assert (opened.lane, opened.failures) == (LANE, 5)
    assert opened.until > clock.now()
    await town.close()
    town.facts.clear()
    asked = len(town.sandbox.journal)
    await town.open()
    told = await standing(town)
    assert (told["breaker"], told["failures"], told["closed"]["why"]) == ("open", 5, "breaker")
    assert 0 < told["opens_in_s"] <= 5
    clock.advance(5)
    await town.sandbox.journal.until(lambda: len(town.sandbox.journal.after(asked)) or None)
    probes = [entry for entry in town.sandbox.journal.after(asked) if entry.action == "execute"]
    assert len(probes) <= 1
    assert heard(town, BreakerOpened, BreakerClosed) == []


async def test_the_first_probe_that_gets_through_closes_the_breaker_and_nothing_of_it_is_kept(hasty: ServiceRig):
    await hasty.open()
    await break_down(hasty)
    hasty.sandbox.faults.clear()
    closed = await hasty.told(BreakerClosed)
    assert closed.lane == LANE
    await hasty.room().expect("Product 4")
    assert (await standing(hasty))["breaker"] == "closed"
    await hasty.close()
    await hasty.open()
    assert (await standing(hasty))["closed"] is None
    assert await hasty.alerts.ledger.queue.shut_lanes() == ()


async def test_operators_see_a_lane_pause_and_open_again(hasty: ServiceRig):
    await hasty.open()
    async with Socket() as socket:
        await socket.connect(hasty.alerts.url, namespace="/ops", auth={"token": TOKEN}, transports=["websocket"])
        limit = Fault.too_many(4, "seconds", "user")
        hasty.sandbox.faults.next("discord", limit, action="execute", target="high_priority")
        await hasty.report("RTX 5090")
        told: list[dict[str, Any]] = []
        while len(told) < 2:
            name, payload = await socket.receive(timeout=DEADLINE_S)
            told += [payload] if name == "lane" else []
    paused, opened = told
    assert (paused["lane"], paused["closed"]["why"]) == (LANE, "rate_limited")
    assert opened == {"lane": LANE, "closed": None}


async def test_a_used_up_budget_names_its_rate_in_metrics_and_list(town: ServiceRig, clock: ManualClock):
    await town.open(discord={"rate_limit": "1/60s"})
    await town.report("RTX 5090")
    await town.room().expect("RTX 5090")
    told = await standing(town)
    assert (told["closed"]["why"], told["closed"]["rate"]) == ("pacing", "1/60s")
    exposition = town.alerts.telemetry.exposition().decode()
    (line,) = [row for row in exposition.splitlines() if row.startswith("tocsin_lane_opens_in_seconds{")]
    assert 'lane="discord:high_priority",why="pacing"' in line
    assert 50 < float(line.rpartition(" ")[2]) <= 60
    assert 'tocsin_breaker_open{lane="discord:general"} 0.0' in exposition


async def test_a_disabled_target_waits_for_a_human(town: ServiceRig):
    await town.open()
    town.sandbox.discord.kill("high_priority")
    await town.settled(await town.report("RTX 5090"), DeliveryState.REFUSED)
    told = await standing(town)
    assert told["closed"] == {"why": "disabled", "opens_at": None, "rate": ""}
    assert told["opens_in_s"] is None
    assert 'why="disabled"} +Inf' in town.alerts.telemetry.exposition().decode()


async def test_of_two_names_of_one_address_one_is_disabled_and_the_other_lives_on(town: ServiceRig):
    """They share Discord's limit, so they share a lane; everything else is each one's own."""
    url = town.sandbox.discord.webhook("general")
    routes = [{"name": "both", "match": {}, "to": ["discord:general", "discord:second"]}]
    await town.open(discord={"webhooks": {"general": url, "second": url}}, routes=routes)
    await town.report("RTX 5090")
    await town.room("general").expect_count(2)
    told = await town.call("POST", "/api/v1/channels/discord/targets/second/disable")
    assert told == {"target": "discord:second", "enabled": False}
    first, second = [await standing(town, f"discord:{name}") for name in ("general", "second")]
    assert first["lane"] == second["lane"] == "discord:general"
    assert (first["enabled"], first["closed"], first["opens_in_s"]) == (True, None, 0.0)
    assert (second["enabled"], second["closed"]["why"], second["disabled"]["why"]) == (False, "disabled", "operator")
    await town.call("POST", "/api/v1/stock", {"sku": "RTX-5090", "retailer": "bestbuy", "in_stock": False})
    await town.room("general").expect_edit("~~RTX 5090~~")
    sent = await town.settled(await town.report("Steam Deck"), DeliveryState.SENT)
    assert str(sent.target) == "discord:general"
    await town.call("POST", "/api/v1/channels/discord/targets/second/enable")
    await town.report("PS5")
    await town.room("general").expect_count(5)
    assert (await town.get("/api/v1/conditions"))["conditions"] == []
