"""Requests as large as they may be, side by side, from somebody who may send them."""

import itertools
import json
from typing import Any

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import TOKEN, Siege, at_once

from tocsin.pipeline.intake.decode import MAX_ITEMS

AT_ONCE = 6
GROWS = 400  # MiB: what is sent and what it is taken apart into, of six that are being read and one that is decided
SOLD_OUT = {"retailer": "bestbuy", "in_stock": False}


def alert(sku: str, **more: Any) -> dict[str, Any]:
    return {"type": "in_stock", "sku": sku, "retailer": "bestbuy", "price": 1, **more}


async def post(siege: Siege, path: str, body: bytes, status: int = 202) -> None:
    head = f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    async with siege.connection() as (reader, writer):
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answered = await reader.readuntil(b"\r\n\r\n")
        assert answered.split()[1] == str(status).encode(), answered
        await reader.readexactly(int(answered.partition(b"content-length: ")[2].partition(b"\r\n")[0]))


@pytest.mark.parametrize("note", ["", "x" * 1400], ids=["1 MB", "15 MB"])
async def test_batches_of_10_000_alerts(siege: Siege, endure: Endure, note: str):
    numbers = itertools.count(len(note) * 1000)

    async def attack() -> None:
        number = next(numbers)
        batch = [alert(f"{number}-{line}", metadata={"note": note}) for line in range(MAX_ITEMS)]
        await post(siege, "alerts", json.dumps(batch).encode())

    await endure(siege, at_once(AT_ONCE, attack), grows=GROWS)


async def test_batches_that_are_wrong_in_10_000_places(siege: Siege, endure: Endure):
    body = b"[" + json.dumps(alert("right")).encode() + b',{"a":1e400}' * (MAX_ITEMS - 1) + b"]"

    async def attack() -> None:
        await post(siege, "alerts", body)

    await endure(siege, at_once(AT_ONCE, attack), grows=GROWS)


async def test_the_end_of_an_episode_of_thousands_of_alerts(siege: Siege, endure: Endure):
    numbers = itertools.count()

    async def attack() -> None:
        sku = f"restless-{next(numbers)}"
        prices = [alert(sku, price=10 * price) for price in range(1, MAX_ITEMS // 2)]
        await post(siege, "alerts", json.dumps(prices).encode())
        await post(siege, "stock", json.dumps({**SOLD_OUT, "sku": sku}).encode(), 200)

    await endure(siege, at_once(2, attack), grows=GROWS)
