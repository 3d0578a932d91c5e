"""A stop that has waited long enough cancels what is under way."""

import asyncio
from typing import Any

import orjson

from tocsin.web.asgi import App, Receive, Scope, Send
from tocsin.web.doors import _answered_to_the_end

HTTP = {"type": "http", "method": "POST", "path": "/"}


async def cancelled(app: App, scope: Scope) -> list[Any]:
    """What a client was sent by an application that is cancelled once it waits."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    task = asyncio.create_task(_answered_to_the_end(app)(scope, receive, send))
    await asyncio.sleep(0)
    task.cancel()
    await task
    return sent


async def test_who_has_no_answer_yet_is_told_to_come_back():
    async def reads(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()

    start, body = await cancelled(reads, dict(HTTP))
    assert start["status"] == 503
    assert b"retry-after" in dict(start["headers"])
    assert orjson.loads(body["body"])["error"]["code"] == "ledger_unavailable"


async def test_an_answer_that_has_begun_is_left_as_it_is():
    async def tells(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()

    assert [message["type"] for message in await cancelled(tells, dict(HTTP))] == ["http.response.start"]
