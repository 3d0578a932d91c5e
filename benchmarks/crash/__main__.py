"""`make crash RUNS=300`: the service is killed so many times under load; nothing may be lost, nothing doubled."""

import asyncio
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.crash.tour import Call, Result, Tour
from tocsin.core.killpoint import Point
from tocsin.sandbox import Sandbox

ELSEWHERE = (Point.MIGRATION_STEP, Point.RETENTION_DELETED)  # passed once on a tour, outside of the load
UNDER_LOAD = tuple(point for point in Point if point not in ELSEWHERE)
CALLS = {"fdatasync": 20, "pwrite64": 100, "write": 120, "connect": 4}  # by how many of them a leg surely has
LEGS = 40  # of the two tours that share a round: what one ledger and one sandbox go through
FIGURES = (
    "alerts", "deliveries", "texts", "pushes", "in_flight", "joined", "repeated", "possibly_repeated", "possibly_sent",
    "forgotten",
)  # fmt: skip


async def crash(runs: int, folder: Path, seed: int = 0) -> list[Result]:
    """So many kills: half of them where Discord can be asked after lost messages, half where it cannot."""
    results: list[Result] = []
    legs = _legs(runs - 3, Random(seed))
    while chosen := legs[:LEGS]:
        legs = legs[LEGS:]
        results += await asyncio.gather(
            _tour(folder, f"asked {len(results) // 2}", chosen[::2], asked=True),
            _tour(folder, f"unasked {len(results) // 2}", chosen[1::2], asked=False),
        )
    return results


def _legs(count: int, chance: Random) -> list[Point | Call | None]:
    """Named points, moments in as great a number, and, where there is strace, system calls."""
    calls = [Call(name, chance.randint(1, most)) for name, most in CALLS.items()] if shutil.which("strace") else []
    legs = list(islice(cycle([*UNDER_LOAD, *(None for _ in UNDER_LOAD), *calls]), max(count, 2)))
    chance.shuffle(legs)
    return legs


async def _tour(folder: Path, name: str, legs: Sequence[Point | Call | None], *, asked: bool) -> Result:
    place = folder / name
    place.mkdir()
    async with Sandbox(limits=False) as sandbox:
        return await Tour(name, place, sandbox, seed=len(name), asked=asked).run(legs)


def show(results: Sequence[Result], seconds: float) -> None:
    console = Console(width=140)
    figures = Table("tour", "kills", *(name.replace("_", " ") for name in FIGURES), "broken")
    for result in results:
        counts = (result.kills.total(), *(getattr(result, name) for name in FIGURES), len(result.faults))
        figures.add_row(result.name, *map(str, counts))
    console.print(figures)
    kills = sum((result.kills for result in results), Counter[str]())
    points = Table("killed at", "times")
    for point in (*Point, *CALLS, "random"):
        points.add_row(str(point), str(kills[point]))
    console.print(points)
    for problem in [problem for result in results for problem in result.faults][:50]:
        console.print(problem, markup=False)
    console.print(f"{kills.total()} kills in {seconds:.0f} s")


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-crash-") as folder:
        results = asyncio.run(crash(told.runs, Path(folder), told.seed))
    show(results, time.monotonic() - start)
    return 1 if any(result.faults for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
