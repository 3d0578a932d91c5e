"""Many Socket.IO clients as raw sockets, cheap enough to take twice what any server here can send.

A few of them parse what they get; the others are compared with those by the number and a digest of their bytes.
"""

import asyncio
import json
import re
import time
import zlib
from collections.abc import Callable
from typing import Any, cast

CONNECTING_AT_ONCE = 50
WATCHED = 5
_PING = b"\x81\x012"
_PONG = b"\x81\x81\x00\x00\x00\x003"  # masked with zeros
_BOOKMARK = re.compile(rb'\x81.42\["cursor","[^"]*"\]', re.DOTALL)
_LONGEST_ASIDE = 128  # bytes of the longest frame that not every socket gets at the same place
_ASIDE = b"\x01"  # in the head of a ping; text has no control characters, and no alert is of 256 to 511 bytes


class Client(asyncio.Protocol):
    """`ready` is set once it is in its namespace and subscribed. Size and digest cover alerts alone."""

    def __init__(self, auth: Any, heard: Callable[[str, float], None] | None) -> None:
        self.ready = asyncio.get_running_loop().create_future()
        self.size = 0
        self.digest = 0
        self.lost = False
        self._auth = auth
        self._heard = heard
        self._rest = b""
        self._seam = b""
        self._transport: asyncio.Transport
        self._asked = False
        self._subscribed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before it was ready"))

    def data_received(self, data: bytes) -> None:
        if self._subscribed:
            self._take(data)
            return
        self._rest += data
        if not self._asked and b'0{"sid"' in self._rest:
            self._say("40" + json.dumps(self._auth))
            self._rest, self._asked = b"", True
        elif b'40{"sid":"' in self._rest:
            self._rest, self._subscribed = b"", True
            self.ready.set_result(None)

    def _take(self, data: bytes) -> None:
        data = self._rest + data
        # A short frame that is cut in two waits for its other half, so that it can be told from an alert.
        cut = data.rfind(b"\x81", max(len(data) - _LONGEST_ASIDE, 0))
        if cut >= 0 and data[cut:] != _PING:
            data, self._rest = data[:cut], data[cut:]
        else:
            self._rest = b""
        self._digest(self._strip(data))

    def finish(self) -> None:
        """Nothing more will come: take what was held back."""
        rest, self._rest = self._rest, b""
        self._digest(self._strip(rest))

    def _strip(self, data: bytes) -> bytes:
        """Without what each socket gets at a time of its own."""
        if _ASIDE in data and _PING in data:
            self._transport.write(_PONG)
            data = data.replace(_PING, b"")
        return _BOOKMARK.sub(b"", data) if b'["cursor","' in data else data

    def _digest(self, data: bytes) -> None:
        self.size += len(data)
        self.digest = zlib.crc32(data, self.digest)
        if self._heard is not None:
            data = self._seam + data
            self._seam = data[self._listen(data, self._heard) :]

    def _listen(self, data: bytes, heard: Callable[[str, float], None]) -> int:
        """Returns where the last alert that could be read ends; what follows is looked at again with the next piece."""
        now = time.perf_counter()
        end = 0
        for sku in _SKU.finditer(data):
            heard(sku[1].decode(), now)
            end = sku.end()
        return end

    def _say(self, text: str) -> None:
        body = text.encode()
        head = bytes((0x81, 0x80 | len(body))) if len(body) < 126 else b"\x81\xfe" + len(body).to_bytes(2, "big")
        self._transport.write(head + bytes(4) + body)

    def close(self) -> None:
        self._transport.abort()


_SKU = re.compile(rb'"sku":"(B\d+)"')


class Fleet:
    """`ages` are the seconds from each alert's POST to each watched socket."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.sent: dict[str, float] = {}
        self.ages: list[float] = []
        self.seen: list[list[str]] = []

    async def connect(self, host: str, port: int, count: int, auth: Any, at_once: int = CONNECTING_AT_ONCE) -> float:
        """Returns how many seconds it took."""
        loop = asyncio.get_running_loop()
        gate = asyncio.Semaphore(at_once)
        every = max(count // WATCHED, 1)

        async def one(number: int) -> None:
            async with gate:
                heard = self._watch() if number % every == 0 else None
                _, client = await loop.create_connection(lambda: Client(auth, heard), host, port)
                self.clients.append(client)
                await client.ready

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                group.create_task(one(number))
        return time.perf_counter() - began

    async def settled(self, expected: int, within: float) -> bool:
        """Whether every socket has this many alerts, waiting so many seconds for the last."""
        until = time.perf_counter() + within
        while not self._complete(expected) and time.perf_counter() < until:  # noqa: ASYNC110 - a thousand clients have no event in common
            await asyncio.sleep(0.1)
        for client in self.clients:
            client.finish()
        return self._complete(expected)

    def exact(self, expected: list[str]) -> bool:
        """Whether every socket got these alerts, each once, in this order."""
        same = len({(client.size, client.digest) for client in self.clients}) == 1
        return same and all(seen == expected for seen in self.seen)

    def _complete(self, expected: int) -> bool:
        whole = max(client.size for client in self.clients)
        watched = all(len(seen) >= expected for seen in self.seen)
        return watched and all(client.size == whole for client in self.clients)

    def begin(self) -> None:
        """Forget what was measured before."""
        for client in self.clients:
            client.size = client.digest = 0
        self.sent.clear()
        self.ages.clear()
        for seen in self.seen:
            seen.clear()

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def _watch(self) -> Callable[[str, float], None]:
        seen: list[str] = []
        self.seen.append(seen)

        def heard(sku: str, now: float) -> None:
            seen.append(sku)
            if sku in self.sent:
                self.ages.append(now - self.sent[sku])

        return heard
