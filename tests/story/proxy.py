"""A reverse proxy as people set one up in a hurry: it asks under the Host of the service, and not of the browser."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import WSMsgType, web

_ITS_OWN = {"host", "connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "content-encoding"}


@asynccontextmanager
async def proxied(service: Callable[[], str], below: str = "") -> AsyncIterator[int]:
    """The port of a proxy that shows the service below this path, which it takes off. The service may start later."""
    async with aiohttp.ClientSession(auto_decompress=False) as client:

        async def hand_on(request: web.Request) -> web.StreamResponse:
            place = service() + request.raw_path.removeprefix(below)
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _ITS_OWN}
            headers["X-Forwarded-For"] = request.remote or "unknown"
            if request.headers.get("Upgrade", "").lower() == "websocket":
                kept = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket")}
                return await _sockets(request, client, place, kept)
            async with client.request(
                request.method, place, headers=headers, data=await request.read(), allow_redirects=False
            ) as told:
                answer = web.StreamResponse(status=told.status)
                answer.headers.extend((n, v) for n, v in told.headers.items() if n.lower() not in _ITS_OWN)
                with contextlib.suppress(ConnectionResetError):  # whoever asked has gone
                    await answer.prepare(request)
                    async for part in told.content.iter_any():
                        await answer.write(part)
                return answer

        app = web.Application()
        app.router.add_route("*", below + "/{rest:.*}", hand_on)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()


async def _sockets(
    request: web.Request, client: aiohttp.ClientSession, place: str, headers: dict[str, str]
) -> web.StreamResponse:
    try:
        inner = await client.ws_connect(place, headers=headers)
    except aiohttp.WSServerHandshakeError as refused:
        return web.Response(status=refused.status)
    outer = web.WebSocketResponse()
    await outer.prepare(request)
    async with inner, asyncio.TaskGroup() as both:
        both.create_task(_pour(inner, outer))
        both.create_task(_pour(outer, inner))
    return outer


async def _pour(
    source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    sink: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)
    await sink.close()
