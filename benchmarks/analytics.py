"""What figures and searches take on months of history, and what they cost those who send alerts meanwhile.

python -m benchmarks.analytics [--alerts 1000000] [--days 180] [--ledger PLACE]

PLACE is a file that is made where it is not there, and kept as it was made: what is measured is a copy. Or it is the
url of a PostgreSQL database that `tocsin db copy` has filled with such a file: that one grows by the alerts sent.
"""

import asyncio
import shutil
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.detections import bodies
from benchmarks.figures import spread
from benchmarks.ingest import HELD
from benchmarks.past import Past, make
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers
from tocsin.core.clock import SystemClock
from tocsin.ledger.opening import open_ledger

MODERATE = Past(alerts=100_000, days=30)
ROUNDS = 7
PER_SECOND, SECONDS = 50, 12
CALLS = ("overview", "channels", "latency", "failures", "conversions", "roi")
SHAPES = ("", "&bucket=day", "&bucket=day&zone=Europe/Berlin", "&by=retailer", "&by=product")
SEARCHES = ("rtx 5090", "pulse 302", "nowhere at all")


async def measure(past: Past = MODERATE, kept: str | None = None) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        place, rows = kept or "", []
        if not place.startswith("postgresql"):
            file = Path(folder) / "ledger.db"
            rows = await _made(Path(kept) if kept else file, past)
            if kept:
                await asyncio.to_thread(shutil.copy, kept, file)
            place = f"sqlite:///{file}"
        async with program({**HELD, "storage": {"url": place}}) as service, _session() as session:
            rows += [row for call in CALLS for row in await _asked(session, service.url, call, past.days)]
            rows += [await _searched(session, service.url, words) for words in SEARCHES]
            rows += await _meanwhile(session, service.url, past.days)
        return rows


async def _made(file: Path, past: Past) -> list[tuple[str, str, str]]:
    if await asyncio.to_thread(file.exists):
        return []
    began = time.perf_counter()
    await make(file, past)
    took, size = time.perf_counter() - began, _size(file) / 1e9
    row = (f"{past.alerts:,} alerts, {past.deliveries:,} deliveries made up", f"{took:.0f} s, {size:.1f} GB", "")
    return [row, *await _rolled_up(file)]


def _size(file: Path) -> int:
    return file.stat().st_size


async def _rolled_up(file: Path) -> list[tuple[str, str, str]]:
    clock = SystemClock()
    async with open_ledger(f"sqlite:///{file}", clock=clock) as ledger:
        began, busy = time.perf_counter(), time.process_time()
        hours = await ledger.analytics.follow(clock.now())
        whole, core = time.perf_counter() - began, time.process_time() - busy
        began = time.perf_counter()
        await ledger.analytics.follow(clock.now())
        again = time.perf_counter() - began
    return [
        (f"counted for the first time, {hours:,} hours", f"{whole:.0f} s, {core:.0f} s of one core", ""),
        ("looked again, where nothing has changed", f"{1000 * again:.0f} ms", ""),
    ]


async def _asked(session: aiohttp.ClientSession, url: str, call: str, days: int) -> list[tuple[str, str, str]]:
    rows = []
    for shape in SHAPES:
        if "product" in shape and call == "overview":
            continue
        took = [await _took(session, _question(url, call, days) + shape) for _ in range(ROUNDS)]
        rows.append((f"{call} of {days} days{shape.replace('&', ', ')}", spread(took), "< 300 ms"))
    return rows


async def _searched(session: aiohttp.ClientSession, url: str, words: str) -> tuple[str, str, str]:
    took = [await _took(session, f"{url}/api/v1/alerts?q={words.replace(' ', '%20')}") for _ in range(ROUNDS)]
    return f"search for {words!r}", spread(took), "< 200 ms"


async def _meanwhile(session: aiohttp.ClientSession, url: str, days: int) -> list[tuple[str, str, str]]:
    """In turn, so that whatever else the machine does is shared."""
    alone: list[float] = []
    beside: list[float] = []
    posts = bodies(1)
    for _ in range(2):
        alone += await _posted(url, posts)
        asking = asyncio.create_task(_ask_on(session, url, days))
        beside += await _posted(url, posts)
        asking.cancel()
        await asyncio.wait([asking])
    return [
        (f"POST at {PER_SECOND}/s, nobody asks", spread(alone), ""),
        (f"POST at {PER_SECOND}/s, while figures and searches are asked for", spread(beside), "p99 < 20 % above"),
    ]


async def _ask_on(session: aiohttp.ClientSession, url: str, days: int) -> None:
    questions = [_question(url, call, days) + shape for call in CALLS for shape in SHAPES[:3]]
    for question in cycle([*questions, f"{url}/api/v1/alerts?q=nowhere%20at%20all"]):
        await _took(session, question)


async def _posted(url: str, posts: Iterator[bytes]) -> list[float]:
    took = []
    async with Wire(url + "/api/v1/alerts", json_headers(TOKEN)) as wire:
        start = time.perf_counter()
        for number in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0.0, start + number / PER_SECOND - time.perf_counter()))
            began = time.perf_counter()
            status, _ = await wire.post(next(posts))
            assert status == 202, status
            took.append(time.perf_counter() - began)
    return took


async def _took(session: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with session.get(url) as answer:
        await answer.read()
        assert answer.status == 200, await answer.text()
    return time.perf_counter() - began


def _question(url: str, call: str, days: int) -> str:
    now = datetime.now(UTC)
    since = now - timedelta(days=days)
    return f"{url}/api/v1/analytics/{call}?since={since:%Y-%m-%dT%H:%M:%SZ}&until={now:%Y-%m-%dT%H:%M:%SZ}"


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:
        yield session


def shown(rows: Sequence[tuple[str, str, str]]) -> Table:
    table = Table("figure", "measured", "target")
    for row in rows:
        table.add_row(*row)
    return table


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--ledger", metavar="PLACE")
    told = parser.parse_args()
    Console(width=160).print(shown(asyncio.run(measure(Past(told.alerts, told.days), told.ledger))))


if __name__ == "__main__":
    main()
