"""Both doors on one port, with tokens that note from which address they were asked."""

import json
from typing import Any

import aiohttp
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from tests.deadline import DEADLINE_S
from tests.gateway.station import Station

from tocsin.web import WebSettings
from tocsin.web.guard import Guard
from tocsin.web.scopes import Scopes, needs

DOORS = ("http", "polling", "websocket")


class Doorway(Station):
    """The gateway, and behind it one route that needs a token."""

    def __post_init__(self) -> None:
        super().__post_init__()
        route = APIRoute("/page", _nothing, openapi_extra=needs("read"))
        app = FastAPI(routes=[route])
        known: Any = self.tokens  # they are only asked to authenticate
        self.guard = Guard(
            app, Scopes([route]), known, entrance=self.entrance, settings=WebSettings(), emit=self.facts.append
        )

    async def elsewhere(self, scope: Any, receive: Any, send: Any) -> None:
        await self.guard(scope, receive, send)

    async def knock(self, door: str, headers: dict[str, str] | None = None, token: str = "reader") -> bool:
        """Come with this token; whether the door let it through to be looked at."""
        async with aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(DEADLINE_S)) as session:
            status = await _WAYS[door](session, headers or {}, token)
        assert status in {200, 400, 403}
        return status == 200


async def _nothing() -> Response:
    return Response()


async def _http(session: aiohttp.ClientSession, headers: dict[str, str], token: str) -> int:
    async with session.get("/page", headers=headers | {"Authorization": f"Bearer {token}"}) as answer:
        return answer.status


async def _polling(session: aiohttp.ClientSession, headers: dict[str, str], token: str) -> int:
    url = "/socket.io/?EIO=4&transport=polling"
    async with session.get(url, headers=headers) as opened:
        if opened.status != 200:
            return opened.status
        sid = json.loads((await opened.text())[1:])["sid"]
    async with session.post(f"{url}&sid={sid}", headers=headers, data="40" + json.dumps({"token": token})) as said:
        return said.status


async def _websocket(session: aiohttp.ClientSession, headers: dict[str, str], token: str) -> int:
    try:
        async with session.ws_connect("/socket.io/?EIO=4&transport=websocket", headers=headers) as ws:
            await ws.receive_str()
            await ws.send_str("40" + json.dumps({"token": token}))
            return 200 if (await ws.receive_str()).startswith("40") else 0
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


_WAYS = {"http": _http, "polling": _polling, "websocket": _websocket}
