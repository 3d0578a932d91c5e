"""A gateway on a real port, fed from a list of events."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import socketio
import uvicorn
from tests.deadline import DEADLINE_S

from tocsin.access.browsers import EVERY_ANSWER
from tocsin.access.entrance import Entrance
from tocsin.access.tokens import Grant
from tocsin.bus.inprocess import InProcessBus
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.decision import Decision, Reason
from tocsin.core.errors import InvalidAlertError, UnauthorizedError
from tocsin.core.facts import Fact
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.gateway.server import Gateway
from tocsin.gateway.settings import GatewaySettings
from tocsin.pipeline.feed import Feed
from tocsin.rules.catalog import Catalog
from tocsin.web.prompt import PromptServer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKENS = {
    "reader": frozenset({"read"}),
    "engine": frozenset({"ingest"}),
    "both": frozenset({"read", "ingest"}),
    "people": frozenset({"contacts"}),
}


class Log:
    """Events in a list: what the ledger shows of its stream."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self.pruned = 0
        self.reads = 0

    def add(self, **changes: Any) -> Event:
        position = self.pruned + len(self.all) + 1
        event = Event(position=position, kind=EventKind.ACCEPTED, at=NOW, record=record(**changes))
        self.all.append(event)
        return event

    def prune(self, up_to: int) -> None:
        self.all = [event for event in self.all if event.position > up_to]
        self.pruned = up_to

    async def events(self, after: int, limit: int) -> tuple[Event, ...]:
        self.reads += 1
        await asyncio.sleep(0)
        return tuple([event for event in self.all if event.position > after][:limit])

    async def span(self) -> tuple[int, int]:
        return (self.all[0].position, self.all[-1].position) if self.all else (0, 0)


def record(**changes: Any) -> AlertRecord:
    known: dict[str, Any] = {
        "id": new_id(NOW),
        "type": AlertType.IN_STOCK,
        "priority": 9,
        "sku": "6634940",
        "retailer": "bestbuy",
        "timestamp": NOW,
        "price": Decimal("1999.99"),
    }
    return AlertRecord(
        alert=Alert(**known | changes),
        accepted_at=NOW,
        decision=Decision.ACCEPTED,
        reason=Reason.NEW,
        last_seen_at=NOW,
    )


class Tokens:
    """Every token of the table is known by its own name."""

    def __init__(self) -> None:
        self.revoked: list[Callable[[str], None]] = []
        self.ends: dict[str, datetime] = {}
        self.asked_from: list[str] = []

    def authenticate(self, secret: str, address: str) -> Grant:
        self.asked_from.append(address)
        if secret not in TOKENS:
            raise UnauthorizedError("this token is not known here, or was revoked")
        return Grant(token_id=secret, owner=secret, scopes=TOKENS[secret], expires_at=self.ends.get(secret))

    def on_revoked(self, listener: Callable[[str], None]) -> Callable[[], None]:
        self.revoked.append(listener)
        return lambda: self.revoked.remove(listener)


async def nothing_known() -> Mapping[str, Any]:
    return {}


