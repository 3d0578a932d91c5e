"""The one layer before all doors: who asks, under which name, and how much."""

from starlette.requests import Request

from tocsin.access.addresses import address_of
from tocsin.access.entrance import Entrance
from tocsin.access.tokens import Grant, Tokens
from tocsin.core.errors import ForbiddenError, TocsinError, TooLargeError, UnauthorizedError
from tocsin.core.facts import Emit, Turned
from tocsin.core.networks import networks, within
from tocsin.web.asgi import App, Message, Receive, Scope, Send
from tocsin.web.body import Bodies, Body, as_json, replay
from tocsin.web.errors import PROBLEM, MethodNotAllowedError, TooSlowError, UnknownHostError, answer_to, stopping
from tocsin.web.scopes import ANY, RouteRule, Scopes
from tocsin.web.segment import path_of
from tocsin.web.services import WebSettings

_GRANT, _CLIENT = "tocsin.grant", "tocsin.client"
_NO_RULE = RouteRule(None)
_ASKING = frozenset({"GET", "HEAD"})


def grant_of(request: Request) -> Grant:
    """The grant of whoever asks. Raises UnauthorizedError where the guard let somebody in without a token."""
    grant = request.scope.get(_GRANT)
    if not isinstance(grant, Grant):
        raise _no_token()
    return grant


def client_of(request: Request) -> str:
    """The address that a request comes from, behind whatever proxy is trusted; empty where nobody knows."""
    return str(request.scope.get(_CLIENT, ""))


class Guard:
    """Pure ASGI: it costs microseconds. Refused before a byte of the body is read: strange hosts, missing tokens."""

    def __init__(
        self, app: App, scopes: Scopes, tokens: Tokens, *, entrance: Entrance, settings: WebSettings, emit: Emit
    ) -> None:
        self._app = app
        self._scopes = scopes
        self._tokens = tokens
        self._entrance = entrance
        self._emit = emit
        self._metrics_from = networks(settings.metrics_from)
        self._bodies = Bodies()
        self.closed = False

    def close(self) -> None:
        """The service stops: who wants something done is to ask it again once it is back."""
        self.closed = True
        self._bodies.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = Body(self._bodies)
        try:
            await self._serve(scope, receive, send, body)
        finally:
            body.done()

    async def _serve(self, scope: Scope, receive: Receive, send: Send, body: Body) -> None:
        try:
            headers = _Headers(scope["headers"])
            scope["path"] = path_of(scope["raw_path"])
            rule = self._admit(scope, headers)
            if headers.has_body:
                whole = await body.read(receive, headers.length, rule.max_body, known=rule.scope is not None)
                receive = replay(whole, receive)
                if rule.scope is not None:
                    scope["headers"] = as_json(scope["headers"])
        except TocsinError as problem:
            self._tell_turned(scope, problem)
            answer = answer_to(problem)
            if isinstance(problem, TooLargeError | TooSlowError):
                answer.headers["Connection"] = "close"  # the rest of that body is not waited for
            await answer(scope, receive, send)
            return
        if scope["method"] == "HEAD" and not rule.knows_head:
            # The server leaves the body out; an answer that would go on ends with its head.
            scope, receive = {**scope, "method": "GET"}, _hung_up
        await (rule.straight or self._app)(scope, receive, send)
        if PROBLEM in scope and scope["method"] not in _ASKING:
            self._tell_turned(scope, scope[PROBLEM])

    def _tell_turned(self, scope: Scope, problem: TocsinError) -> None:
        """Tell of a request that was turned away, unless the service stops: that is no news, and nobody's fault."""
        if self.closed:
            return
        grant = scope.get(_GRANT)
        owner = grant.owner if grant is not None else getattr(problem, "owner", "")
        rule = self._scopes.find(scope["method"], scope["path"])
        ingest = rule is not None and rule.scope == "ingest"
        self._emit(Turned(problem.code, problem.message, owner, scope.get(_CLIENT, ""), ingest=ingest))

    def _admit(self, scope: Scope, headers: "_Headers") -> RouteRule:
        client = scope[_CLIENT] = self._client(scope, headers)
        rule = self._scopes.find(scope["method"], scope["path"])
        if rule is None or not rule.any_host:
            self._check_host(headers)
        rule = rule or self._no_rule(scope["method"], scope["path"])
        if rule.scope is not None and not (rule.named_addresses and self._may_look(client)):
            grant = scope[_GRANT] = self._authenticate(headers, client)
            if rule.scope != ANY:
                _check_scope(grant, rule.scope)
        if self.closed and scope["method"] not in _ASKING:
            raise stopping()
        return rule

    def _no_rule(self, method: str, path: str) -> RouteRule:
        allowed = self._scopes.methods(path)
        if allowed:
            raise MethodNotAllowedError(method, path, allowed)
        return _NO_RULE

    def _check_host(self, headers: "_Headers") -> None:
        if not self._entrance.hosts.know(",".join(headers.hosts)):
            raise UnknownHostError("the Host header names no host of this service: add it to server.allowed_hosts")

    def _client(self, scope: Scope, headers: "_Headers") -> str:
        peer = scope.get("client")
        return self._entrance.proxies.client(peer[0], ",".join(headers.forwarded_for)) if peer else ""

    def _may_look(self, client: str) -> bool:
        address = address_of(client)
        return address is not None and within(address, self._metrics_from)

    def _authenticate(self, headers: "_Headers", client: str) -> Grant:
        if len(headers.authorization) != 1:
            raise _no_token()
        scheme, _, secret = headers.authorization[0].partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _no_token()
        return self._tokens.authenticate(secret.strip(), client)


def _check_scope(grant: Grant, scope: str) -> None:
    if not grant.allows(scope):
        has = ", ".join(sorted(grant.scopes))
        raise ForbiddenError(f"this needs a token with scope {scope}; the one you sent has {has}")


class _Headers:
    """The headers that the guard looks at, read in one pass."""

    __slots__ = ("authorization", "chunked", "forwarded_for", "hosts", "length")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.hosts: list[str] = []
        self.authorization: list[str] = []
        self.forwarded_for: list[str] = []
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
                self.forwarded_for.append(value.decode("latin-1"))

    @property
    def has_body(self) -> bool:
        return self.chunked or self.length > 0


async def _hung_up() -> Message:
    return {"type": "http.disconnect"}


def _no_token() -> UnauthorizedError:
    return UnauthorizedError("send a token: `Authorization: Bearer TOKEN` (made by `tocsin token create`)")
