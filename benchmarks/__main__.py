"""`make bench`: one table. Name parts to run only those: `make bench ARGS="ingest latency"`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from rich.console import Console
from rich.table import Table

from benchmarks import analytics, backlog, discord, gate, ingest, latency, nodes, page, people, push

Measure = Callable[[], Awaitable[list[tuple[str, str, str]]]]

PARTS: Mapping[str, Measure] = {
    "ingest": ingest.measure,
    "latency": latency.measure,
    "backlog": backlog.measure,
    "discord": discord.measure,
    "gate": gate.measure,
    "people": people.measure,
    "push": push.measure,
    "analytics": analytics.measure,
    "page": page.measure,
    "nodes": nodes.measure,
}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    table = Table("figure", "measured", "target")
    for name in chosen:
        for row in asyncio.run(_one(PARTS[name])):
            table.add_row(*row)
    Console(width=140).print(table)


async def _one(measure: Measure) -> list[tuple[str, str, str]]:
    return await measure()


if __name__ == "__main__":
    main()
