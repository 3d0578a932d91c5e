"""Two nodes behind the proxies of the guide: pages, sockets, polling, uploads, addresses, and a node that leaves."""

import asyncio
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import socketio
from tests.deadline import DEADLINE_S
from tests.proxies.doorkeeper import Doorkeeper
from tests.proxies.pair import HEADERS, METRICS_FROM, Pair
from tests.story.service_rig import TOKEN

MIB = 1024 * 1024
ADDRESSES = [f"127.0.0.{number}" for number in range(11, 17)]  # of visitors: proxies tell them apart


@pytest.fixture
async def visit(trusting: ssl.SSLContext) -> AsyncIterator[Any]:
    """`visit(address)` is a session of somebody who comes from there."""
    async with AsyncExitStack() as stack:

        async def session(address: str = ADDRESSES[0]) -> aiohttp.ClientSession:
            way = aiohttp.TCPConnector(ssl=trusting, local_addr=(address, 0), family=socket.AF_INET)
            patience = aiohttp.ClientTimeout(total=DEADLINE_S)
            return await stack.enter_async_context(aiohttp.ClientSession(connector=way, timeout=patience))

        yield session
    await hung_up()


async def hung_up() -> None:
    """TLS takes leave: connections that are closed last a little longer than their session."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(DEADLINE_S):
        while len(loop._selector.get_map()) > 1:  # its own pipe  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)


def detection(sku: str, **more: Any) -> Mapping[str, Any]:
    return {"type": "in_stock", "sku": sku, "retailer": "bestbuy", "price": "1999.99", **more}


async def report(session: aiohttp.ClientSession, door: str, sku: str) -> None:
    """A monitor says it until it is taken, always with the same key."""
    body = detection(sku, idempotency_key=sku)
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                async with session.post(f"{door}/api/v1/alerts", json=body, headers=HEADERS) as answer:
                    told = await answer.text()
                    if answer.status == 202:
                        return
                    assert answer.status in (502, 503), told
            except aiohttp.ClientConnectionError:
                pass


async def test_the_page_and_all_that_it_is_made_of_comes_through(door: str, visit: Any):
    session = await visit()
    async with session.get(door + "/") as page:
        text = await page.text()
        assert page.status == 200
        assert page.headers["Content-Security-Policy"]
    for link in re.findall(r'(?:src|href)="\./?([^"#]+)"', text):
        async with session.get(f"{door}/{link}") as part:
            assert part.status == 200, link
    assert {cookie.key for cookie in session.cookie_jar} <= {"tocsin-node"}, "none of ours"


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_every_socket_hears_what_either_node_takes(door: str, visit: Any, pair: Pair, transport: str):
    skus = [f"{transport}-{door[-5:]}-{number}" for number in range(4)]
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(listening(await visit(a), door, transport)) for a in ADDRESSES]
        for taker, sku in zip([*pair.urls, *pair.urls], skus, strict=True):
            await report(await visit(), taker, sku)
        for listener in listeners:
            await listener.until_heard(skus)


async def test_the_stream_comes_line_by_line(door: str, visit: Any):
    session = await visit()
    async with session.get(f"{door}/api/v1/alerts/stream", headers=HEADERS) as stream:
        assert stream.status == 200
        await report(await visit(ADDRESSES[1]), door, f"stream-{door[-5:]}")
        async with asyncio.timeout(DEADLINE_S):
            while f'"stream-{door[-5:]}"'.encode() not in await stream.content.readline():
                pass
        stream.connection.transport.abort()  # its end never comes


async def test_as_much_is_taken_as_without_a_proxy_and_who_sends_more_is_told_by_us(door: str, visit: Any):
    session, item = await visit(), json.dumps([detection(f"large-{door[-5:]}")]).encode()
    async with session.post(f"{door}/api/v1/alerts", data=BytesIO(item.ljust(16 * MIB)), headers=HEADERS) as answer:
        assert answer.status == 202, await answer.text()
    async with session.post(f"{door}/api/v1/alerts", data=BytesIO(item.ljust(16 * MIB + 1)), headers=HEADERS) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (413, "too_large")


async def test_addresses_are_those_of_visitors_whatever_they_say_themselves(door: str, visit: Any):
    for address, said, status in (
        (METRICS_FROM, "192.0.2.1", 200),
        (ADDRESSES[0], "192.0.2.1", 401),
        (ADDRESSES[0], METRICS_FROM, 401),
        (ADDRESSES[0], f"{METRICS_FROM}, 127.0.0.1", 401),
    ):
        session = await visit(address)
        async with session.get(f"{door}/metrics", headers={"X-Forwarded-For": said}) as answer:
            assert answer.status == status, (address, said)


async def test_pages_of_others_may_not_use_the_sockets(door: str, visit: Any):
    session, sockets = await visit(), f"{door}/socket.io/?EIO=4&transport="
    for origin, status in ((door, 200), ("https://evil.example", 403)):
        async with session.get(sockets + "polling", headers={"Origin": origin}) as answer:
            assert answer.status == status, origin
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await session.ws_connect(sockets + "websocket", headers={"Origin": "https://evil.example"})


async def test_while_a_node_leaves_and_comes_back_everybody_hears_everything_once(
    doorkeepers: Mapping[str, Doorkeeper], visit: Any, pair: Pair
):
    """Through all proxies at once: a node that starts costs more than all else here."""
    doors = [doorkeeper.url for doorkeeper in doorkeepers.values()]
    skus = [f"leaving-{number}" for number in range(4 * len(doors))]
    told = iter(skus)
    async with AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(listening(await visit(address), door, transport))
            for door in doors
            for address, transport in zip(ADDRESSES, ["websocket", "polling"] * 3, strict=True)
        ]
        senders = [(await visit(), door) for door in doors]
        for session, door in senders:
            await report(session, door, next(told))
        leaving = 0 if await asyncio.to_thread(pair.sockets, 0) else 1
        going = asyncio.create_task(asyncio.to_thread(pair.stop, leaving))
        for session, door in [*senders, *senders]:
            await report(session, door, next(told))
        assert await going == 0
        for listener in listeners:
            await listener.until_heard(skus[: 3 * len(doors)])
        await asyncio.to_thread(pair.start, leaving)
        for session, door in senders:
            await report(session, door, next(told))
        for listener in listeners:
            await listener.until_heard(skus)


class Listener:
    """Somebody with a standard client, who takes up after each break where it was."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.heard: list[str] = []
        self._after: str | None = None
        self._client = client
        self._news = asyncio.Event()
        client.on("connect", self._subscribe)
        client.on("alert", self._hear)

    async def until_heard(self, skus: list[str]) -> None:
        """These, each once and in their order, whatever else."""
        await self._until(lambda: set(skus) <= set(self.heard))
        assert [sku for sku in self.heard if sku in skus] == skus

    async def ready(self) -> None:
        await self._until(lambda: self._after is not None)

    async def _until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not so():
                self._news.clear()
                await self._news.wait()

    async def _subscribe(self) -> None:
        """In a task of its own: the answer comes by the loop that calls this."""
        self._client.start_background_task(self._take_up)

    async def _take_up(self) -> None:
        try:
            told = await self._client.call("subscribe", {} if self._after is None else {"after": self._after})
        except socketio.exceptions.SocketIOError:
            return  # gone again: the next connection takes up
        self._after = self._after or told["after"]
        self._news.set()

    async def _hear(self, alert: Mapping[str, Any]) -> None:
        self.heard.append(alert["sku"])
        self._after = alert["cursor"]
        self._news.set()


@asynccontextmanager
async def listening(session: aiohttp.ClientSession, door: str, transport: str) -> AsyncIterator[Listener]:
    client = socketio.AsyncClient(http_session=session, reconnection_delay=0.1, randomization_factor=0)
    listener = Listener(client)
    await client.connect(door, auth={"token": TOKEN}, transports=[transport], wait_timeout=DEADLINE_S)
    try:
        await listener.ready()
        yield listener
    finally:
        await client.shutdown()
