"""A proxy shows the service below a path, and asks under another Host than the browser did."""

import asyncio
import re

import aiohttp
import pytest
from tests.deadline import DEADLINE_S
from tests.story.proxy import proxied
from tests.story.service_rig import TOKEN, ServiceRig
from tests.story.socket import Socket

from tocsin import Client
from tocsin.core.delivery import DeliveryState

# Seconds for which an idle connection is reused by nginx (`upstream`), aiohttp and httpx, as their documents say.
REUSED_S = {"nginx": 60, "aiohttp": 15, "httpx": 5}
PUBLIC = "https://board.example/tocsin"


@pytest.fixture
async def shown(town: ServiceRig):
    """Where the service is, as the world sees it."""
    await town.open(server={"port": 0, "public_url": PUBLIC, "trusted_proxies": ["127.0.0.1"]})
    async with proxied(lambda: town.alerts.url, "/tocsin") as port:
        yield f"http://127.0.0.1:{port}/tocsin"


async def test_everything_that_the_page_is_made_of_is_found_below_the_path(shown: str):
    async with aiohttp.ClientSession() as session:
        for start in ("/", "/docs"):
            async with session.get(shown + start) as page:
                text = await page.text()
            linked = re.findall(r'(?:src|href)="([^"#]+)"', text)
            assert linked
            assert not [link for link in linked if link.startswith("/")], "it would leave the path"
            for link in linked:
                async with session.get(f"{shown}/{link}") as part:
                    assert part.status == 200, link
        async with session.get(f"{shown}/manifest.webmanifest") as manifest:
            told = await manifest.json(content_type=None)
    assert not [each for each in (told["start_url"], *(icon["src"] for icon in told["icons"])) if each.startswith("/")]


async def test_programs_find_it_there_too(town: ServiceRig, shown: str):
    async with Client(shown + "/", TOKEN) as alerts, asyncio.timeout(DEADLINE_S):
        receipt = await alerts.send_alert(
            type="in_stock", sku="1", retailer="bestbuy", price=1, url="https://x.example"
        )
        start = f"{town.alerts.pipeline.feed.epoch}.0"
        assert (await anext(aiter(alerts.subscribe({}, after=start))))["id"] == str(receipt.id)
    await town.settled(receipt, DeliveryState.SENT)
    (message,) = town.room().messages
    assert f"{PUBLIC}/r/" in str(message), "links in messages begin with the address that people reach"


async def test_its_pages_may_use_the_sockets(shown: str):
    sockets = f"{shown}/socket.io/?EIO=4&transport="
    async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE_S):
        for origin in ("https://board.example", "http://localhost", "http://127.0.0.1", "http://[::1]:80"):
            headers = {"Origin": origin}
            async with session.get(sockets + "polling", headers=headers) as opened:
                assert (opened.status, (await opened.text())[:8]) == (200, '0{"sid":'), origin
            async with session.ws_connect(sockets + "websocket", headers=headers) as opened:
                assert (await opened.receive_str()).startswith('0{"sid":'), origin
    async with Socket(reconnection=False) as client:
        await client.connect(shown, auth={"token": TOKEN}, transports=["websocket"], socketio_path="/tocsin/socket.io")
        assert (await client.call("subscribe", {}))["ok"]


async def test_pages_of_others_may_not(shown: str):
    headers = {"Origin": "https://evil.example"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(f"{shown}/socket.io/?EIO=4&transport=polling") as refused:
            assert refused.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await session.ws_connect(f"{shown}/socket.io/?EIO=4&transport=websocket")


async def test_an_idle_connection_outlives_the_wish_to_reuse_it(town: ServiceRig):
    """A request that met its end on the way would be lost, and its sender told of a reset."""
    await town.open()
    assert town.alerts.front._doors._config.timeout_keep_alive > max(REUSED_S.values())
