"""The one layer before all doors: who asks, under which name, how much, and what every answer carries."""

import asyncio
import ipaddress

from starlette.requests import Request

from tocsin.core.errors import ForbiddenError, TocsinError, TooLargeError, UnauthorizedError
from tocsin.pipeline.tokens import Grant, Tokens
from tocsin.web.asgi import App, Message, Receive, Scope, Send
from tocsin.web.errors import TooSlowError, UnknownHostError, answer_to
from tocsin.web.locks import Lock, Locks
from tocsin.web.parts import WebSettings

BODY_DEADLINE_S = 30.0

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
EVERY_ANSWER = [
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_GRANT = "tocsin.grant"
_NO_LOCK = Lock(None)
_LOOPBACK = frozenset({"localhost"})


def grant_of(request: Request) -> Grant:
    """Who asks. Raises UnauthorizedError where the guard let somebody in without a token."""
    grant = request.scope.get(_GRANT)
    if not isinstance(grant, Grant):
        raise _no_token()
    return grant


class Guard:
    """Pure ASGI: it costs microseconds. Refused before a byte of the body is read: strange hosts, missing tokens."""

    def __init__(self, app: App, locks: Locks, tokens: Tokens, settings: WebSettings) -> None:
        self._app = app
        self._locks = locks
        self._tokens = tokens
        self._hosts = _LOOPBACK | {host.lower() for host in settings.hosts}
        self._proxies = _networks(settings.trusted_proxies)
        self._metrics_from = _networks(settings.metrics_from)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        dressed = _dress(send)
        try:
            headers = _Headers(scope["headers"])
            lock = self._admit(scope, headers)
            if headers.has_body:
                receive = _replay(await _read(receive, headers, lock.max_body), receive)
                if lock.scope is not None:
                    scope["headers"] = _as_json(scope["headers"])
        except TocsinError as problem:
            answer = answer_to(problem)
            if isinstance(problem, TooLargeError | TooSlowError):
                answer.headers["Connection"] = "close"  # the rest of that body is not waited for
            await answer(scope, receive, dressed)
            return
        await (lock.straight or self._app)(scope, receive, dressed)

    def _admit(self, scope: Scope, headers: "_Headers") -> Lock:
        self._check_host(headers)
        if headers.forwarded_for and scope.get("client"):
            scope["client"] = self._client(scope["client"], headers.forwarded_for)
        lock = self._locks.find(scope["method"], scope["path"]) or _NO_LOCK
        if lock.scope is not None and not (lock.named_addresses and _within(scope.get("client"), self._metrics_from)):
            scope[_GRANT] = self._authorize(headers, lock.scope)
        return lock

    def _check_host(self, headers: "_Headers") -> None:
        """A page of a stranger can point its own name at us, but not a bare address."""
        name = _bare(headers.hosts[0]) if len(headers.hosts) == 1 else ""
        if name not in self._hosts and _address(name.strip("[]")) is None:
            raise UnknownHostError("the Host header names no host of this service: add it to server.allowed_hosts")

    def _authorize(self, headers: "_Headers", scope: str) -> Grant:
        if len(headers.authorization) != 1:
            raise _no_token()
        scheme, _, secret = headers.authorization[0].partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _no_token()
        grant = self._tokens.authenticate(secret.strip())
        if not grant.allows(scope):
            has = ", ".join(sorted(grant.scopes))
            raise ForbiddenError(f"this needs a token with scope {scope}; the one you sent has {has}")
        return grant

    def _client(self, peer: tuple[str, int], forwarded_for: str) -> tuple[str, int]:
        """The last address that no trusted proxy of ours put there."""
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        while hops and _within(peer, self._proxies):
            peer = (hops.pop(), 0)
        return peer


class _Headers:
    """What the guard looks at, in one pass."""

    __slots__ = ("authorization", "chunked", "forwarded_for", "hosts", "length")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.hosts: list[str] = []
        self.authorization: list[str] = []
        self.forwarded_for = ""
        self.length = 0
        self.chunked = False
        for name, value in raw:
            if name == b"host":
                self.hosts.append(value.decode("latin-1"))
            elif name == b"authorization":
                self.authorization.append(value.decode("latin-1"))
            elif name == b"content-length":
                self.length = int(value) if value.isdigit() else 0
            elif name == b"transfer-encoding":
                self.chunked = True
            elif name == b"x-forwarded-for":
                self.forwarded_for = ",".join(filter(None, (self.forwarded_for, value.decode("latin-1"))))

    @property
    def has_body(self) -> bool:
        return self.chunked or self.length > 0


async def _read(receive: Receive, headers: _Headers, limit: int) -> bytes:
    """The whole body. Raises TooLargeError, and TooSlowError for one that does not come."""
    if headers.length > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            while True:
                message = await receive()
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise TooSlowError(f"the body did not arrive within {BODY_DEADLINE_S:.0f} s") from None


def _replay(body: bytes, receive: Receive) -> Receive:
    unread = True

    async def again() -> Message:
        nonlocal unread
        if not unread:
            return await receive()
        unread = False
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Our bodies are JSON whatever their content type says: `curl -d` calls everything a form."""
    return [*(pair for pair in headers if pair[0] != b"content-type"), (b"content-type", b"application/json")]


def _dress(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *EVERY_ANSWER]
        await send(message)

    return dressed


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"this request may hold at most {limit} bytes")


def _no_token() -> UnauthorizedError:
    return UnauthorizedError("send a token: `Authorization: Bearer TOKEN` (made by `tocsin token create`)")


def _bare(host: str) -> str:
    """A Host without its port; IPv6 keeps its brackets."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def _within(peer: tuple[str, int] | None, networks: tuple[Network, ...]) -> bool:
    address = _address(peer[0]) if peer else None
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
