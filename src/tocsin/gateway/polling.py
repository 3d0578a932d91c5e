"""The polling door: Engine.IO over plain HTTP requests, as an ASGI application in front of another one."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tocsin.gateway.engine import Engine, Visitor
from tocsin.gateway.engineio import (
    BAD_METHOD,
    BAD_REQUEST,
    POLLING,
    UNKNOWN_TRANSPORT,
    MalformedError,
    Refusal,
    Wish,
    count_packets,
    payload,
    read_payload,
    read_query,
)
from tocsin.gateway.session import PROTOCOL_ERROR, Session

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_TEXT = b"text/plain; charset=UTF-8"
_JSON = b"application/json"
BODY_DEADLINE_S = 30.0
_TOO_LARGE = Refusal(BAD_REQUEST.code, "Payload too large", 413)
_TOO_SLOW = Refusal(BAD_REQUEST.code, "Payload too slow", 408)


class PollingDoor:
    """Takes the gateway's path and hands everything else to `inner`."""

    def __init__(self, engine: Engine, inner: Application) -> None:
        self._engine = engine
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].rstrip("/") != self._engine.settings.path:
            await self._inner(scope, receive, send)
            return
        visitor = _visitor(scope)
        answer = await self._serve(scope, visitor, receive)
        if answer is not None:
            await self._answer(answer, visitor, send)

    async def _serve(self, scope: Scope, visitor: Visitor, receive: Receive) -> bytes | Refusal | None:
        """The body of the answer; None where nobody is there any more to get one."""
        wish = self._engine.judge(visitor) or read_query(scope["query_string"].decode("latin-1"))
        if isinstance(wish, Refusal):
            return wish
        if wish.sid is None:
            return await self._open(scope["method"], wish, visitor)
        session = self._engine.find(wish.sid)
        if isinstance(session, Refusal):
            return session
        if wish.transport != POLLING or not session.polling:
            return BAD_REQUEST
        return await self._exchange(session, scope, receive)

    async def _exchange(self, session: Session, scope: Scope, receive: Receive) -> bytes | Refusal | None:
        if scope["method"] == "GET":
            return await _poll(session, receive)
        if scope["method"] == "POST":
            return await self._post(session, scope, receive)
        return BAD_METHOD

    async def _open(self, method: str, wish: Wish, visitor: Visitor) -> bytes | Refusal:
        if method != "GET":
            return BAD_METHOD
        if wish.transport != POLLING:
            return UNKNOWN_TRANSPORT
        await self._engine.accept_pacer.passed()
        refusal = self._engine.judge(visitor) or self._engine.crowded(visitor)
        if refusal is not None:
            return refusal
        _, opening = self._engine.open(visitor)
        return payload((opening,))

    async def _post(self, session: Session, scope: Scope, receive: Receive) -> bytes | Refusal | None:
        if session.posting or _header(scope, b"content-type").startswith("application/octet-stream"):
            session.close("two POSTs at a time" if session.posting else "parse error", PROTOCOL_ERROR)
            return BAD_REQUEST
        session.posting = True
        body = await _body(scope, receive, self._engine.settings.max_payload)
        session.posting = False
        if isinstance(body, Refusal):
            session.close(body.message.lower())
        if not isinstance(body, bytes):
            return body
        return _hear(session, body, self._engine.clock.monotonic())

    async def _answer(self, answer: bytes | Refusal, visitor: Visitor, send: Send) -> None:
        if isinstance(answer, Refusal):
            self._engine.tell_refused(answer, visitor)
            kind, status, body = _JSON, answer.status, answer.body
        else:
            kind, status, body = _TEXT, 200, answer
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if visitor.origin is not None and self._engine.entrance.origins.know(visitor.origin):
            headers += [(b"access-control-allow-origin", visitor.origin.encode("latin-1")), (b"vary", b"Origin")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _hear(session: Session, body: bytes, now: float) -> bytes | Refusal:
    if not session.frames.take(now, count_packets(body)):
        session.evict("too_many_frames")
        return BAD_REQUEST
    try:
        for packet in read_payload(body):
            session.receive(packet)
    except MalformedError:
        session.close("parse error", PROTOCOL_ERROR)
        return BAD_REQUEST
    return b"ok"


async def _poll(session: Session, receive: Receive) -> bytes | Refusal | None:
    """Wait for something to tell; a client that hangs up meanwhile has left."""
    try:
        answer = session.poll()
    except MalformedError:
        return BAD_REQUEST
    if answer.done():
        return answer.result()
    gone = asyncio.ensure_future(_hung_up(receive))
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
    if answer.done():
        return answer.result()
    answer.cancel()
    session.close("poll cancelled")
    return None


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes | Refusal | None:
    """The whole body, refused as soon as it is known to be over the limit; None where the client hung up."""
    declared = _header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        return _TOO_LARGE
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            while True:
                part = await receive()
                if part["type"] == "http.disconnect":
                    return None
                body += part.get("body", b"")
                if len(body) > limit:
                    return _TOO_LARGE
                if not part.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        return _TOO_SLOW


def _visitor(scope: Scope) -> Visitor:
    client = scope.get("client")
    names = {name for name, _ in scope["headers"]}
    return Visitor(
        peer=client[0] if client else "",
        host=_header(scope, b"host"),
        origin=_header(scope, b"origin") if b"origin" in names else None,
        forwarded_for=_header(scope, b"x-forwarded-for"),
    )


def _header(scope: Scope, name: bytes) -> str:
    """Its values joined by commas; empty where it is missing."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
