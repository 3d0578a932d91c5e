"""The same work on SQLite, and on PostgreSQL with one node and with two, one after another."""

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.crash_nodes.database import Database
from benchmarks.detections import bodies, detection
from benchmarks.figures import spread
from benchmarks.ingest import HELD, post
from benchmarks.nodes.commits import commits
from benchmarks.pipeline.rivals import Intake
from benchmarks.pipeline.sink import Sink, sink
from benchmarks.pipeline.step import step
from benchmarks.program import TOKEN, Program, program
from benchmarks.wire import json_headers
from tocsin.sandbox.webhook.receiver import secret_for

SECONDS = 4.0
LANES = 8  # webhooks, so that each node has some
RATES = (50, 100, 200, 400, 800)  # alerts a second, each to one webhook
Row = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """A database, and how many nodes stand on it."""

    name: str
    nodes: int
    on_postgresql: bool = True


PLACES = (Place("SQLite", 1, on_postgresql=False), Place("PostgreSQL, one node", 1), Place("PostgreSQL, two nodes", 2))


async def measure() -> list[Row]:
    """Rates are compared with SQLite's in the same run."""
    async with sink() as target:
        rows = [row for part in (_singles, _batches) for row in await _beside(part)]
        rows += await _to_webhooks(target)
    return [*rows, *await commits()]


async def _beside(part: Any) -> list[Row]:
    name, rates = "", []
    for place in PLACES:
        name, rate = await part(place)
        rates.append(rate)
    return [
        (f"{name}: {place.name}", f"{rate:,.0f} alerts/s ({rate / rates[0]:.2f} of SQLite's)", "")
        for place, rate in zip(PLACES, rates, strict=True)
    ]


async def _singles(place: Place) -> tuple[str, float]:
    return "ingest, single POSTs", await _ingest(place, size=1, connections=64)


async def _batches(place: Place) -> tuple[str, float]:
    return "ingest, batches of 100", await _ingest(place, size=100, connections=4)


async def _ingest(place: Place, *, size: int, connections: int) -> float:
    ready = list(itertools.islice(bodies(size), 20_000 if size == 1 else 1_000))
    async with standing(place, HELD) as nodes:
        took, work, start = itertools.count(), iter(ready), time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for node in itertools.islice(itertools.cycle(nodes), connections):
                group.create_task(post(node.url, work, start + SECONDS, took))
        return next(took) * size / (time.perf_counter() - start)


async def _to_webhooks(target: Sink) -> list[Row]:
    rows: list[Row] = []
    for place in PLACES:
        async with standing(place, _hooks(target.url)) as nodes:
            pids = {f"node {number}": node.process.pid for number, node in enumerate(nodes, 1)}
            urls = [node.url + "/api/v1/alerts" for node in nodes]
            intake = Intake(urls, pids, json_headers(TOKEN), _spread_over_lanes)
            await step(intake, target, rate=50, array=1, seconds=2)
            best, each = 0, 0.0
            for rate in RATES:
                done = await step(intake, target, rate=rate, array=1, seconds=SECONDS)
                if rate == RATES[0]:
                    rows.append((f"alert → webhook, {rate}/s: {place.name}", spread(done.ages), ""))
                print(f"{place.name}: {done}", file=sys.stderr, flush=True)
                if not done.sustained:
                    break
                best, each = rate, done.ms_each
            rows.append(
                (f"alert → webhook, sustained: {place.name}", f"{best}/s at {each:.1f} ms of nodes' processor", "")
            )
    return rows


def _spread_over_lanes(sku: str) -> Mapping[str, Any]:
    return detection(sku) | {"retailer": f"shop{int(sku[1:]) % LANES}"}


def _hooks(hook: str) -> Mapping[str, Any]:
    place = {"url": hook, "secret": secret_for("sink"), "allow_networks": ["127.0.0.0/8"]}
    lanes = {f"sink{number}": place for number in range(LANES)}
    return {
        "alerts": {"channels": {"webhook": {"enabled": True, "api_base": hook, "pacing": "none", "endpoints": lanes}}},
        "routes": [
            {"name": name, "match": {"retailers": [f"shop{number}"]}, "to": [f"webhook:{name}"]}
            for number, name in enumerate(lanes)
        ],
    }


@asynccontextmanager
async def standing(place: Place, settings: Mapping[str, Any]) -> AsyncIterator[Sequence[Program]]:
    """So many nodes on an empty ledger."""
    async with AsyncExitStack() as stack:
        storage: Mapping[str, Any] = {}
        if place.on_postgresql:
            database = await stack.enter_async_context(Database())
            storage = {"storage": {"url": database.url}}
        yield [await stack.enter_async_context(program({**settings, **storage})) for _ in range(place.nodes)]
