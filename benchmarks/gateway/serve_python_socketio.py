"""python-socketio as it comes: POST /alerts emits each alert to everyone."""

import sys
from typing import Any

import orjson
import socketio
import uvicorn

from benchmarks.gateway.echo import ADDED

server = socketio.AsyncServer(async_mode="asgi")


async def alerts(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while (part := await receive())["type"] == "http.request":
        body += part["body"]
        if not part["more_body"]:
            break
    for alert in orjson.loads(body):
        await server.emit("alert", alert | ADDED)
    await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


if __name__ == "__main__":
    uvicorn.run(socketio.ASGIApp(server, alerts), port=int(sys.argv[1]), log_level="warning", access_log=False)
