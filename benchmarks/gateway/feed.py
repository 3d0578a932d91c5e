"""Alerts at an even pace by POST: one a request as long as that keeps up, a few together where more are due."""

import asyncio
import json
import time
from collections.abc import Mapping

from benchmarks.wire import Wire

LEAST_S = 0.008  # between two POSTs: what falls due in it goes together


async def feed(
    url: str, headers: Mapping[str, str], skus: list[str], per_second: float, sent: dict[str, float]
) -> None:
    async with Wire(url, headers) as wire:
        began = time.perf_counter()
        done = 0
        while done < len(skus):
            due = min(int((time.perf_counter() - began) * per_second) + 1, len(skus))
            if due > done:
                await _post(wire, skus[done:due], sent)
                done = due
            await asyncio.sleep(max(LEAST_S / 2, began + done / per_second - time.perf_counter(), 0))


async def _post(wire: Wire, skus: list[str], sent: dict[str, float]) -> None:
    body = json.dumps([alert(sku) for sku in skus]).encode()
    now = time.perf_counter()
    sent.update(dict.fromkeys(skus, now))
    status, answer = await wire.post(body)
    if status not in (200, 202):
        raise RuntimeError(f"{status} {answer[:300]!r}")


def alert(sku: str) -> dict[str, object]:
    return {
        "type": "in_stock",
        "sku": sku,
        "retailer": "bestbuy",
        "price": "1999.99",
        "priority": 9,
        "product_name": "GeForce RTX 5090 Founders Edition 32 GB",
        "url": f"https://www.bestbuy.com/site/{sku}.p",
        "metadata": {"image_url": f"https://pisces.bbystatic.com/image2/{sku}.jpg"},
    }
