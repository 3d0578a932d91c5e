"""In shadow everything is decided, recorded and shown, and nothing is sent: not by any way there is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio
from tests.story.test_webhooks import blocks
from tests.story.town import DEADLINE_S, TOKEN, Town

LIVE: dict[str, Any] = {"everything": False, "channels": []}
SHADOW: dict[str, Any] = {"everything": True, "channels": ["discord"]}


@asynccontextmanager
async def operator(town: Town) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
    """What one who watches `/ops` is told of the service as a whole."""
    stats: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client = socketio.AsyncClient(reconnection=False)
    client.on("stats", stats.put_nowait, namespace="/ops")
    await client.connect(town.alerts.url, auth={"token": TOKEN}, namespaces=["/ops"], transports=["websocket"])
    try:
        yield stats
    finally:
        await client.disconnect()


async def shown(stats: "asyncio.Queue[dict[str, Any]]", shadow: dict[str, Any]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await stats.get())["shadow"] != shadow:
            pass


async def test_the_page_is_told_of_shadow_on_connecting_and_at_a_reload(town: Town):
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


async def test_one_channel_in_shadow_is_not_everything(town: Town):
    both = blocks(town)
    both["alerts"]["channels"]["webhook"]["mode"] = "shadow"
    await town.open(**both)
    assert (await town.get("/api/v1/channels"))["shadow"] == {"everything": False, "channels": ["webhook"]}
