"""One port for all doors: uvicorn within this process, started and stopped like every other part."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

BACKLOG = 2048  # a storm of a thousand reconnecting sockets waits here, and is not refused


class _Server(uvicorn.Server):
    """Signals belong to the command line, not to a service that may live in somebody else's process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Doors:
    """`app` is the whole ASGI application, `http` and `ws` speak the protocols. Port 0 takes a free one."""

    def __init__(
        self, app: Any, *, http: type[asyncio.Protocol], ws: type[asyncio.Protocol], host: str, port: int
    ) -> None:
        self._config = uvicorn.Config(
            app,
            ws=ws,
            http=http,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=5,
        )
        self._address = (host, port)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Raises OSError where the address is taken."""
        listener = _listen(*self._address)
        self.port = listener.getsockname()[1]
        self._server = _Server(self._config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.up.wait()

    async def stop(self) -> None:
        if self._server and self._serving:
            self._server.should_exit = True
            await self._serving


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)  # noqa: FBT003 - the name of the argument is not public in the standard library
    except OSError:
        listener.close()
        raise
    return listener
