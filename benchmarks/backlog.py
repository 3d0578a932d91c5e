"""What a backlog behind closed lanes costs: memory of the service, and the time of a claim. The ledger is the queue.

python -m benchmarks.backlog [10000 100000 1000000]
"""

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.detections import bodies
from benchmarks.ingest import HELD
from benchmarks.program import TOKEN, Program, program
from benchmarks.wire import Wire, json_headers
from tocsin.core.clock import SystemClock
from tocsin.ledger.contract import ClaimRequest
from tocsin.ledger.opening import open_ledger

SIZES = (10_000, 100_000, 1_000_000)
WARM = 20  # batches, so that what any load allocates once is not counted as backlog
BATCH = 100  # alerts, with two deliveries each
CLAIMS = 50
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """`rss` and `grown` in bytes, `claim_s` the median of one commit that claims one delivery."""

    deliveries: int
    rss: int
    grown: int
    claim_s: float


async def measure() -> list[tuple[str, str, str]]:
    backlog = await _backlog(100_000)
    return [
        ("memory for 100,000 pending deliveries", f"{backlog.grown / MB:.0f} MB", "< 50 MB"),
        ("one claim among them", f"{backlog.claim_s * 1000:.2f} ms", ""),
    ]


async def _backlog(deliveries: int) -> Backlog:
    """A service that is given so many deliveries which it may not send."""
    async with program(HELD) as service:
        async with Wire(service.url + "/api/v1/alerts", json_headers(TOKEN)) as wire:
            work = bodies(BATCH)
            await _post(wire, work, WARM)
            before = service.rss
            await _post(wire, work, deliveries // 2 // BATCH)
            rss = service.rss
        service.process.terminate()
        await service.process.wait()
        return Backlog(deliveries, rss, rss - before, await _claim(service))


async def _post(wire: Wire, work: Iterator[bytes], batches: int) -> None:
    for body in itertools.islice(work, batches):
        status, answer = await wire.post(body)
        if status != 202:
            raise RuntimeError(f"{status}: {answer[:200]!r}")


async def _claim(service: Program) -> float:
    """Seconds that one takes, in the ledger that the service has left."""
    request = ClaimRequest(lane="discord:general", pack=lambda _, records: len(records))
    took = []
    async with open_ledger(f"sqlite:///{service.folder}/tocsin.db", clock=SystemClock()) as ledger:
        for _ in range(CLAIMS):
            began = time.perf_counter()
            claimed = await ledger.queue.claim(request)
            took.append(time.perf_counter() - began)
            assert claimed.claim is not None, "they all wait"
    return statistics.median(took)


async def _table(sizes: tuple[int, ...]) -> Table:
    table = Table("pending deliveries", "memory", "grown by", "one claim")
    for size in sizes:
        backlog = await _backlog(size)
        memory, grown = (f"{figure / MB:.0f} MB" for figure in (backlog.rss, backlog.grown))
        table.add_row(f"{size:,}", memory, grown, f"{backlog.claim_s * 1000:.2f} ms")
    return table


if __name__ == "__main__":
    Console(width=140).print(asyncio.run(_table(tuple(map(int, sys.argv[1:])) or SIZES)))
