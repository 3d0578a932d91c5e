"""The live stream over plain HTTP, for `curl -N` and programs without Socket.IO."""

from weakref import WeakSet

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.record import Cursor
from tocsin.web.errors import stopping
from tocsin.web.follower import Follower
from tocsin.web.forms.form import NDJSON, SSE, TEXT, answer
from tocsin.web.guard import grant_of
from tocsin.web.lines import Lines
from tocsin.web.live import LiveAnswer
from tocsin.web.query import STREAM_KEYS, STREAM_PARAMETERS, check_keys, match_of
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_LINES = answer(TEXT, "Lines, until the service stops or the token ends.", media_types=(NDJSON, SSE))


class Streams:
    def __init__(self, services: Services) -> None:
        self._feed = services.pipeline.feed
        self._active = services.active
        self._clock = services.clock
        self._live: WeakSet[LiveAnswer] = WeakSet()
        self._closed = False
        services.tokens.on_revoked(self._end_those_of)

    def open(self, app: FastAPI) -> None:
        route = RawRoute(
            "/api/v1/alerts/stream",
            self.stream,
            methods=["GET"],
            tags=["alerts"],
            openapi_extra=needs("read") | _LINES | {"parameters": STREAM_PARAMETERS},
        )
        app.router.routes.append(route)

    def close(self) -> None:
        """End every stream, and begin none; its reader comes back with its cursor."""
        self._closed = True
        for live in tuple(self._live):
            live.follower.end()

    async def stream(self, request: Request) -> Response:
        """Alerts as they are accepted and closed: `alert`, `alert_closed`, `resumed`, and `cursor` as a bookmark.

        Each line carries the `cursor` to resume `after`. NDJSON, or SSE where `Accept` asks for `text/event-stream`.
        """
        if self._closed:
            raise stopping()
        check_keys(request.query_params, STREAM_KEYS)
        lines = Lines(
            self._feed.epoch,
            match_of(request.query_params),
            lambda: self._active.rulebook.catalog,
            as_sse="text/event-stream" in request.headers.get("accept", ""),
        )
        after = request.query_params.get("after") or request.headers.get("last-event-id")
        follower = self._follower(Cursor.parse(after) if after else None)
        live = LiveAnswer(follower, lines, grant_of(request), self._clock, resuming=after is not None)
        self._live.add(live)
        return live

    def _follower(self, after: Cursor | None) -> Follower:
        """A cursor of another ledger says nothing about this one: the reader goes live, and is told so."""
        if after is None or after.epoch != self._feed.epoch:
            follower = Follower(self._feed, self._feed.head)
            follower.complete = after is None
            return follower
        return Follower(self._feed, after.position)

    def _end_those_of(self, token_id: str) -> None:
        for live in tuple(self._live):
            if live.grant.token_id == token_id:
                live.follower.end()
