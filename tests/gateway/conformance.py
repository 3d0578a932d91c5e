"""Echo applications on the gateway's own stack, for the official protocol suites, and what runs those.

`python -m tests.gateway.conformance DIR` looks for `*test-suite` folders of Engine.IO v4 and Socket.IO v5 under DIR
(a checkout of the Socket.IO project), serves each the application that its README describes, and runs it with npm.
"""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn

from tocsin.access.entrance import Entrance
from tocsin.core.clock import SystemClock
from tocsin.core.errors import TocsinError
from tocsin.gateway.engine import Engine
from tocsin.gateway.engineio import Outgoing
from tocsin.gateway.peer import Peer, Socket
from tocsin.gateway.polling import PollingDoor
from tocsin.gateway.session import Session
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.websocket import websocket_protocol

PORT = 3000  # written into the suites
SUITES = {"v4-test-suite": "/engine.io", "v5-test-suite": "/socket.io"}


class EchoSession:
    """Engine.IO alone: what comes goes back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def receive(self, data: str | bytes) -> None:
        self._session.send((Outgoing.message(data),))

    def closed(self, reason: str) -> None:
        pass


class EchoNamespace:
    """The server application in the README of the Socket.IO suite."""

    def connect(self, socket: Socket, auth: Mapping[str, Any]) -> None:
        """Everybody may come in."""
        del socket
        self._auth = auth

    def connected(self, socket: Socket) -> None:
        socket.emit("auth", self._auth)

    def event(self, socket: Socket, name: str, args: list[Any], ack: int | None) -> None:
        if name == "message":
            socket.emit("message-back", *args)
        elif name == "message-with-ack":
            socket.ack(ack, *args)

    def refuse(self, socket: Socket, name: str, error: TocsinError, ack: int | None) -> None:
        pass

    def disconnected(self, socket: Socket, reason: str) -> None:
        pass


def echo_engine(path: str) -> Engine:
    """The settings are the ones that the suites expect."""
    settings = GatewaySettings(
        path=path, ping_interval=0.3, ping_timeout=0.2, connect_timeout=1, max_payload=1_000_000, message_rate=1000
    )
    namespaces = {"/": EchoNamespace(), "/custom": EchoNamespace()}
    if path == "/engine.io":
        return Engine(settings, Entrance(), SystemClock(), EchoSession)
    engine = Engine(settings, Entrance(), SystemClock(), lambda session: Peer(session, engine, namespaces))
    return engine


async def nothing_else(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def server_of(engine: Engine, port: int) -> uvicorn.Server:
    app = PollingDoor(engine, nothing_else)
    config = uvicorn.Config(
        app, port=port, ws=websocket_protocol(engine), lifespan="off", log_level="warning", access_log=False
    )
    return uvicorn.Server(config)


async def run_suite(folder: Path, path: str) -> int:
    engine = echo_engine(path)
    server = server_of(engine, PORT)
    await engine.start()
    serving = asyncio.create_task(server.serve())
    try:
        return await _npm_test(folder)
    finally:
        await engine.stop()
        server.should_exit = True
        await serving


async def _npm_test(folder: Path) -> int:
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to run the official suites")
    if not (folder / "node_modules").exists():
        installing = await asyncio.create_subprocess_exec(npm, "ci", "--ignore-scripts", cwd=folder)
        await installing.wait()
    testing = await asyncio.create_subprocess_exec(npm, "test", cwd=folder)
    return await testing.wait()


async def run_all(found: list[tuple[Path, str]]) -> int:
    return max([await run_suite(folder, path) for folder, path in found])


def suites_under(root: Path) -> list[tuple[Path, str]]:
    found = [(folder, path) for name, path in SUITES.items() for folder in sorted(root.rglob(name))]
    if not found:
        raise SystemExit(f"no suite found under {root}: fetch the Socket.IO project, it has them in docs/")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", type=Path)
    sys.exit(asyncio.run(run_all(suites_under(parser.parse_args().suites))))
