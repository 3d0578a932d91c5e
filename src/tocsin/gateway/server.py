"""The gateway: live sockets for alerts, Socket.IO over WebSocket and polling, on the port that HTTP has."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from tocsin.access.entrance import Entrance
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Fact
from tocsin.gateway.admission import Admission, Authority
from tocsin.gateway.broadcast import Writer
from tocsin.gateway.engine import Engine
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.live import Live, SubmitAlert
from tocsin.gateway.ops import NAME as OPS
from tocsin.gateway.ops import Ops
from tocsin.gateway.peer import Namespace, Peer
from tocsin.gateway.polling import Application, PollingDoor
from tocsin.gateway.replay import Replay
from tocsin.gateway.session import Session
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.socketio import ROOT
from tocsin.gateway.stream import Stream
from tocsin.gateway.websocket import websocket_protocol
from tocsin.pipeline.feed import Feed
from tocsin.rules.catalog import Catalog


class Revoking(Authority, Protocol):
    """Knows tokens and tells of their end: the part of `access.tokens.Tokens` that the gateway needs."""

    def on_revoked(self, listener: Callable[[str], None]) -> Callable[[], None]: ...


class Gateway:
    """Start it after the feed, and stop it before the HTTP server: sockets are told to come back, polls are answered.

    `ws_protocol` goes to `uvicorn.Config(ws=...)`, and the application to serve is what `asgi` returns. `vitals` says,
    for operators, how the service does now.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        tokens: Revoking,
        offer: SubmitAlert,
        catalog: Callable[[], Catalog],
        vitals: Callable[[], Awaitable[Mapping[str, Any]]],
        clock: Clock,
        settings: GatewaySettings,
        entrance: Entrance,
        emit: Emit,
    ) -> None:
        self._engine = Engine(settings, entrance, clock, self._greet, emit)
        gauges, wheel = self._engine.gauges, self._engine.wheel
        writer = Writer(clock, gauges)
        admission = Admission(tokens, clock, gauges, settings.max_sockets_per_token, emit)
        self._feed = feed
        self._tokens = tokens
        self._admission = admission
        self._stream = Stream(feed, catalog, Replay(feed, clock, emit), writer=writer, gauges=gauges)
        self._live = Live(
            stream=self._stream,
            admission=admission,
            offer=offer,
            wheel=wheel,
            clock=clock,
            settings=settings,
            emit=emit,
        )
        self._ops = Ops(
            admission=admission,
            writer=writer,
            gauges=gauges,
            vitals=vitals,
            clock=clock,
            stats_every=settings.stats_every,
        )
        self._namespaces: dict[str, Namespace] = {ROOT: self._live, OPS: self._ops}
        self._leave: list[Callable[[], None]] = []
        self.ws_protocol: type[asyncio.Protocol] = websocket_protocol(self._engine)

    @property
    def gauges(self) -> Gauges:
        return self._engine.gauges

    def newcomers(self) -> Collection[Session]:
        """The sessions that could be put out where places are short."""
        return self._engine.newcomers()

    def asgi(self, inner: Application) -> Application:
        """Takes the path of the gateway and hands the rest to `inner`."""
        return PollingDoor(self._engine, inner)

    def hear(self, fact: Fact) -> None:
        """Show operators a fact."""
        self._ops.hear(fact)

    async def start(self) -> None:
        self._leave = [self._feed.attach(self._stream.hear), self._tokens.on_revoked(self._admission.drop)]
        await self._stream.replay.start()
        await self._engine.start()
        await self._ops.start()

    async def stop(self) -> None:
        self._live.farewell()
        await self._live.drain()
        await self._ops.stop()
        await self._engine.stop()
        await self._live.drain()
        await self._stream.replay.stop()
        while self._leave:
            self._leave.pop()()

    def _greet(self, session: Session) -> Peer:
        return Peer(session, self._engine, self._namespaces)
