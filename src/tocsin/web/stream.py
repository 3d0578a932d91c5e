"""The live stream over plain HTTP, for `curl -N` and programs without Socket.IO: NDJSON, or server-sent events."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.clock import Clock
from tocsin.core.decision import Reason
from tocsin.core.record import Cursor, Event, EventKind
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.web.asgi import Receive, Send
from tocsin.web.follower import Follower
from tocsin.web.locks import needs
from tocsin.web.parts import Parts
from tocsin.web.query import STREAM_KEYS, STREAM_PARAMETERS, check_keys, match_of
from tocsin.web.raw import RawRoute

_READER_DEADLINE_S = 60.0
BOOKMARK_S = 15.0  # a line at least this often: the connection is alive, and a narrow interest keeps up

Write = Callable[[str, str, Mapping[str, Any]], bytes]
"""From the event's name, its cursor and its payload to bytes."""


class Streams:
    def __init__(self, parts: Parts) -> None:
        self._feed = parts.feed
        self._rulebook = parts.rulebook
        self._clock = parts.clock
        self._followers: set[Follower] = set()

    def open(self, app: FastAPI) -> None:
        route = RawRoute(
            "/api/v1/alerts/stream",
            self.stream,
            methods=["GET"],
            tags=["alerts"],
            openapi_extra=needs("read") | {"parameters": STREAM_PARAMETERS},
        )
        app.router.routes.append(route)

    def close(self) -> None:
        """End every stream; its reader comes back with its cursor."""
        for follower in tuple(self._followers):
            follower.end()

    async def stream(self, request: Request) -> Response:
        """Alerts as they are accepted and closed: `alert`, `alert_closed`, `resumed`, and `cursor` as a bookmark.

        Each line carries the `cursor` to resume `after`. NDJSON, or SSE where `Accept` asks for `text/event-stream`.
        """
        check_keys(request.query_params, STREAM_KEYS)
        match = match_of(request.query_params)
        after = request.query_params.get("after") or request.headers.get("last-event-id")
        as_sse = "text/event-stream" in request.headers.get("accept", "")
        teller = _Teller(self._feed.epoch, match, lambda: self._rulebook().catalog, _sse if as_sse else _ndjson)
        follower = self._follower(Cursor.parse(after) if after else None)
        return _Live(follower, teller, self._followers, self._clock, resuming=after is not None, as_sse=as_sse)

    def _follower(self, after: Cursor | None) -> Follower:
        """A cursor of another ledger says nothing about this one: the reader goes live, and is told so."""
        if after is None or after.epoch != self._feed.epoch:
            follower = Follower(self._feed, self._feed.head)
            follower.complete = after is None
            return follower
        return Follower(self._feed, after.position)


class _Live(Response):
    """An answer that goes on until its reader leaves, reads nothing for a minute, or the service stops."""

    def __init__(
        self,
        follower: Follower,
        teller: "_Teller",
        open_streams: set[Follower],
        clock: Clock,
        *,
        resuming: bool,
        as_sse: bool,
    ) -> None:
        # nginx would hold lines back.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(headers=headers, media_type="text/event-stream" if as_sse else "application/x-ndjson")
        del self.headers["content-length"]
        self._follower = follower
        self._teller = teller
        self._open_streams = open_streams
        self._clock = clock
        self._resuming = resuming

    async def __call__(self, _scope: Any, receive: Receive, send: Send) -> None:
        follower = self._follower
        watch = asyncio.create_task(_end_when_gone(receive, follower))
        self._open_streams.add(follower)
        try:
            with follower:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._tell(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._open_streams.discard(follower)
            watch.cancel()

    async def _tell(self, send: Send) -> None:
        """The first line is a cursor at once, so that a reader always has one to come back with."""
        lines = self._teller.bookmark(self._follower.position)
        while lines or not self._follower.ended:
            if lines:
                async with asyncio.timeout(_READER_DEADLINE_S):
                    await send({"type": "http.response.body", "body": lines, "more_body": True})
                written = self._clock.monotonic()
            lines = b""
            if self._resuming and self._follower.live:
                self._resuming = False
                lines = self._teller.resumed(self._follower)
            elif not self._follower.ended:
                lines = self._teller.events(await self._follower.next(BOOKMARK_S))
                if not lines and self._clock.monotonic() - written >= BOOKMARK_S:
                    lines = self._teller.bookmark(self._follower.position)


async def _end_when_gone(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()


class _Teller:
    """What one reader hears, in the form it asked for. Retailers and products are read as the catalog has them now."""

    def __init__(self, epoch: str, match: Match, catalog: Callable[[], Catalog], write: Write) -> None:
        self._epoch = epoch
        self._match = match
        self._catalog = catalog
        self._write = write
        self._count = 0

    def events(self, events: Sequence[Event]) -> bytes:
        catalog = self._catalog()
        told = [event for event in events if self._concerns(event, catalog)]
        self._count += len(told)
        return b"".join(map(self._event, told))

    def bookmark(self, position: int) -> bytes:
        return self._write("cursor", self._cursor(position), {})

    def resumed(self, follower: Follower) -> bytes:
        """`complete` is false where something was missed for good; `count` is what was sent of the past."""
        told = {"count": self._count, "complete": follower.complete}
        return self._write("resumed", self._cursor(follower.position), told)

    def _concerns(self, event: Event, catalog: Catalog) -> bool:
        """An operator's test of a target is nobody else's business."""
        return event.record.reason is not Reason.TEST and self._match.admits(event.record.alert, catalog)

    def _event(self, event: Event) -> bytes:
        cursor = self._cursor(event.position)
        if event.kind is EventKind.ACCEPTED:
            return self._write("alert", cursor, event.record.as_json())
        alert = event.record.alert
        lasted = None if event.opened_at is None else round((event.at - event.opened_at).total_seconds(), 3)
        told = {"id": str(alert.id), "sku": alert.sku, "retailer": alert.retailer, "sold_out_after_s": lasted}
        return self._write("alert_closed", cursor, told)

    def _cursor(self, position: int) -> str:
        return str(Cursor(self._epoch, position))


def _ndjson(event: str, cursor: str, told: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"event": event, **told, "cursor": cursor}) + b"\n"


def _sse(event: str, cursor: str, told: Mapping[str, Any]) -> bytes:
    """WHATWG HTML, "Server-sent events": the id comes back as Last-Event-ID."""
    data = orjson.dumps({**told, "cursor": cursor})
    return b"event: " + event.encode() + b"\nid: " + cursor.encode() + b"\ndata: " + data + b"\n\n"
