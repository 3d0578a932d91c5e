"""In shadow everything is decided, recorded and shown, and nothing is sent: not by any way there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import socketio
from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.test_webhooks import blocks

from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.facts import LaneClosed
from tocsin.sandbox import Fault

LIVE: dict[str, Any] = {"everything": False, "channels": []}
SHADOW: dict[str, Any] = {"everything": True, "channels": ["discord"]}


@asynccontextmanager
async def operator(town: ServiceRig) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
    """What one who watches `/ops` is told of the service as a whole."""
    stats: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    async with aiohttp.ClientSession() as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        client.on("stats", stats.put_nowait, namespace="/ops")
        await client.connect(
            town.alerts.url,
            auth={"token": TOKEN},
            namespaces=["/ops"],
            transports=["websocket"],
            wait_timeout=DEADLINE_S,
        )
        try:
            yield stats
        finally:
            await client.disconnect()


async def shown(stats: "asyncio.Queue[dict[str, Any]]", shadow: dict[str, Any]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await stats.get())["shadow"] != shadow:
            pass


async def test_the_page_is_told_of_shadow_on_connecting_and_at_a_reload(town: ServiceRig):
    await town.open(mode="shadow")
    async with operator(town) as stats:
        assert (await stats.get())["shadow"] == SHADOW
        town.write()
        await town.alerts.reload()
        await shown(stats, LIVE)
        town.write(discord={"mode": "shadow"})
        await town.alerts.reload()
        await shown(stats, SHADOW)
    assert (await town.get("/api/v1/channels"))["shadow"] == SHADOW


async def test_one_channel_in_shadow_is_not_everything(town: ServiceRig):
    both = blocks(town)
    both["alerts"]["channels"]["webhook"]["mode"] = "shadow"
    await town.open(**both)
    assert (await town.get("/api/v1/channels"))["shadow"] == {"everything": False, "channels": ["webhook"]}


async def go_dark(town: ServiceRig, **blocks: Any) -> None:
    """A reload that puts everything in shadow; what was sent so far is known."""
    town.write(mode="shadow", **blocks)
    await town.alerts.reload()


async def test_a_retry_by_hand_is_refused_in_shadow_and_possible_once_it_is_over(town: ServiceRig):
    await town.open(mode="shadow")
    receipt = await town.report("RTX 5090")
    (delivery,) = await town.deliveries(receipt)
    path = f"/api/v1/deliveries/{delivery['id']}/retry"
    refused = await town.call("POST", path, status=422)
    assert "shadow" in refused["error"]["message"]
    town.write()
    await town.alerts.reload()
    await town.call("POST", path, status=202)
    await town.room().expect("RTX 5090")


async def test_a_test_by_hand_is_refused_in_shadow(town: ServiceRig):
    await town.open(mode="shadow")
    refused = await town.call("POST", "/api/v1/channels/discord/test", {"target": "general"}, status=422)
    assert "shadow" in refused["error"]["message"]
    assert len(town.sandbox.journal) == 0


async def test_what_waits_when_shadow_begins_is_cancelled(town: ServiceRig):
    await town.open(discord={"rate_limit": "1/1h"})
    await town.settled(await town.report("Spends the limit"), DeliveryState.SENT)
    waiting = await town.report("RTX 5090")
    await go_dark(town)
    assert (await town.settled(waiting, DeliveryState.CANCELLED)).why is Why.SHADOW
    assert len(town.room().messages) == 1


async def test_what_quiet_hours_hold_is_not_sent_once_shadow_has_begun(town: ServiceRig):
    hours = {"quiet_hours": {"all day": {"from": "00:00", "to": "23:59", "tz": "UTC"}}}
    hook = {"url": town.sandbox.discord.webhook("general"), "quiet": {"hours": "all day", "do": "hold"}}
    quiet: dict[str, Any] = {"discord": {"webhooks": {"general": hook}}, **hours}
    await town.open(**quiet)
    waiting = await town.report("RTX 5090")
    assert [delivery["state"] for delivery in await town.deliveries(waiting)] == ["pending"]
    await go_dark(town, **quiet)
    assert (await town.settled(waiting, DeliveryState.CANCELLED)).why is Why.SHADOW


async def test_what_is_deferred_after_shadow_has_begun_is_not_tried_again(town: ServiceRig):
    await town.open()
    town.sandbox.faults.next("discord", Fault.too_many(60), action="execute")
    receipt = await town.report("RTX 5090")
    await town.told(LaneClosed)
    await go_dark(town)
    assert (await town.settled(receipt, DeliveryState.CANCELLED)).why is Why.SHADOW


async def test_a_message_that_stands_is_not_edited_in_shadow_and_is_once_it_is_over(town: ServiceRig):
    await town.open()
    receipt = await town.report("RTX 5090")
    await town.settled(receipt, DeliveryState.SENT)
    await go_dark(town)
    sent = len(town.sandbox.journal)
    await town.call("POST", f"/api/v1/alerts/{receipt.id}/close")
    await town.alerts.pipeline.sending.editor.look()
    assert len(town.sandbox.journal) == sent
    town.write()
    await town.alerts.reload()
    await town.room().expect_edit("RTX 5090")
