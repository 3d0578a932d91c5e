"""The home of all Engine.IO sessions: opens, finds and forgets them, and turns the one timer wheel."""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tocsin.access.entrance import Entrance
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, Turned
from tocsin.gateway.accept_pacer import AcceptPacer
from tocsin.gateway.engineio import (
    FOREIGN_PAGE,
    STOPPING,
    TOO_MANY,
    UNKNOWN_HOST,
    UNKNOWN_SESSION,
    WEBSOCKET,
    Outgoing,
    Refusal,
    handshake,
)
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.session import RESTART, Outlet, Receiver, Session
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.timer_wheel import TimerWheel

MAX_TICK = 0.25
TICKS_PER_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class Visitor:
    """The sender of an HTTP request, by what it says of him: the other end of the connection, and three headers."""

    peer: str
    host: str = ""
    origin: str | None = None
    forwarded_for: str = ""


class Engine:
    """`greet` is asked for the receiver of every new session."""

    def __init__(
        self,
        settings: GatewaySettings,
        entrance: Entrance,
        clock: Clock,
        greet: Callable[[Session], Receiver],
        emit: Emit = lambda _: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.gauges = Gauges()
        self.entrance = entrance
        self.accept_pacer = AcceptPacer(clock)
        self.wheel = TimerWheel(min(MAX_TICK, settings.ping_timeout / TICKS_PER_TIMEOUT))
        self._greet = greet
        self._emit = emit
        self._sessions: dict[str, Session] = {}
        self._newcomers: dict[Session, None] = {}  # in the order in which they came
        self._per_address: Counter[str] = Counter()
        self._turning: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        self._turning = asyncio.create_task(self._turn())

    async def stop(self) -> None:
        """Every session ends, and none begins; who has a WebSocket is told that it is a restart."""
        self._stopping = True
        for session in tuple(self._sessions.values()):
            session.close("restart", RESTART)
        if self._turning is not None:
            self._turning.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._turning

    async def _turn(self) -> None:
        while True:
            await self.clock.sleep(self.wheel.tick - self.clock.monotonic() % self.wheel.tick)
            self.wheel.turn(self.clock.monotonic())

    def judge(self, visitor: Visitor) -> Refusal | None:
        """Whether this page may speak to us at all, now."""
        if self._stopping:
            return STOPPING
        if not self.entrance.hosts.know(visitor.host):
            return UNKNOWN_HOST
        return None if self.entrance.origins.admit(visitor.origin, visitor.host) else FOREIGN_PAGE

    def tell_refused(self, refusal: Refusal, visitor: Visitor) -> None:
        """Tell of a request that was turned away; not where the service stops, or is another one than the session's."""
        if refusal not in (STOPPING, UNKNOWN_SESSION):
            self._emit(Turned(refusal.word, refusal.message, address=self._address_of(visitor), ingest=False))

    def find(self, sid: str) -> Session | Refusal:
        return self._sessions.get(sid, UNKNOWN_SESSION)

    def newcomers(self) -> Collection[Session]:
        """Sessions for which nobody vouches with a token, yet or any more."""
        return tuple(self._newcomers)

    def doubt(self, session: Session) -> None:
        """Nobody vouches for it. Where there are too many such, the oldest is put out."""
        self._newcomers[session] = None
        if len(self._newcomers) > self.settings.max_newcomers:
            next(iter(self._newcomers)).give_way()

    def trust(self, session: Session) -> None:
        self._newcomers.pop(session, None)

    def crowded(self, visitor: Visitor) -> Refusal | None:
        """Whether this address has as many sessions as it may."""
        held = self._per_address[self._address_of(visitor)]
        return TOO_MANY if held >= self.settings.max_sockets_per_address else None

    def open(self, visitor: Visitor, outlet: Outlet | None = None) -> tuple[Session, Outgoing]:
        """A new session, on polling unless an outlet is given, and its open packet (already sent to an outlet)."""
        session = Session(
            secrets.token_urlsafe(15), self._address_of(visitor), self.settings, self.gauges, self._forget
        )
        session.receiver = self._greet(session)
        opening = handshake(session.sid, [] if outlet else [WEBSOCKET], self.settings)
        self._remember(session)
        if outlet is not None:
            self.gauges.websocket += 1
            session.begin(outlet, opening)
        else:
            self.gauges.polling += 1
        return session, opening

    def _address_of(self, visitor: Visitor) -> str:
        return self.entrance.proxies.client(visitor.peer, visitor.forwarded_for)

    def _remember(self, session: Session) -> None:
        self._sessions[session.sid] = session
        self._per_address[session.address] += 1
        self.gauges.opened += 1
        self.wheel.set(session, session.start(self.clock.monotonic()))

    def _forget(self, session: Session) -> None:
        del self._sessions[session.sid]
        self._newcomers.pop(session, None)
        self._per_address[session.address] -= 1
        if not self._per_address[session.address]:
            del self._per_address[session.address]
        if session.polling:
            self.gauges.polling -= 1
        else:
            self.gauges.websocket -= 1
