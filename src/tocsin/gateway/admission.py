"""Lets sockets in by their token, and puts them out: too many of one token, its revocation, its end."""

from collections.abc import Mapping
from typing import Any, Protocol

from tocsin.access.tokens import Grant
from tocsin.core.clock import Clock
from tocsin.core.errors import ForbiddenError, RateLimitedError, TocsinError, UnauthorizedError
from tocsin.core.facts import Emit, Turned
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.peer import RefusedError, Socket


class Authority(Protocol):
    """Knows tokens: the part of `access.tokens.Tokens` that admission needs."""

    def authenticate(self, secret: str, address: str) -> Grant:
        """Raises UnauthorizedError or RateLimitedError."""
        ...


class Admission:
    def __init__(self, tokens: Authority, clock: Clock, gauges: Gauges, most_per_token: int, emit: Emit) -> None:
        self._tokens = tokens
        self._clock = clock
        self._gauges = gauges
        self._emit = emit
        self._most = most_per_token
        self._sockets: dict[str, set[Socket]] = {}

    def judge(self, socket: Socket, auth: Mapping[str, Any], scopes: frozenset[str]) -> Grant:
        """The grant behind the CONNECT of a socket, which must have one of these scopes.

        Raises UnauthorizedError, ForbiddenError or RateLimitedError.
        """
        token = auth.get("token")
        if not isinstance(token, str):
            raise UnauthorizedError('a token is needed: connect with auth {"token": "..."}')
        grant = self._tokens.authenticate(token, socket.peer.session.address)
        if not any(map(grant.allows, scopes)):
            raise ForbiddenError(f"this token needs the scope {' or '.join(sorted(scopes))}")
        if len(self._sockets.get(grant.token_id, ())) >= self._most:
            raise RateLimitedError("this token has as many sockets as it may")
        return grant

    def refuse(self, socket: Socket, error: TocsinError) -> RefusedError:
        """The error as a client reads it in `connect_error`."""
        self._gauges.refusals[error.code] += 1
        owner = error.owner if isinstance(error, UnauthorizedError) else ""
        self._emit(Turned(error.code, error.message, owner, socket.peer.session.address, ingest=False))
        payload = error.as_json()["error"]
        if isinstance(error, RateLimitedError):
            payload["retry_after_s"] = error.retry_after
        return RefusedError(error.message, payload)

    def enter(self, socket: Socket, grant: Grant) -> None:
        self._sockets.setdefault(grant.token_id, set()).add(socket)

    def leave(self, socket: Socket, grant: Grant) -> None:
        sockets = self._sockets[grant.token_id]
        sockets.discard(socket)
        if not sockets:
            del self._sockets[grant.token_id]

    def seconds_left(self, grant: Grant) -> float:
        """How long the token is still good; infinity where it has no end."""
        if grant.expires_at is None:
            return float("inf")
        return (grant.expires_at - self._clock.now()).total_seconds()

    def drop(self, token_id: str) -> None:
        """The token is revoked: its sockets go, and the standard client does not try again by itself."""
        for socket in tuple(self._sockets.get(token_id, ())):
            self.put_out(socket, "token_revoked", "this token was revoked")

    def expire(self, socket: Socket) -> None:
        self.put_out(socket, "token_expired", "this token has ended: ask for a new one")

    def put_out(self, socket: Socket, code: str, message: str) -> None:
        self._gauges.evictions[code] += 1
        socket.emit("goodbye", {"code": code, "message": message, "retry_after_s": None})
        socket.disconnect()
