"""The body of a request: read whole before anybody works on it, and no more of it than is allowed."""

import asyncio

from tocsin.core.errors import TooLargeError
from tocsin.web.asgi import Message, Receive
from tocsin.web.errors import TooSlowError, stopping

DEADLINE_S = 30.0


class Bodies:
    """Those that are on their way, so that a stop need not wait for them."""

    def __init__(self) -> None:
        self._deadlines: set[asyncio.Timeout] = set()
        self._closed = False

    def close(self) -> None:
        """Nothing is taken any more: whoever still sends is told to come back."""
        self._closed = True
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(0)

    async def read(self, receive: Receive, announced: int, limit: int) -> bytes:
        """The whole body, `announced` by its Content-Length or 0. Raises TooLargeError; TooSlowError for one that does
        not come to its end; LedgerUnavailableError where the service stops meanwhile.
        """
        if announced > limit:
            raise _too_large(limit)
        try:
            async with asyncio.timeout(DEADLINE_S) as deadline:
                self._deadlines.add(deadline)
                try:
                    return await _whole(receive, limit)
                finally:
                    self._deadlines.discard(deadline)
        except TimeoutError:
            if self._closed:
                raise stopping() from None
            raise TooSlowError(f"the body did not arrive within {DEADLINE_S:.0f} s") from None


async def _whole(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TooSlowError("the connection ended before the body did")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


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
    return TooLargeError(f"this request may hold at most {limit} bytes")
