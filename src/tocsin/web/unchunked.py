"""Answers to HTTP/1.0, which knows no chunks: one whose length nobody knows ends where its connection does."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tocsin.web.asgi import App, Message, Receive, Scope, Send

_BODILESS = frozenset({204, 304})


def unchunked(app: App, cycle: RequestResponseCycle) -> Any:
    """`app` for one exchange, which ends with its connection, as the server does with all of HTTP/1.0."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        open_ended = False

        async def plain(message: Message) -> None:
            nonlocal open_ended
            if message["type"] == "http.response.start":
                open_ended = _has_no_end(scope, message)
                if open_ended:
                    # To the server it is a head alone: it puts no chunks around what follows.
                    cycle.scope = {**cycle.scope, "method": "HEAD"}
            elif open_ended:
                await send({"type": "http.response.body", "body": b"", "more_body": True})  # while nobody reads
                if message.get("body") and not cycle.disconnected:
                    cycle.transport.write(message["body"])
            await send(message)

        await app(scope, receive, plain)

    return answer


def _has_no_end(scope: Scope, start: Message) -> bool:
    named = {name.lower() for name, _ in start["headers"]}
    return scope["method"] != "HEAD" and start["status"] not in _BODILESS and b"content-length" not in named
