"""The one way out over HTTP, shared by all channels: one request, at most once, and an honest answer to what became
of it. It never raises for what a provider or the network did.

"Surely not sent" and "maybe sent" are told apart here: before the first byte of the request may have left, a failure
is `Deferred(unreachable)`; from then on it is `Unknown(answer_lost)`. Nothing is ever repeated, no redirect followed,
no proxy of the environment asked, no cookie kept, nothing decompressed.
"""

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self
from weakref import WeakSet

from aiohappyeyeballs import start_connection
from yarl import URL

from tocsin.channels.connection import NO_HEADERS, Answer, Connection
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.leave import TAKEN_OVER, may_leave
from tocsin.core.outcome import Deferred, Delay, Doubt, Unknown
from tocsin.core.secret import Secret

__all__ = ["MAX_BODY", "Addresses", "Answer", "Patience", "Transport", "UnreachableError", "system_addresses"]

Addresses = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses that a name and port lead to, in the order to try them. Raises OSError, UnreachableError among them."""

MAX_BODY = 64 * 1024  # bytes: what a provider says of one message fits many times

# An idle connection is given up before the usual NAT forgets it: what nobody closed may be dead all the same.
_IDLE_S = 30.0
# A busy one is given up now and then, so that a name that leads elsewhere by now is followed.
_LIFE_S = 300.0
_NEXT_ADDRESS_S = 0.25  # RFC 8305, Happy Eyeballs: how long one address is waited for before the next is tried too

_FAILURES = (OSError, TimeoutError, ValueError)


class Closes(Protocol):
    """Something that stands open and can be closed, more than once."""

    def close(self) -> None: ...


class UnreachableError(OSError):
    """A name leads to no address, or to none that may be called. Its text repeats no secret."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a request may take: until its connection stands (name, TCP and TLS), between two reads, and
    altogether.
    """

    connect: float = 2.0
    read: float = 8.0
    total: float = 10.0


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a connection leads to, and who said at which address that is: one of another origin is not used."""

    scheme: str
    host: str
    port: int
    addresses: Addresses


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Resolve a name as any other program on this machine would."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


class Transport:
    """The way out over HTTP, shared by all channels, with its idle connections.

    Use it with `async with`, or start and close it.
    """

    def __init__(self, *, patience: Patience | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._patience = patience or Patience()
        self._tls = tls
        self._idle: defaultdict[_Origin, list[Connection]] = defaultdict(list)
        self._open: set[Connection] = set()
        self._others: WeakSet[Closes] = WeakSet()

    async def start(self) -> None:
        self._tls = self._tls or ssl.create_default_context()

    def close_with(self, other: "Closes") -> None:
        """Have a connection that speaks something else than HTTP closed with all others."""
        self._others.add(other)

    async def close(self) -> None:
        for other in list(self._others):
            other.close()
        connections, self._open = self._open, set()
        for connection in connections:
            connection.close()
        for connection in connections:
            await connection.lost

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def request(
        self,
        method: str,
        url: Secret,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
        longest: int = MAX_BODY,
        addresses: Addresses = system_addresses,
        patience: Patience | None = None,
    ) -> Answer | Deferred | Unknown:
        """Send one request, and return what the provider said, or how it failed: `Deferred` where no byte of it left,
        else `Unknown`.

        `url` is as it goes over the wire: already quoted. At most `longest` bytes of the answer's body are read.
        `addresses` says where the name leads to, whenever a connection is made. `patience` goes before that of the
        transport.
        """
        patience = patience or self._patience
        until = asyncio.get_running_loop().time() + patience.total
        begun = False
        try:
            place = URL(url.reveal(), encoded=True)
            written = _written(method, place, headers, body)
            origin = _Origin(place.scheme, place.raw_host or "", place.port or 0, addresses)
            connection = self._take_idle(origin) or await self._connect(origin, patience)
            kill_point(Point.CONNECTED)
            if not may_leave():
                self._put_back(origin, connection)
                return TAKEN_OVER
            begun = True
            answer = await connection.exchange(written, longest=longest, quiet_s=patience.read, until=until)
        except _FAILURES as problem:
            if begun:
                return Unknown(Doubt.ANSWER_LOST, _words(problem))
            return Deferred(Delay.UNREACHABLE, detail=_words(problem))
        kill_point(Point.RESPONSE_READ)
        self._put_back(origin, connection)
        return answer

    def _take_idle(self, origin: _Origin) -> Connection | None:
        """Take the connection that was used last, if it still stands."""
        now = asyncio.get_running_loop().time()
        idle = self._idle[origin]
        while idle:
            connection = idle.pop()
            connection.wake()
            if connection.reusable and now - connection.born_at < _LIFE_S and not connection.has_word():
                return connection
            connection.close()
        return None

    async def _connect(self, origin: _Origin, patience: Patience) -> Connection:
        loop = asyncio.get_running_loop()
        secure = origin.scheme == "https"
        async with asyncio.timeout(patience.connect):
            places = [_place(address, origin.port) for address in await origin.addresses(origin.host, origin.port)]
            wire = await start_connection(places, happy_eyeballs_delay=_NEXT_ADDRESS_S, loop=loop)
            _, connection = await loop.create_connection(
                lambda: Connection(loop),
                sock=wire,
                ssl=self._tls if secure else None,
                server_hostname=origin.host if secure else None,
            )
        self._open.add(connection)
        connection.lost.add_done_callback(lambda _: self._forget(origin, connection))
        return connection

    def _put_back(self, origin: _Origin, connection: Connection) -> None:
        if connection.reusable:
            connection.rest(_IDLE_S)
            self._idle[origin].append(connection)

    def _forget(self, origin: _Origin, connection: Connection) -> None:
        self._open.discard(connection)
        idle = self._idle.get(origin, [])
        if connection in idle:
            idle.remove(connection)
        if not idle:
            self._idle.pop(origin, None)


def _place(address: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def _written(method: str, place: URL, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The request as it goes over the wire. Raises ValueError for what would not be one request."""
    lines = [f"{method} {place.raw_path_qs} HTTP/1.1", f"Host: {place.host_port_subcomponent}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Accept: */*", "Accept-Encoding: identity"]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or lines[0].count(" ") != 2:  # noqa: PLR2004 - method, target, version
        raise ValueError("a line of the request would break it")
    return f"{head}\r\n\r\n".encode("latin-1") + (body or b"")


def _words(error: Exception) -> str:
    """What went wrong, without the address: it may carry a secret."""
    if isinstance(error, UnreachableError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"[:200]
    return type(error).__name__
