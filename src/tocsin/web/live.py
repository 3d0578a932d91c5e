"""An answer that goes on until its reader leaves or stops reading, its token ends, or the service stops."""

import asyncio
from typing import Any

from starlette.responses import Response

from tocsin.access.tokens import Grant
from tocsin.core.clock import Clock
from tocsin.web.asgi import Receive, Send
from tocsin.web.follower import Follower
from tocsin.web.lines import Lines

BOOKMARK_S = 15.0  # a line at least this often: the connection is alive, and a narrow interest keeps up


class LiveAnswer(Response):
    """Memory stays flat whoever reads slowly: what does not go out is read again from the ledger later."""

    def __init__(self, follower: Follower, lines: Lines, grant: Grant, clock: Clock, *, resuming: bool) -> None:
        # nginx would hold lines back.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type=lines.media_type)
        del self.headers["content-length"]
        self.follower = follower
        self.grant = grant
        self._lines = lines
        self._clock = clock
        self._resuming = resuming
        self._written = clock.monotonic()

    async def __call__(self, _scope: Any, receive: Receive, send: Send) -> None:
        watch = asyncio.create_task(_end_when_gone(receive, self.follower))
        try:
            with self.follower:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._emit(send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watch.cancel()

    async def _emit(self, send: Send) -> None:
        """The first line is a cursor at once, so that a reader always has one to come back with."""
        await self._write(send, self._lines.bookmark(self.follower.position))
        while not self._over():
            if self._resuming and self.follower.live:
                self._resuming = False
                await self._write(send, self._lines.resumed(self.follower))
            lines = self._lines.events(await self.follower.next(BOOKMARK_S))
            if not lines and self._clock.monotonic() - self._written >= BOOKMARK_S:
                lines = self._lines.bookmark(self.follower.position)
            await self._write(send, lines)

    def _over(self) -> bool:
        end = self.grant.expires_at
        return self.follower.ended or (end is not None and end <= self._clock.now())

    async def _write(self, send: Send, lines: bytes) -> None:
        if lines:
            await send({"type": "http.response.body", "body": lines, "more_body": True})
            self._written = self._clock.monotonic()


async def _end_when_gone(receive: Receive, follower: Follower) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.end()
