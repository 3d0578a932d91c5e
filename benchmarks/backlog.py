"""Memory with a hundred thousand deliveries waiting behind closed lanes: the ledger is the queue."""

import itertools
from collections.abc import Iterator

from benchmarks.detections import bodies
from benchmarks.ingest import HELD
from benchmarks.program import TOKEN, program
from benchmarks.wire import Wire, json_headers

WARM = 20  # batches, so that what any load allocates once is not counted as backlog
BATCHES = 500  # of 100 alerts with two deliveries each


async def measure() -> list[tuple[str, str, str]]:
    async with program(HELD) as service, Wire(service.url + "/api/v1/alerts", json_headers(TOKEN)) as wire:
        work = bodies(100)
        await _post(wire, work, WARM)
        before = service.rss
        await _post(wire, work, BATCHES)
        grown = (service.rss - before) / 1e6
        return [("memory for 100,000 pending deliveries", f"{grown:.0f} MB", "< 50 MB")]


async def _post(wire: Wire, work: Iterator[bytes], batches: int) -> None:
    for body in itertools.islice(work, batches):
        status, answer = await wire.post(body)
        if status != 202:
            raise RuntimeError(f"{status}: {answer[:200]!r}")
