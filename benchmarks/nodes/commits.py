"""What the lock of the one row of the stream lets through, with several that wait for it: the next limit of all nodes
together.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from itertools import count

from benchmarks.crash_nodes.database import Database

SECONDS = 4
WRITERS = (1, 2, 4, 8)
_NUMBER = count()  # of a writer: none has a product of another
SHAPES = ((1, 1, "one alert a commit"), (64, 1, "64 calls at once share commits"), (4, 100, "batches of 100"))


async def commits() -> list[tuple[str, str, str]]:
    """Each alert has two deliveries. The disk is the machine's own."""
    rows: list[tuple[str, str, str]] = []
    async with Database() as database:
        for callers, size, what in SHAPES:
            for writers in WRITERS:
                told = await _written(database, writers, callers, size)
                each, alerts = (sum(one[key] for one in told) for key in ("commits", "alerts"))
                rows.append((f"{what}: {writers} writers", f"{each:,.0f} commits/s, {alerts:,.0f} alerts/s", ""))
                print(*rows[-1], file=sys.stderr, flush=True)
    return rows


async def _written(database: Database, writers: int, callers: int, size: int) -> Sequence[Mapping[str, float]]:
    """What each of them came to."""
    processes = []
    for _ in range(writers):  # one after another: the first makes the ledger
        numbers = map(str, (next(_NUMBER), SECONDS, callers, size))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.nodes.writer", database.url, *numbers, stdin=PIPE, stdout=PIPE
        )
        await _line(process)
        processes.append(process)
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
    told = [json.loads(await _line(process)) for process in processes]
    await asyncio.gather(*(process.wait() for process in processes))
    return told


async def _line(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    return await process.stdout.readline()
