"""A live socket that keeps a log: it comes back at any node with the last cursor it saw, and never gives up."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import aiohttp
import orjson

COMING_S = 10  # that a node may take to answer a socket that comes
SILENCE_S = 50  # a node pings every 25 s: what is silent for longer is dead, as the standard client sees it
_CONNECTED, _REFUSED, _EVENT, _PING, _PONG = "40", "44", "42", "2", "3"


@dataclass
class Listener:
    """`interest` is what it subscribes to. `heard` are the alerts in the order in which they came; `returns` counts how
    often it came back, `refused` are the answers of doors that turned it away, `gaps` what a resumption owned to miss.
    """

    doors: Sequence[str]
    token: str
    interest: Mapping[str, Any]
    chance: Random
    heard: list[UUID] = field(default_factory=list)
    cursor: str | None = None
    returns: int = -1
    refused: list[str] = field(default_factory=list)
    gaps: int = 0
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, session: aiohttp.ClientSession) -> None:
        """Until it is cancelled."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._visit(session, self.chance.choice(self.doors))
            await asyncio.sleep(self.chance.uniform(0.05, 0.5))

    async def _visit(self, session: aiohttp.ClientSession, door: str) -> None:
        async with asyncio.timeout(COMING_S) as patience:
            place = f"{door}/socket.io/?EIO=4&transport=websocket"
            async with session.ws_connect(place, autoping=False, max_msg_size=0) as socket:
                opened = await socket.receive_str()
                assert opened.startswith("0"), opened
                after = {} if self.cursor is None else {"after": self.cursor}
                await socket.send_str(
                    _CONNECTED + json.dumps({"token": self.token, "subscribe": self.interest | after})
                )
                async for message in socket:
                    patience.reschedule(asyncio.get_running_loop().time() + SILENCE_S)
                    if message.data == _PING:
                        await socket.send_str(_PONG)
                    elif not self._take(str(message.data)):
                        return

    def _take(self, text: str) -> bool:
        """Whether to stay."""
        if text.startswith(_EVENT):
            self._hear(*orjson.loads(text[2:]))
        elif text.startswith(_REFUSED):
            self.refused.append(text)
            return False
        elif text.startswith(_CONNECTED):
            self.returns += 1
            self.connected.set()
        return True

    def _hear(self, event: str, told: Any) -> None:
        match event:
            case "alert":
                self.heard.append(UUID(told["id"]))
                self.cursor = told["cursor"]
            case "alert_closed":
                self.cursor = told["cursor"]
            case "cursor":
                self.cursor = told
            case "resumed":
                self.gaps += not told["complete"]
                self.cursor = told["after"]
