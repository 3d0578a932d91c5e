"""The body of a request: read whole before anybody works on it, and no more of it than is allowed."""

import asyncio

from tocsin.core.errors import TooLargeError
from tocsin.web.asgi import Message, Receive
from tocsin.web.errors import TooSlowError

DEADLINE_S = 30.0


async def read_body(receive: Receive, announced: int, limit: int) -> bytes:
    """The whole body, `announced` by its Content-Length or 0. Raises TooLargeError; TooSlowError for one that does not
    come to its end.
    """
    if announced > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(DEADLINE_S):
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
    except TimeoutError:
        raise TooSlowError(f"the body did not arrive within {DEADLINE_S:.0f} s") from None


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
