"""The one way out over HTTP, shared by all channels: one request, at most once, and an honest answer to what became
of it. It never raises for what a provider or the network did.

"Surely not sent" and "maybe sent" are told apart here: before the first byte of the request may have left, a failure
is `Deferred(unreachable)`; from then on it is `Unknown(answer_lost)`.
"""

import select
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace, TracebackType
from typing import Any, Self
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from tocsin.core.killpoint import Point, passing
from tocsin.core.outcome import Deferred, Delay, Doubt, Unknown
from tocsin.core.secret import Secret

MAX_BODY = 64 * 1024  # bytes: what a provider says of one message fits many times
NO_HEADERS: Mapping[str, str] = MappingProxyType({})

# An idle connection is given up before the usual NAT forgets it: what nobody closed may be dead all the same.
_IDLE_S = 30.0

_FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until a connection stands (name, TCP and TLS), between two reads, and for everything together."""

    connect: float = 2.0
    read: float = 8.0
    total: float = 10.0

    def as_timeout(self) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=self.total, connect=self.connect, sock_read=self.read)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said. `headers` ignore case; `body` is raw (never decompressed) and bounded.

    `broken`: the status came, but the rest of the answer was cut off by the network.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = b""
    broken: bool = False


class Transport:
    """Proxies of the environment, redirects, cookies and compression are all off. `async with`, or start and close."""

    def __init__(self, *, patience: Patience | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._patience = patience or Patience()
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=0, keepalive_timeout=_IDLE_S, ssl=self._tls or True),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},
            trace_configs=[_tracing()],
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

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
        known_as: str | None = None,
        patience: Patience | None = None,
    ) -> Answer | Deferred | Unknown:
        """One request. `url` is as it goes over the wire: already quoted. `longest`: bytes of the answer to be read.

        `known_as` is the name whose certificate is asked for where `url` has a bare address in its place. `patience`
        goes before that of the transport.
        """
        assert self._session is not None, "start() comes first"
        journey = _Journey()
        try:
            async with self._session.request(
                method,
                URL(url.reveal(), encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                server_hostname=known_as,
                timeout=(patience or self._patience).as_timeout(),
                trace_request_ctx=journey,
            ) as response:
                passing(Point.REQUEST_WRITTEN)
                answer = await _read(response, longest)
                passing(Point.RESPONSE_READ)
                return answer
        except _FAILURES as error:
            if journey.begun:
                return Unknown(Doubt.ANSWER_LOST, _words(error))
            return Deferred(Delay.UNREACHABLE, detail=_words(error))


async def _read(response: aiohttp.ClientResponse, longest: int) -> Answer:
    body = bytearray()
    broken = False
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > longest:
                response.close()
                break
    except _FAILURES:
        broken = True
    return Answer(response.status, response.headers, bytes(body[:longest]), broken)


def _words(error: Exception) -> str:
    """What went wrong, without the address: it may carry a secret."""
    if isinstance(error, OSError) and error.strerror:
        return f"{type(error).__name__}: {error.strerror}"[:200]
    return type(error).__name__


@dataclass(slots=True)
class _Journey:
    begun: bool = False  # a byte of the request may have left


def _tracing() -> aiohttp.TraceConfig:
    tracing = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(_begin)  # raised just before the first write
    return tracing


async def _begin(_session: aiohttp.ClientSession, context: SimpleNamespace, _headers: object) -> None:
    passing(Point.CONNECTED)
    context.trace_request_ctx.begun = True


class _Connector(aiohttp.TCPConnector):
    """Looks at a pooled connection before a request is given to it.

    Where the other side has closed an idle connection, its farewell may wait in the socket, unread by the event loop:
    a POST written then would be lost with nobody able to say so. aiohttp itself repeats no POST and no PATCH.
    """

    _used: WeakSet[ResponseHandler]

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._used = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> aiohttp.connector.Connection:
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            assert protocol is not None
            if protocol not in self._used:
                self._used.add(protocol)
                return connection
            if not _has_word(protocol):
                return connection
            connection.close()


def _has_word(protocol: ResponseHandler) -> bool:
    """An idle server has nothing to say but goodbye."""
    if protocol.transport is None:
        return True
    poll = select.poll()
    poll.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))
