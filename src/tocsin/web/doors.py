"""One port for all doors: uvicorn within this process, started and stopped like every other part."""

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import uvicorn

from tocsin.access.browsers import EVERY_ANSWER
from tocsin.core.errors import CannotListenError
from tocsin.core.facts import Emit, Trouble
from tocsin.web.asgi import App, Message, Receive, Scope, Send
from tocsin.web.errors import answer_to, stopping
from tocsin.web.places import Guest, Places
from tocsin.web.prompt import PromptServer

KEPT_S = 75  # an idle connection: longer than proxies and clients keep theirs, or a request meets the end of its own
BACKLOG = 2048  # a storm of a thousand reconnecting sockets waits here, and is not refused
_LOOK_S = 0.01  # between two looks for room while newcomers wait
_REST = 20  # times what a look took, left to everything else
_SHUT_S = 2.0  # so long nobody was let in, and this is no service any more
_TOLD_S = 10.0  # between two times that it is told of

_MEND = "Raise the limit on open files (LimitNOFILE in the unit, `ulimit -n` in a shell)."


class _Server(PromptServer):
    """Signals belong to the command line, not to a service that may live in somebody else's process.

    While file descriptors are short newcomers wait in the backlog until others have given way, and who is in is served.
    """

    def __init__(self, config: uvicorn.Config, newcomers: Callable[[], Iterable[Guest]], emit: Emit) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self._places = Places(lambda: self._connections, newcomers)
        self._emit = emit
        self._shut_at = math.inf
        self._told_at = -math.inf
        self._opening: asyncio.Task[None] | None = None

    @property
    def _connections(self) -> set[Any]:
        """The connections that `http` and `ws` have made: uvicorn knows of its own only."""
        return self.server_state.connections

    @property
    def shut(self) -> bool:
        """Whether nobody was let in for a while."""
        return asyncio.get_running_loop().time() - self._shut_at > _SHUT_S

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
        self._shut_if_short()
        return await super().on_tick(counter)

    async def _let_in(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, sock=self._listener.dup(), backlog=BACKLOG)
        self.servers.append(server)
        self._shut_at = math.inf

    def _shut_if_short(self) -> None:
        if not self.servers or not self._places.short():
            return
        self.servers.pop().close()
        self._shut_at = asyncio.get_running_loop().time()
        if self._shut_at - self._told_at > _TOLD_S:
            self._told_at = self._shut_at
            self._emit(Trouble("descriptors_short", "newcomers wait until file descriptors are free again", _MEND))
        self._opening = asyncio.create_task(self._open_again())

    async def _open_again(self) -> None:
        clock = asyncio.get_running_loop().time
        while not self.should_exit and self._places.short(twice=True):
            began = clock()
            self._places.make_room()
            await asyncio.sleep(max(_LOOK_S, (clock() - began) * _REST))
        if not self.should_exit:
            await self._let_in()

    def _protocol(self) -> asyncio.Protocol:
        asyncio.get_running_loop().call_soon(self._shut_if_short)
        speaks: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = speaks(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class Doors:
    """`app` is the whole ASGI application, `http` and `ws` speak the protocols; `newcomers` are those whom it knows and
    nobody has vouched for yet. Port 0 takes a free one.
    """

    def __init__(
        self,
        app: App,
        *,
        http: type[asyncio.Protocol],
        ws: type[asyncio.Protocol],
        newcomers: Callable[[], Iterable[Guest]],
        host: str,
        port: int,
        emit: Emit,
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
            headers=EVERY_ANSWER,
            timeout_keep_alive=KEPT_S,
            timeout_graceful_shutdown=5,
        )
        self._address = (host, port)
        self._newcomers = newcomers
        self._emit = emit
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Raises CannotListenError."""
        listener = _listen(*self._address)
        self.port = listener.getsockname()[1]
        self._server = _Server(self._config, self._newcomers, self._emit)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.up.wait()

    def problems(self) -> Sequence[str]:
        """The reasons that keep newcomers out."""
        shut = self._server is not None and self._server.shut
        return ("too few file descriptors are left to let anybody in",) if shut else ()

    async def stop(self) -> None:
        """Does nothing where they were never opened."""
        if self._server and self._serving:
            self._server.stop()
            await self._serving


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
