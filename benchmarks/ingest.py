"""How many durable alerts a second the service takes, each with two deliveries planned."""

import asyncio
import itertools
import time
from collections.abc import Iterator

from benchmarks.detections import bodies
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers

SECONDS = 6.0
# Lanes that open once an hour: what is measured is taking alerts in, not sending them on.
HELD = {
    "alerts": {
        "channels": {
            "discord": {
                "enabled": True,
                "api_base": "http://127.0.0.1:9",
                "rate_limit": "1/1h",
                "webhooks": {
                    "high_priority": "http://127.0.0.1:9/api/webhooks/100000000000000001/" + "a" * 60,
                    "general": "http://127.0.0.1:9/api/webhooks/100000000000000002/" + "b" * 60,
                },
            }
        }
    },
    "routes": [{"name": "both", "match": {}, "to": ["discord:high_priority", "discord:general"]}],
}


async def measure() -> list[tuple[str, str, str]]:
    single = await _rate(size=1, connections=64)
    batches = await _rate(size=100, connections=4)
    return [
        ("durable ingest, single POSTs", f"{single:,.0f} alerts/s", "≥ 2,000"),
        ("durable ingest, batches of 100", f"{batches:,.0f} alerts/s", "≥ 10,000"),
    ]


async def _rate(*, size: int, connections: int) -> float:
    ready = list(itertools.islice(bodies(size), 40_000 if size == 1 else 2_000))
    async with program(HELD) as service:
        took = itertools.count()
        work = iter(ready)
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(post(service.url, work, start + SECONDS, took))
        return next(took) * size / (time.perf_counter() - start)


async def post(url: str, work: Iterator[bytes], until: float, took: "itertools.count[int]") -> None:
    async with Wire(url + "/api/v1/alerts", json_headers(TOKEN)) as wire:
        for body in work:
            status, answer = await wire.post(body)
            if status != 202:
                raise RuntimeError(f"{status}: {answer[:200]!r}")
            next(took)
            if time.perf_counter() > until:
                return
