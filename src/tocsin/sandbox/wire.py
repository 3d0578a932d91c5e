"""How an answer leaves, or fails to: the faults that happen on the connection itself."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.faults import Fault, Kind
from tocsin.sandbox.script import Faults

ENDLESS: Mapping[str, tuple[bytes, bytes]] = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[", b'"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",\r\n'),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}
ENDLESS_PAUSE_S = 0.001
ENDLESS_BUFFER = 64 * 1024  # for a client that does not read: its trouble must not become ours


class Wire:
    def __init__(self, request: web.Request, clock: Clock, faults: Faults) -> None:
        self._transport = request.transport
        self._clock = clock
        self._faults = faults

    async def send(self, answer: Answer, fault: Fault | None) -> web.Response:
        """The response to hand to the server; after a fault of the connection there is nobody left to read it."""
        if fault and (misbehave := self._ways().get(fault.kind)):
            await misbehave(answer, fault)
        return answer.response()

    def _ways(self) -> Mapping[Kind, Callable[[Answer, Fault], Awaitable[None]]]:
        return {
            "reset": self._reset,
            "lost": self._lose,
            "drip": self._drip,
            "endless": self._endless,
            "close_idle": self._close_idle,
        }

    async def _reset(self, answer: Answer, fault: Fault) -> None:
        head, whole = answer.head(), answer.head() + answer.body
        # An answer without a body (204) breaks just before the end of its headers.
        torn = whole[: -max(2, len(answer.body) // 2)]
        pieces = {"mid_headers": head[: len(head) // 2], "mid_body": torn, "after_body": whole}
        self._write(pieces.get(fault.part, b""))
        self._cut()

    async def _lose(self, _: Answer, fault: Fault) -> None:
        if fault.part == "hang":
            await self._faults.released()
        self._cut()

    async def _drip(self, answer: Answer, fault: Fault) -> None:
        for byte in answer.head() + answer.body:
            self._write(bytes([byte]))
            await self._clock.sleep(fault.seconds)
        if self._transport:
            self._transport.close()

    async def _endless(self, _: Answer, fault: Fault) -> None:
        start, again = ENDLESS[fault.part]
        self._write(start)
        while self._transport and not self._transport.is_closing():
            if self._transport.get_write_buffer_size() < ENDLESS_BUFFER:
                self._write(again)
            await asyncio.sleep(ENDLESS_PAUSE_S)

    async def _close_idle(self, answer: Answer, fault: Fault) -> None:
        self._write(answer.head() + answer.body)
        await self._clock.sleep(fault.seconds)
        if self._transport:
            self._transport.close()

    def _write(self, piece: bytes) -> None:
        if self._transport and piece:
            self._transport.write(piece)

    def _cut(self) -> None:
        if self._transport:
            cut(self._transport)


def cut(transport: asyncio.WriteTransport) -> None:
    """A close with nothing left to linger is a reset on the wire, not a polite end."""
    if (raw := transport.get_extra_info("socket")) is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
