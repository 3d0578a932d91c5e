"""Batches as large as they may be, side by side, from somebody who may send them."""

import itertools
import json

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import TOKEN, Siege, at_once

from tocsin.pipeline.decode import MAX_ITEMS

AT_ONCE = 6


def request(number: int, note: str) -> bytes:
    alerts = [
        {"type": "in_stock", "sku": f"{number}-{line}", "retailer": "bestbuy", "price": 1, "metadata": {"note": note}}
        for line in range(MAX_ITEMS)
    ]
    body = json.dumps(alerts).encode()
    head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("note", ["", "x" * 1400], ids=["1 MB", "15 MB"])
async def test_batches_of_10_000_alerts(siege: Siege, endure: Endure, note: str):
    numbers = itertools.count(len(note) * 1000)

    async def attack() -> None:
        async with siege.connection() as (reader, writer):
            writer.write(request(next(numbers), note))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 202 " in head, head
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))

    await endure(siege, at_once(AT_ONCE, attack), grows=400)
