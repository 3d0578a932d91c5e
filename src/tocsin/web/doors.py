"""One port for all doors: uvicorn within this process, started and stopped like every other part."""

import asyncio
import contextlib
import os
import resource
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import uvicorn

from tocsin.core.errors import CannotListenError
from tocsin.core.facts import Tell, Trouble
from tocsin.web.asgi import App, Message, Receive, Scope, Send
from tocsin.web.errors import answer_to, stopping

BACKLOG = 2048  # a storm of a thousand reconnecting sockets waits here, and is not refused
RESERVE = 64  # file descriptors, or an eighth of a small limit, that newcomers leave to the ledger and the ways out

_MEND = "Raise the limit on open files (LimitNOFILE in the unit, `ulimit -n` in a shell)."


class _Server(uvicorn.Server):
    """Signals belong to the command line, not to a service that may live in somebody else's process.

    While file descriptors are short nobody is let in: newcomers wait in the backlog, and who is in is served.
    """

    def __init__(self, config: uvicorn.Config, paused: Callable[[], None]) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self._paused = paused

    @property
    def paused(self) -> bool:
        return self.started and not self.servers

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        assert sockets, "the listening socket outlives every pause"
        (self._listener,) = sockets
        self.servers = []
        await self._let_in()
        self.started = True
        self.up.set()

    async def on_tick(self, counter: int) -> bool:
        if self.paused and not _short_of_descriptors(twice=True):
            await self._let_in()
        self._pause_if_short()
        return await super().on_tick(counter)

    async def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, sock=self._listener.dup(), backlog=BACKLOG)
        self.servers.append(server)

    def _pause_if_short(self) -> None:
        if self.servers and _short_of_descriptors():
            self.servers.pop().close()
            self._paused()

    def _protocol(self) -> asyncio.Protocol:
        asyncio.get_running_loop().call_soon(self._pause_if_short)
        speaks: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = speaks(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class Doors:
    """`app` is the whole ASGI application, `http` and `ws` speak the protocols. Port 0 takes a free one."""

    def __init__(
        self, app: App, *, http: type[asyncio.Protocol], ws: type[asyncio.Protocol], host: str, port: int, tell: Tell
    ) -> None:
        self._config = uvicorn.Config(
            _answered_to_the_end(app),
            ws=ws,
            http=http,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
        self._address = (host, port)
        self._tell = tell
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Raises CannotListenError."""
        listener = _listen(*self._address)
        self.port = listener.getsockname()[1]
        self._server = _Server(self._config, self._tell_paused)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.up.wait()

    def problems(self) -> Sequence[str]:
        """What keeps newcomers out."""
        paused = self._server is not None and self._server.paused
        return ("too few file descriptors are left to let anybody in",) if paused else ()

    async def stop(self) -> None:
        """Does nothing where they were never opened."""
        if self._server and self._serving:
            self._server.should_exit = True
            await self._serving

    def _tell_paused(self) -> None:
        self._tell(Trouble("descriptors_short", "newcomers wait until file descriptors are free again", _MEND))


def _answered_to_the_end(app: App) -> App:
    """A stop that has waited long enough cancels what is under way: whoever has no answer yet is told to come back."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, noted)
        except asyncio.CancelledError:
            if not begun:
                await answer_to(stopping())(scope, receive, send)

    return answered


def _short_of_descriptors(*, twice: bool = False) -> bool:
    """Whether the reserve is touched; `twice`: whether it is not yet full again, with as much beyond it.

    The lowest descriptor that is free tells it without counting: all below it are taken.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        free = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return True
    os.close(free)
    return free >= limit - min(RESERVE, limit // 8) * (2 if twice else 1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)  # noqa: FBT003 - the name of the argument is not public in the standard library
    except OSError as problem:
        listener.close()
        mend = "stop what listens there, or choose another server.port (--port) or server.host (--host)"
        raise CannotListenError(f"{host}:{port}", problem, mend) from None
    return listener
