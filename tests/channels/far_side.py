"""A provider's end of the wire that behaves as a test wants it to."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from tocsin.core.secret import Secret

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class FarSide:
    """`connections` were accepted; `requests` were read to their end."""

    port: int = 0
    scheme: str = "http"
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> Secret:
        return Secret(f"{self.scheme}://127.0.0.1:{self.port}/hook/very-secret-token")


@asynccontextmanager
async def far_side(*behaviours: Behaviour, tls: SSLContext | None = None) -> AsyncIterator[FarSide]:
    """Each connection reads requests and answers them with the next behaviour; the last one goes on for ever."""
    side = FarSide(scheme="https" if tls else "http")
    script = list(behaviours)
    live: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        side.connections += 1
        live.add(writer)
        try:
            while request := await read_request(reader):
                side.requests.append(request)
                await (script.pop(0) if len(script) > 1 else script[0])(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            live.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    side.port = server.sockets[0].getsockname()[1]
    try:
        yield side
    finally:
        server.close()
        for writer in list(live):
            writer.transport.abort()
        await server.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next((int(line[15:]) for line in head.splitlines() if line.lower().startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


def says(raw: bytes) -> Behaviour:
    """Answer with exactly these bytes, and keep the connection open."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return behave


def answers(status: int = 200, body: bytes = b"{}", **headers: str) -> Behaviour:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return says("\r\n".join([*lines, "", ""]).encode() + body)


def says_then_resets(raw: bytes) -> Behaviour:
    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        reset(writer)

    return behave


def says_then_hangs(raw: bytes = b"") -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await reader.read()  # until the other side gives up

    return behave


def drips(raw: bytes, every: float) -> Behaviour:
    """One byte at a time, without end."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every)

    return behave


def pours(raw: bytes, chunk: bytes) -> Behaviour:
    """As fast as it goes, without end."""

    async def behave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        while not writer.is_closing():
            writer.write(chunk)
            await writer.drain()

    return behave


def reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
