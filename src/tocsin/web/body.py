"""The body of a request: read whole before anybody works on it, and no more of it than is allowed."""

import asyncio

from tocsin.core.errors import RateLimitedError, TooLargeError
from tocsin.web.asgi import Message, Receive
from tocsin.web.errors import TooSlowError, stopping
from tocsin.web.room import Room

DEADLINE_S = 30.0
SMALL = 64 * 1024  # bytes
ROOM = 64 * 1024 * 1024  # bytes that larger ones share, from the first until their request is answered


class Bodies:
    """The bodies that are on their way, so that a stop need not wait for them, and that all of them find room."""

    def __init__(self) -> None:
        self.known, self.unknown = Room(ROOM), Room(ROOM)
        self.deadlines: set[asyncio.Timeout] = set()
        self.closed = False

    def close(self) -> None:
        """Nothing is taken any more: whoever still sends is told to come back."""
        self.closed = True
        for deadline in self.deadlines:
            if not deadline.expired():
                deadline.reschedule(0)


class Body:
    """One of them. A large one takes room, and holds it until it is `done`."""

    __slots__ = ("_all", "_held", "_room", "_waits")

    def __init__(self, bodies: Bodies) -> None:
        self._all = bodies
        self._room = bodies.unknown
        self._held = 0
        self._waits = False

    def done(self) -> None:
        """Nobody works on it any more."""
        if self._held:
            self._room.give(self._held)
            self._held = 0

    async def read(self, receive: Receive, announced: int, limit: int, *, known: bool) -> bytes:
        """The whole body, `announced` by its Content-Length or 0, from somebody `known` by a token: strangers take no
        room from those. Raises TooLargeError; TooSlowError for one that does not come to its end; RateLimitedError
        where there was no room for it; LedgerUnavailableError where the service stops meanwhile.
        """
        if announced > limit:
            raise _too_large(limit)
        if known:
            self._room = self._all.known
        try:
            async with asyncio.timeout(DEADLINE_S) as deadline:
                self._all.deadlines.add(deadline)
                try:
                    return await self._whole(receive, announced, limit, deadline)
                finally:
                    self._all.deadlines.discard(deadline)
        except TimeoutError:
            if self._all.closed:
                raise stopping() from None
            if self._waits:
                raise RateLimitedError("too many large requests at once: send it again later", DEADLINE_S) from None
            raise TooSlowError(f"the body did not arrive within {DEADLINE_S:.0f} s") from None

    async def _whole(self, receive: Receive, announced: int, limit: int, deadline: asyncio.Timeout) -> bytes:
        body = bytearray()
        if announced > SMALL:
            await self._take(announced, deadline)
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise TooSlowError("the connection ended before the body did")
            body += message.get("body", b"")
            if len(body) > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return bytes(body)
            if len(body) > SMALL and not self._held:
                await self._take(limit, deadline)

    async def _take(self, size: int, deadline: asyncio.Timeout) -> None:
        """Waiting for room is not the fault of the body, and has its own time."""
        self._waits = True
        await self._room.take(size)
        self._waits, self._held = False, size
        if not self._all.closed:
            deadline.reschedule(asyncio.get_running_loop().time() + DEADLINE_S)


def replay(body: bytes, receive: Receive) -> Receive:
    unread = True

    async def again() -> Message:
        nonlocal unread
        if not unread:
            return await receive()
        unread = False
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Our bodies are JSON whatever their content type says: `curl -d` calls everything a form."""
    return [*(pair for pair in headers if pair[0] != b"content-type"), (b"content-type", b"application/json")]


def _too_large(limit: int) -> TooLargeError:
    whole, unit = (limit >> 20, "MiB") if limit >= 1 << 20 else (limit >> 10, "KiB")
    return TooLargeError(f"this request may hold at most {whole} {unit}: send it in parts")
