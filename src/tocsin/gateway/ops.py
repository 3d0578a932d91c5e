"""The namespace `/ops`: operators see deliveries move, lanes pause, monitors come and go, and the counts grow."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import orjson

from tocsin.access.tokens import Grant
from tocsin.core.clock import Clock
from tocsin.core.errors import TocsinError
from tocsin.core.facts import (
    ConditionBegan,
    ConditionOver,
    DeliveryMoved,
    Fact,
    LaneOpened,
    LanePaused,
    MonitorBack,
    MonitorLost,
    Reloaded,
)
from tocsin.core.record import rfc3339
from tocsin.gateway.admission import Admission
from tocsin.gateway.broadcast import Broadcast, Writer
from tocsin.gateway.counters import Counters
from tocsin.gateway.engineio import Outgoing
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.peer import Socket
from tocsin.gateway.refusal import refusal, unknown_event

NAME = "/ops"
_SCOPES = frozenset(("read",))


class Ops:
    """Nobody there costs nothing but the counting."""

    def __init__(
        self,
        *,
        admission: Admission,
        writer: Writer,
        gauges: Gauges,
        vitals: Callable[[], Awaitable[Mapping[str, Any]]],
        clock: Clock,
        stats_every: float,
    ) -> None:
        self._admission = admission
        self._writer = writer
        self._gauges = gauges
        self._vitals = vitals
        self._clock = clock
        self._stats_every = stats_every
        self._room = Broadcast(writer)
        self._grants: dict[Socket, Grant] = {}
        self._counters = Counters()
        self._telling: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._telling = asyncio.create_task(self._tell_stats())

    async def stop(self) -> None:
        tasks = {*self._asking, *((self._telling,) if self._telling else ())}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def hear(self, fact: Fact) -> None:
        self._counters.count(fact)
        if not self._room.sockets:
            return
        match fact:
            case DeliveryMoved():
                self._post("delivery", _delivery(fact))
            case LanePaused() | LaneOpened():
                self._post("lane", _lane(fact))
            case MonitorLost(monitor) | MonitorBack(monitor):
                self._post("monitor", monitor.as_json())
            case ConditionBegan(notice) | ConditionOver(notice):
                self._post("condition", notice.as_json())
            case Reloaded(""):
                self._soon(self._post_stats())

    def connect(self, socket: Socket, auth: Mapping[str, Any]) -> None:
        try:
            grant = self._admission.judge(socket, auth, _SCOPES)
        except TocsinError as error:
            raise self._admission.refuse(socket, error) from error
        self._grants[socket] = grant
        self._admission.enter(socket, grant)

    def connected(self, socket: Socket) -> None:
        self._room.join(socket)
        self._soon(self._welcome(socket))

    def event(self, socket: Socket, name: str, args: list[Any], ack: int | None) -> None:
        """Operators act over HTTP; here they only watch."""
        del args
        self._gauges.unknown_events += 1
        self.refuse(socket, name, unknown_event(name), ack)

    def refuse(self, socket: Socket, name: str, error: TocsinError, ack: int | None) -> None:
        del name
        socket.ack(ack, refusal(error))

    def disconnected(self, socket: Socket, reason: str) -> None:
        del reason
        self._admission.leave(socket, self._grants.pop(socket))

    async def _tell_stats(self) -> None:
        while True:
            await self._clock.sleep(self._stats_every)
            for socket, grant in tuple(self._grants.items()):
                if self._admission.seconds_left(grant) <= 0:
                    self._admission.expire(socket)
            await self._post_stats()

    async def _post_stats(self) -> None:
        if self._room.sockets:
            self._post("stats", await self._stats())

    async def _welcome(self, socket: Socket) -> None:
        stats = await self._stats()
        if not socket.closed:
            socket.emit("stats", stats)

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _post(self, name: str, payload: Mapping[str, Any]) -> None:
        self._room.post(Outgoing.message(f"2{NAME}," + orjson.dumps([name, payload]).decode()))
        self._writer.release()

    async def _stats(self) -> dict[str, Any]:
        gauges = self._gauges
        sockets = {"polling": gauges.polling, "websocket": gauges.websocket}
        return {
            **self._counters.as_json(),
            "sockets": sockets,
            "interests": gauges.interests,
            "resumes": gauges.resumes,
            **await self._vitals(),
        }


def _lane(fact: LanePaused | LaneOpened) -> dict[str, Any]:
    """`closed` as in the list of channels: None where it is open."""
    match fact:
        case LanePaused():
            until = fact.until and rfc3339(fact.until)
            return {"lane": fact.lane, "closed": {"why": fact.why, "opens_at": until, "rate": fact.rate}}
        case LaneOpened(lane):
            return {"lane": lane, "closed": None}


def _delivery(fact: DeliveryMoved) -> dict[str, Any]:
    delivery = fact.delivery
    return {
        "id": str(delivery.id),
        "alert_id": str(delivery.alert_id),
        "channel": delivery.target.channel,
        "target": delivery.target.name,
        "lane": delivery.lane,
        "state": fact.to.value,
        "why": None if fact.why is None else fact.why.value,
        "detail": fact.detail,
        "attempts": delivery.attempts,
        "latency_s": fact.latency_s,
        "at": rfc3339(delivery.moved_at),
    }
