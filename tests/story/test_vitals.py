"""How the service does now: the same for everybody who asks, however they ask, and after a restart."""

import asyncio
from typing import Any

from tests.deadline import DEADLINE_S
from tests.story.service_rig import ServiceRig
from tests.story.test_shadow import operator

from tocsin.core.delivery import DeliveryState
from tocsin.sandbox import Fault


async def asked(town: ServiceRig) -> dict[str, Any]:
    return dict((await town.get("/api/v1/stats"))["last_minute"])


async def test_the_last_minute_is_the_same_by_every_way_and_after_a_restart(town: ServiceRig):
    await town.open(alerts={"filters": {"min_price_drop_percent": 10}})
    for name in ("one", "two"):
        await town.settled(await town.report(name), DeliveryState.SENT)
    await town.report("one")  # a repeat
    await town.report("three", type="price_drop", metadata={"previous_price": "2000.00"})  # too little
    told = await asked(town)
    assert (told["accepted"], told["sent"], told["waiting"]) == (2, 2, 0)
    assert 0 < told["p50_s"] <= told["p99_s"] < DEADLINE_S
    async with operator(town) as stats:
        assert (await stats.get())["last_minute"] == told
    await town.close()
    await town.open()
    again = await asked(town)
    assert (again["accepted"], again["sent"], again["waiting"]) == (2, 2, 0)
    assert 0 < again["p50_s"] <= again["p99_s"] < DEADLINE_S


async def test_who_waits_for_a_provider_that_is_down_makes_the_figures_grow(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.status(503), action="execute", times=100)
    await town.report("RTX 5090")
    async with operator(town) as stats, asyncio.timeout(DEADLINE_S):
        first = await stats.get()
        while not (grown := (await stats.get())["last_minute"])["p50_s"] > first["last_minute"]["p50_s"] + 1:
            pass
    assert (grown["accepted"], grown["sent"], grown["waiting"]) == (1, 0, 1)


async def test_a_test_message_is_no_alert(town: ServiceRig):
    await town.open()
    await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"})
    assert await asked(town) == {"accepted": 0, "sent": 0, "waiting": 0, "p50_s": None, "p99_s": None}