@dataclass
class Station:
    """One running gateway, and what feeds it."""

    log: Log
    clock: Clock = field(default_factory=SystemClock)
    settings: GatewaySettings = field(default_factory=GatewaySettings)
    entrance: Entrance = field(default_factory=Entrance)
    epoch: str = "e1"
    catalog: Catalog = field(default_factory=Catalog)
    port: int = 0
    certificate: tuple[Path, Path] | None = None  # and its key
    vitals: Callable[[], Awaitable[Mapping[str, Any]]] = nothing_known

    def __post_init__(self) -> None:
        self.bus = InProcessBus()
        self.tokens = Tokens()
        self.facts: list[Fact] = []
        self.feed = Feed(
            self.log, self.bus, self.clock, self.facts.append, self.epoch
        )  # a list has only the two reads that the feed uses
        self.gateway = Gateway(
            feed=self.feed,
            tokens=self.tokens,
            offer=self.offer,
            catalog=lambda: self.catalog,
            vitals=self.vitals,
            clock=self.clock,
            settings=self.settings,
            entrance=self.entrance,
            emit=self.facts.append,
        )

    @property
    def url(self) -> str:
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def publish(self, count: int = 1, **changes: Any) -> list[Event]:
        events = [self.log.add(**changes) for _ in range(count)]
        self.bus.events.publish(events)
        return events

    def close(self, event: Event, after: timedelta) -> Event:
        closed = replace(event, position=len(self.log.all) + 1, kind=EventKind.CLOSED, at=NOW + after, opened_at=NOW)
        self.log.all.append(closed)
        self.bus.events.publish([closed])
        return closed

    async def elsewhere(self, scope: Any, receive: Any, send: Any) -> None:
        """What answers where the gateway does not."""
        del scope, receive
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"not the gateway's"})

    async def offer(self, value: object, owner: str) -> Mapping[str, Any]:
        if not isinstance(value, dict) or "sku" not in value:
            raise InvalidAlertError("an alert is an object with a sku")
        (event,) = self.publish(sku=value["sku"])
        return {"id": str(event.record.alert.id), "decision": "accepted", "reason": owner}


async def until(true: Callable[[], object]) -> None:
    """Wait for what nobody announces."""
    async with asyncio.timeout(DEADLINE_S):
        while not true():  # noqa: ASYNC110 - a state that has no event to wait for
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(station: Station) -> AsyncIterator[Station]:
    async with AsyncExitStack() as stack:
        await station.feed.start()
        stack.push_async_callback(station.feed.stop)
        certificate, key = station.certificate or (None, None)
        server = PromptServer(
            uvicorn.Config(
                station.gateway.asgi(station.elsewhere),
                port=station.port,
                ws=station.gateway.ws_protocol,
                lifespan="off",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                headers=EVERY_ANSWER,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        await station.gateway.start()
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        station.port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield station
        finally:
            await station.gateway.stop()
            server.stop()
            await serving


class Listener:
    """A python-socketio client that keeps what it hears and can be waited for."""

    def __init__(self, client: socketio.AsyncClient, namespace: str = "/") -> None:
        self.client = client
        self.heard: list[tuple[str, Any]] = []
        self.disconnected = asyncio.Event()
        self._news = asyncio.Event()
        client.on("*", self._hear, namespace=namespace)
        client.on("disconnect", self._lost, namespace=namespace)
        client.on("connect_error", self._refused, namespace=namespace)

    def _hear(self, event: str, *args: Any) -> None:
        self.heard.append((event, args[0] if args else None))
        self._news.set()

    def _refused(self, data: Any) -> None:
        self._hear("connect_error", data)

    def _lost(self, *_reason: Any) -> None:
        self.disconnected.set()

    def all(self, event: str) -> list[Any]:
        return [payload for name, payload in self.heard if name == event]

    @property
    def positions(self) -> list[int]:
        return [int(alert["cursor"].partition(".")[2]) for alert in self.all("alert")]

    async def wait_for(self, event: str, count: int = 1) -> list[Any]:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.all(event)) < count:
                self._news.clear()
                await self._news.wait()
        return self.all(event)


@asynccontextmanager
async def listening(
    station: Station,
    token: str | None = "both",
    *,
    transports: tuple[str, ...] = ("websocket",),
    namespace: str = "/",
    tls: ssl.SSLContext | None = None,
    **auth: Any,
) -> AsyncIterator[Listener]:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls or True))
    client = socketio.AsyncClient(reconnection=False, http_session=session)
    listener = Listener(client, namespace)
    try:
        await client.connect(
            station.url,
            auth={"token": token, **auth},
            transports=list(transports),
            namespaces=[namespace],
            wait_timeout=DEADLINE_S,
        )
        yield listener
    finally:
        await client.shutdown()
        await session.close()
