"""People who follow the stream over connections that break: they come back with the last cursor they saw."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

TEXT = 0x81
BREATHER_S = 0.3  # the longest that a follower waits before it tries again


@dataclass(eq=False)
class Follower:
    """A Socket.IO client on a bare connection. `wants` is what its `match` means."""

    match: Mapping[str, Any]
    wants: Callable[[Mapping[str, Any]], bool]
    heard: list[str] = field(default_factory=list)
    cuts: int = 0
    incomplete: int = 0  # resumptions that were told to have a gap
    welcomed: asyncio.Event = field(default_factory=asyncio.Event)
    _cursor: str | None = None
    _writer: asyncio.StreamWriter | None = None

    async def follow(self, port: int, token: str, chance: Random) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await self._listen(port, token)
            except (OSError, EOFError):
                self.cuts += 1
            await asyncio.sleep(chance.uniform(0, BREATHER_S))

    def cut(self) -> None:
        """The connection breaks, whatever is on its way."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _listen(self, port: int, token: str) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            self._writer.write(
                b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Sec-WebSocket-Version: 13\r\n\r\n"
            )
            await reader.readuntil(b"\r\n\r\n")
            while True:
                self._take(await _frame(reader), token)
        finally:
            self._writer.transport.abort()
            self._writer = None

    def _take(self, packet: str, token: str) -> None:
        if packet.startswith("0{"):
            self._say("40" + json.dumps({"token": token}))
        elif packet.startswith("40"):
            after = {} if self._cursor is None else {"after": self._cursor}
            self._say("420" + json.dumps(["subscribe", {**self.match, **after}]))
        elif packet.startswith("430"):
            (answer,) = json.loads(packet[3:])
            self._cursor = self._cursor or answer["after"]
            self.welcomed.set()
        elif packet == "2":
            self._say("3")
        elif packet.startswith("42"):
            self._hear(*json.loads(packet[2:]))

    def _hear(self, event: str, payload: Any) -> None:
        if event == "alert":
            self.heard.append(payload["sku"])
            self._cursor = payload["cursor"]
        elif event == "cursor":
            self._cursor = payload
        elif event == "resumed":
            self.incomplete += not payload["complete"]

    def _say(self, text: str) -> None:
        body = text.encode()
        size = bytes((0x80 | len(body),)) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
        assert self._writer is not None
        self._writer.write(bytes((TEXT,)) + size + bytes(4) + body)


async def _frame(reader: asyncio.StreamReader) -> str:
    """The next text frame; any other ends the connection as a cut does."""
    kind, size = await reader.readexactly(2)
    if kind != TEXT:
        raise EOFError
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    return (await reader.readexactly(size)).decode()
