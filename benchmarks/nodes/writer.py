"""One of several writers on a ledger, in a process of its own: it appends as fast as the ledger takes it.

python -m benchmarks.nodes.writer URL NUMBER SECONDS CALLERS SIZE
"""

import asyncio
import json
import sys
from itertools import count

from benchmarks.ledger import Bench, rulebook
from tocsin.core.clock import SystemClock
from tocsin.core.facts import Committed, Fact
from tocsin.ledger.contract import Item, Submission
from tocsin.ledger.opening import open_ledger

APART = 10**9  # so many products each writer has for itself


async def write(url: str, number: int, seconds: float, callers: int, size: int) -> None:
    """Say that it is there, begin when told, and say how many commits and alerts it came to."""
    commits = 0

    def hear(fact: Fact) -> None:
        nonlocal commits
        commits += isinstance(fact, Committed)

    async with open_ledger(url, clock=SystemClock(), emit=hear, shared=True) as ledger:
        bench = Bench(ledger, rulebook().decide, seconds, count(number * APART))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        commits = 0
        appends = await bench.rate(
            callers,
            lambda: ledger.queue.append(Submission(tuple(Item(bench.alert()) for _ in range(size))), bench.decide),
        )
        print(json.dumps({"commits": commits / seconds, "alerts": appends * size}), flush=True)


if __name__ == "__main__":
    place, *numbers = sys.argv[1:]
    asyncio.run(write(place, *map(int, numbers)))
