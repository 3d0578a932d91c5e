"""The bus of several nodes publishes on a channel of Valkey or Redis what it tells its own listeners.

Source: the commands SUBSCRIBE and PUBLISH of the Valkey and Redis documentation. Both work on a server that is out of
memory, or that is a replica. Nothing is kept there, nothing is tried twice: what is lost is found in the ledger.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from tocsin.bus.inprocess import LocalTopic
from tocsin.bus.wire import SOMETHING, Beat, Changes, Events, Hint, Lanes, packed, unpacked
from tocsin.core.clock import Clock
from tocsin.core.errors import InvalidConfigError
from tocsin.core.facts import Emit, HintsBack, HintsLost
from tocsin.core.part import Part
from tocsin.core.record import Event
from tocsin.core.secret import Secret

if TYPE_CHECKING:
    from valkey.asyncio.connection import AbstractConnection

T = TypeVar("T")

BEAT_S = 0.5  # how often each node says that it is there
SILENT_S = 1.5  # whom nothing was heard of for so long is not heard any more, oneself included
GONE_S = 30.0  # and after so long nobody waits for it
LOST_S = 2.0  # so long it has to last before operators are told
MOST_EVENTS = 500  # in one hint: what are more are read from the ledger
ROOM = 5000  # events and other hints that may wait to be published

_PATIENCE_S = 2.0  # with an answer; with silence too, as our own beats should be heard
_PAUSE_S = 0.5  # after a failure
_AGAIN_S = 0.1


class SharedTopic(LocalTopic[T], Generic[T]):
    """A Topic that is told to other nodes as well."""

    def __init__(self, tell: Callable[[T], None]) -> None:
        super().__init__()
        self._tell = tell

    def publish(self, news: T, /) -> None:
        super().publish(news)
        self._tell(news)

    def hear(self, news: T) -> None:
        """Another node has published it."""
        super().publish(news)


class ValkeyBus:
    """A Bus over the server at `url`, for all nodes that share the ledger of that epoch; `node` is this one among them.
    `running` serves it, whether or not the server is there.

    Raises InvalidConfigError where the client library is not installed.
    """

    def __init__(self, url: Secret, *, ledger: str, node: str, clock: Clock, emit: Emit) -> None:
        self.events = SharedTopic[Sequence[Event]](self._tell_events)
        self.lanes = SharedTopic[Collection[str]](lambda lanes: self._put(Lanes(lanes)))
        self.changes = SharedTopic[Collection[Part]](lambda parts: self._put(Changes(parts)))
        self._dial = _dialer(url)
        self._channel = f"tocsin:{ledger}"
        self._node = node
        self._clock = clock
        self._emit = emit
        self._waiting: deque[Hint] = deque()
        self._room = ROOM
        self._stirred = asyncio.Event()
        self._publishes = False
        self._leaving = asyncio.Event()
        self._heard: dict[str, float] = {}
        self._problem = "nothing was heard from it yet"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """At the end the others are told that nothing more will be heard from here."""
        talking = asyncio.create_task(self._on_a_connection(self._talk))
        others = (asyncio.create_task(self._on_a_connection(self._listen)), asyncio.create_task(self._watch()))
        try:
            yield self
        finally:
            self._leaving.set()
            self._stirred.set()
            await asyncio.wait([talking], timeout=_PATIENCE_S if self._publishes else 0)
            await _end({talking, *others})

    @property
    def hears_others(self) -> bool:
        """What this node publishes comes back to it, and nobody who was heard has fallen silent."""
        now = self._clock.monotonic()
        return self._hears_itself and not any(SILENT_S <= now - at < GONE_S for at in self._heard.values())

    @property
    def _hears_itself(self) -> bool:
        heard = self._heard.get(self._node)
        return heard is not None and self._clock.monotonic() - heard < SILENT_S

    def _tell_events(self, events: Sequence[Event]) -> None:
        if events:
            self._put(Events(events) if len(events) <= MOST_EVENTS else SOMETHING)

    def _put(self, hint: Hint) -> None:
        """Nothing waits for a server that is not there, and not much for one that is slow."""
        cost = len(hint.events) if isinstance(hint, Events) else 1
        if self._publishes and cost <= self._room:
            self._room -= cost
            self._waiting.append(hint)
            self._stirred.set()

    def _take(self) -> Sequence[Hint]:
        hints, self._room = tuple(self._waiting), ROOM
        self._waiting.clear()
        return hints

    async def _on_a_connection(self, work: "Callable[[AbstractConnection], Awaitable[None]]") -> None:
        """Do it, and where that breaks on the next one."""
        while not self._leaving.is_set():
            try:
                async with self._connection() as connection:
                    await work(connection)
            except Exception as problem:  # noqa: BLE001 - whatever server and client come up with, the next try follows
                self._problem = f"{type(problem).__name__}: {problem}"[:200]
                await self._clock.sleep(_PAUSE_S)

    async def _talk(self, connection: "AbstractConnection") -> None:
        """Publish what waits, all of it in one go; where nothing does, now and then that we are there."""
        try:
            await self._publish(connection, [Beat()])
            self._publishes = True
            while not self._leaving.is_set():
                await self._stir()
                await self._publish(connection, self._take() or [Beat()])
            await self._publish(connection, [Beat(leaves=True)])
        finally:
            self._publishes = False
            self._take()

    async def _stir(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S):
                await self._stirred.wait()
        self._stirred.clear()

    async def _publish(self, connection: "AbstractConnection", hints: Sequence[Hint]) -> None:
        """One answer comes for each: how many heard it, or why nobody could."""
        commands = [connection.pack_command("PUBLISH", self._channel, packed(self._node, hint)) for hint in hints]
        await connection.send_packed_command([part for command in commands for part in command])
        for _ in hints:
            await connection.read_response()

    async def _listen(self, connection: "AbstractConnection") -> None:
        try:
            await connection.send_command("SUBSCRIBE", self._channel)
            while True:
                kind, _, told = await connection.read_response()
                if kind == b"message":
                    self._hear(*unpacked(told))
                else:
                    self.changes.hear(SOMETHING.parts)  # what was told before is to be looked for
        finally:
            self._heard.pop(self._node, None)

    def _hear(self, sender: str, hint: Hint) -> None:
        self._heard[sender] = self._clock.monotonic()
        if sender == self._node:
            return
        match hint:
            case Events(events):
                self.events.hear(events)
            case Lanes(lanes):
                self.lanes.hear(lanes)
            case Changes(parts):
                self.changes.hear(parts)
            case Beat(leaves=True):
                del self._heard[sender]

    async def _watch(self) -> None:
        """Tell operators once that hints are lost, and once that they come again."""
        told_lost = False
        while True:
            hears = self._hears_itself
            await self._clock.sleep(LOST_S)
            if hears is self._hears_itself is told_lost:
                told_lost = not hears
                self._emit(HintsLost(self._problem) if told_lost else HintsBack())

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["AbstractConnection"]:
        connection = self._dial()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]  # the client's
            yield connection
        finally:
            await connection.disconnect(nowait=True)


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Before Python 3.12 `asyncio.wait_for`, which the client waits with, may swallow a cancellation: it is said again
    until it is heard.
    """
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=_AGAIN_S)


def _dialer(url: Secret) -> Callable[[], "AbstractConnection"]:
    """The client's own connection, without its pool and its second tries."""
    try:
        from valkey.asyncio.connection import ConnectionPool  # noqa: PLC0415 - the extra `valkey`
    except ImportError:
        raise InvalidConfigError("cluster.url needs the extra `valkey`: pip install 'tocsin[valkey]'") from None
    patience = {"socket_timeout": _PATIENCE_S, "socket_connect_timeout": _PATIENCE_S}
    pool = ConnectionPool.from_url(url.reveal(), **patience)
    return pool.make_connection
