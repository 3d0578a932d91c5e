"""`make crash-nodes`: three nodes are hurt in turn for ten minutes under load; nothing may be lost, nothing doubled.

python -m benchmarks.crash_nodes [--minutes 10] [--every 20] [--nodes 3] [--sockets 200] [--rate 10] [--no-hints]
"""

import asyncio
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.crash_nodes.judge import Recovery
from benchmarks.crash_nodes.tour import Plan, Result, tour
from benchmarks.crash_nodes.troubles import Trouble

MOST_TOLD = 60  # faults


def troubles(count: int, chance: Random, *, hints: bool) -> list[Trouble]:
    """All kinds in equal numbers, in no order."""
    kinds = [kind for kind in Trouble if hints or kind not in (Trouble.CACHE_KILLED, Trouble.CACHE_FLUSHED)]
    chosen = list(islice(cycle(kinds), count))
    chance.shuffle(chosen)
    return chosen


def show(result: Result) -> None:
    console = Console(width=140)
    kinds = Counter(one.trouble for one in result.troubles)
    recovery = Table("trouble", "times", "lanes", "p50 until they go on", "max", "never")
    for kind in Trouble:
        known = [one for one in result.recoveries if one.happened.trouble is kind]
        recovery.add_row(str(kind), str(kinds[kind]), *_spread(known))
    recovery.add_row("all", str(kinds.total()), *_spread(result.recoveries))
    console.print(recovery)
    channels = Table("channel", "arrived", "more than once", "flagged")
    for channel, count in sorted(result.arrived.items()):
        channels.add_row(channel, *map(str, (count, result.repeated[channel], result.flagged[channel])))
    console.print(channels)
    console.print(
        f"{result.alerts} alerts, {result.deliveries} deliveries, {result.unknown} of them in doubt for a while;"
        f" {result.heard} alerts heard by sockets, which came back {result.returns} times;"
        f" {result.seconds:.0f} s; load of the machine {', '.join(f'{one:.1f}' for one in result.load)}"
    )
    for problem in result.faults[:MOST_TOLD]:
        console.print(problem, markup=False)
    console.print(f"broken: {len(result.faults)}")


def _spread(known: Sequence[Recovery]) -> tuple[str, ...]:
    times = [one.seconds for one in known if one.seconds is not None]
    if not known:
        return "", "", "", ""
    never = len(known) - len(times)
    return (
        str(len(known)),
        f"{median(times):.1f} s" if times else "",
        f"{max(times):.1f} s" if times else "",
        str(never),
    )


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-hints", action="store_true", help="without a Valkey")
    parser.add_argument("--folder", type=Path, help="is kept, with the logs of the nodes")
    told = parser.parse_args()
    hints = not told.no_hints
    plan = Plan(
        troubles=troubles(round(told.minutes * 60 / told.every), Random(told.seed), hints=hints),
        every=told.every,
        nodes=told.nodes,
        sockets=told.sockets,
        rate=told.rate,
        hints=hints,
        seed=told.seed,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-nodes-", dir="/dev/shm") as fresh:
        folder = told.folder or Path(fresh)
        folder.mkdir(parents=True, exist_ok=True)
        result = asyncio.run(
            tour(folder, plan, lambda text: print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True))
        )
    show(result)
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
